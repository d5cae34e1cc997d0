"""The settings of a run over diffraction frames as a form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_sciml.app.base.state import RunState
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.widgets.forms.mask_choice import MaskChoice
from napari_sciml.widgets.parts.basics import described, form


class DiffractionForm(QWidget):
    """Shows the mask and two switches and emits all values when one is changed.

    What decides which frames are hits is no setting of the run; it stands beside the threshold.
    """

    values_changed = Signal(dict)
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_diffraction")
        self._values: dict[str, Any] = {}
        self._mask = MaskChoice(DiffractionSettings)
        self._mask.chosen.connect(self._on_mask)
        self._mask.asked.connect(self.asked)
        self._hot = self._create_switch("hot_pixels", "Ignore hot pixels")
        self._suspects = self._create_switch("drop_suspects", "Leave out rings of ice and powder")
        rows = form()
        rows.addRow("Mask", self._mask)
        beside = QHBoxLayout()
        beside.addWidget(self._hot)
        beside.addStretch(1)
        beside.addWidget(self._mask.new_layer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addLayout(beside)
        layout.addWidget(self._suspects)

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show their defaults."""
        self._values = dict(state.values)
        self._mask.show_state(state)
        for switch, setting in ((self._hot, "hot_pixels"), (self._suspects, "drop_suspects")):
            blocker = QSignalBlocker(switch)
            switch.setChecked(bool(self._values.get(setting, True)))
            del blocker

    def _create_switch(self, setting: str, text: str) -> QCheckBox:
        """Make the switch of a setting that is on by default."""
        switch = QCheckBox(text)
        switch.setObjectName(f"sciml_{setting}")
        switch.setToolTip(described(DiffractionSettings, setting))
        switch.toggled.connect(partial(self._on_switch, setting))
        return switch

    def _on_mask(self, mask: Any) -> None:
        self._change(mask=mask)

    def _on_switch(self, setting: str, wanted: bool) -> None:
        self._change(**{setting: None if wanted else False})

    def _change(self, **changes: Any) -> None:
        merged: Mapping[str, Any] = {**self._values, **changes}
        self.values_changed.emit({name: value for name, value in merged.items() if value is not None})
