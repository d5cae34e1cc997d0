"""The settings of a run over diffraction frames as a form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_sciml.app.mask_layer import LayerMask
from napari_sciml.app.state import RunState
from napari_sciml.core.mask import NO_MASK
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.widgets.parts import combo, described, fill, form

FROM_FILE = "choose a file"
"""Stands in the list of masks for opening a dialog."""


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
        self._mask = combo("sciml_mask", described(DiffractionSettings, "mask"))
        self._mask.activated.connect(self._on_mask)
        self._new_mask = QPushButton("New mask layer")
        self._new_mask.setObjectName("sciml_new_mask")
        self._new_mask.setToolTip(
            "Add an empty layer of the size of a frame. Paint what to ignore; it counts from the next run on."
        )
        self._new_mask.clicked.connect(self._on_new_mask)
        self._hot = self._create_switch("hot_pixels", "Ignore hot pixels")
        self._suspects = self._create_switch("drop_suspects", "Leave out rings of ice and powder")
        rows = form()
        rows.addRow("Mask", self._mask)
        beside = QHBoxLayout()
        beside.addWidget(self._hot)
        beside.addStretch(1)
        beside.addWidget(self._new_mask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addLayout(beside)
        layout.addWidget(self._suspects)

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show their defaults."""
        self._values = dict(state.values)
        chosen = self._values.get("mask")
        fill(self._mask, masks(state, chosen), chosen)
        self._new_mask.setEnabled(state.image is not None)
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

    def _on_mask(self, index: int) -> None:
        wish = self._mask.itemData(index)
        if wish == FROM_FILE:
            # The list goes back to what was chosen if no file is.
            wish = QFileDialog.getOpenFileName(self, "Mask: not zero where to ignore")[0]
            wish = wish or self._values.get("mask")
        self._change(mask=wish)

    def _on_new_mask(self) -> None:
        self.asked.emit("new_mask")

    def _on_switch(self, setting: str, wanted: bool) -> None:
        self._change(**{setting: None if wanted else False})

    def _change(self, **changes: Any) -> None:
        merged: Mapping[str, Any] = {**self._values, **changes}
        self.values_changed.emit({name: value for name, value in merged.items() if value is not None})


def masks(state: RunState, chosen: Any) -> list[tuple[str, Any]]:
    """List the masks on offer, with the one that is chosen among them."""
    listed: list[tuple[str, Any]] = [("the file's own, if any", None), ("none", NO_MASK)]
    listed += [(f"layer: {layer.name}", LayerMask(layer)) for layer in state.labels]
    known = [value for _, value in listed]
    if isinstance(chosen, LayerMask) and chosen not in known:
        listed.append((f"layer: {chosen.name} (removed)", chosen))
    elif isinstance(chosen, str) and chosen != NO_MASK:
        listed.append((f"file: {Path(chosen).name}", chosen))
    return [*listed, ("a file…", FROM_FILE)]
