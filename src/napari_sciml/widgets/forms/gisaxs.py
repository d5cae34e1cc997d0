"""The settings of a GISAXS run as a form: where the pixels lie in q, and what to leave out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
)

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.forms.lattice_axes import WAYS, leave_way, way_of
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.widgets.forms.mask_choice import MaskChoice
from napari_sciml.widgets.forms.settings_form import SettingsForm, show_switch
from napari_sciml.widgets.parts.basics import button, combo, described, fill, form
from napari_sciml.widgets.parts.number_edit import NumberEdit, NumberPair, RangeEdit

SCALES = [("counts", "linear"), ("logarithm", "log")]
NO_PONI = "choose a PONI file…"
WHOLE = "all"
"""Stands in an empty range where a part of the frame could be chosen."""


class GisaxsForm(SettingsForm):
    """Shows the way to q and a few switches, and emits all values when one is changed.

    What the image states itself is shown in grey; only what a person says otherwise is emitted.
    """

    def __init__(self) -> None:
        super().__init__("sciml_gisaxs", GisaxsSettings)
        self._known: Mapping[str, Any] = {}
        self._wanted = ""
        self._image: Any = None
        self._way = combo("sciml_axes", "How to know where the pixels lie in q.")
        self._way.activated.connect(self._on_way)
        self._poni = button("sciml_poni", NO_PONI, described(GisaxsSettings, "poni"))
        self._poni.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._poni.clicked.connect(self._on_poni)
        names = ("energy_kev", "incidence_deg", "distance_mm", "pixel_um", "beam_row", "beam_column")
        self._numbers = {name: self._create_number(name) for name in names}
        self._ranges = {name: self._create_range(name) for name in ("qy_range", "qz_range")}
        self._half = self._create_switch("half_plane", "Half plane")
        self._explore = self._create_switch("explore", "Explore")
        self._scale = combo("sciml_intensity", described(GisaxsSettings, "intensity"))
        self._scale.activated.connect(self._on_scale)
        self._mask = MaskChoice(GisaxsSettings)
        self._mask.chosen.connect(partial(self._on_value, "mask"))
        self._mask.asked.connect(self.asked)
        self._rows = self._lay_out()

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show what the image states, or their defaults."""
        self._values, self._known = dict(state.values), state.facts.known
        if state.image is not self._image:
            # Which fields were open says nothing about the next image.
            self._image, self._wanted = state.image, ""
        way = way_of(self._values, self._known, self._wanted)
        fill(self._way, [(title, name) for name, title in WAYS.items()], way)
        self._show_way(way)
        self._poni.setText(Path(self._said("poni")).name if self._said("poni") else NO_PONI)
        for name, edit in self._numbers.items():
            # A PONI file usually holds the energy.
            otherwise = "the file's" if way == "poni" and name == "energy_kev" else ""
            edit.show_number(self._values.get(name), self._known.get(name, otherwise))
        stated = way_of({}, self._known, "") == way
        for name, range_edit in self._ranges.items():
            instead = self._known.get(name) if stated else None
            range_edit.show_range(self._values.get(name), instead, "" if way == "ranges" else WHOLE)
        for switch, name in ((self._half, "half_plane"), (self._explore, "explore")):
            show_switch(switch, bool(self._said(name)))
        fill(self._scale, SCALES, self._said("intensity") or "linear")
        self._mask.show_state(state)

    def _lay_out(self) -> QFormLayout:
        numbers = self._numbers
        rows = form()
        rows.setVerticalSpacing(4)
        rows.addRow("Axes", self._way)
        rows.addRow("Geometry", self._poni)
        self._energy = NumberPair(numbers["energy_kev"], numbers["incidence_deg"], "keV, at", "°")
        rows.addRow("Beam", self._energy)
        self._detector = NumberPair(numbers["distance_mm"], numbers["pixel_um"], "mm, pixel", "µm")
        rows.addRow("Distance", self._detector)
        self._centre = NumberPair(numbers["beam_row"], numbers["beam_column"], "column", "px")
        rows.addRow("Beam row", self._centre)
        rows.addRow("q_y", self._ranges["qy_range"])
        rows.addRow("q_z", self._ranges["qz_range"])
        scale = QHBoxLayout()
        scale.addWidget(self._scale, 1)
        scale.addWidget(self._half)
        rows.addRow("Values", scale)
        rows.addRow("Mask", self._mask)
        beside = QHBoxLayout()
        beside.addWidget(self._explore)
        beside.addStretch(1)
        beside.addWidget(self._mask.new_layer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addLayout(beside)
        return rows

    def _show_way(self, way: str) -> None:
        """Show the rows that this way to q needs."""
        for widget, ways in (
            (self._poni, {"poni"}),
            (self._detector, {"typed"}),
            (self._centre, {"typed"}),
        ):
            self._rows.setRowVisible(widget, way in ways)
        self._half.setVisible(way == "ranges")

    def _create_number(self, name: str) -> NumberEdit:
        edit = NumberEdit(f"sciml_{name}", described(GisaxsSettings, name))
        edit.edited.connect(partial(self._on_value, name))
        return edit

    def _create_range(self, name: str) -> RangeEdit:
        edit = RangeEdit(f"sciml_{name}", described(GisaxsSettings, name), "1/nm")
        edit.edited.connect(partial(self._on_value, name))
        return edit

    def _said(self, name: str) -> Any:
        """Return what counts: what a person said, else what the image states, else the default."""
        return self._values.get(name, self._default(name))

    def _default(self, setting: str) -> Any:
        return self._known.get(setting, super()._default(setting))

    def _on_way(self, index: int) -> None:
        self._wanted = self._way.itemData(index)
        self._emit(leave_way(self._values, self._wanted))

    def _on_poni(self) -> None:
        # Without a choice the present one stays.
        path = QFileDialog.getOpenFileName(self, "Geometry of the detector", "", "PONI (*.poni);;All (*)")[0]
        if path:
            self._on_value("poni", path)

    def _on_scale(self, index: int) -> None:
        self._on_value("intensity", self._scale.itemData(index))
