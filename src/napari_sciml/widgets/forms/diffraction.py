"""The settings of a run over diffraction frames as a form."""

from __future__ import annotations

from functools import partial

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout

from napari_sciml.app.base.run_state import RunState
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.widgets.forms.mask_choice import MaskChoice
from napari_sciml.widgets.forms.settings_form import SettingsForm, show_switch
from napari_sciml.widgets.parts.basics import form


class DiffractionForm(SettingsForm):
    """Shows the mask and two switches and emits all values when one is changed.

    What decides which frames are hits is no setting of the run; it stands beside the threshold.
    """

    def __init__(self) -> None:
        super().__init__("sciml_diffraction", DiffractionSettings)
        self._mask = MaskChoice(DiffractionSettings)
        self._mask.chosen.connect(partial(self._on_value, "mask"))
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
            show_switch(switch, bool(self._values.get(setting, True)))
