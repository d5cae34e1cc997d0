"""The settings of a fibre run as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QDoubleSpinBox, QLabel, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_sciml.app.base.run_state import RunState
from napari_sciml.techniques.microct.settings import RING_DIAMETER_PX, MicroCTSettings
from napari_sciml.widgets.forms.diameter import PX, UM, LengthEdit
from napari_sciml.widgets.forms.settings_form import SettingsForm
from napari_sciml.widgets.parts.basics import blank_icon, combo, described, fill, form

ADVANCED_CLOSED = "▸ Advanced"
ADVANCED_OPEN = "▾ Advanced"
CONTRASTS = [
    ("as most in the image", "auto"),
    ("bright or dark", "any"),
    ("bright", "bright"),
    ("dark", "dark"),
]


class MicroCTForm(SettingsForm):
    """Shows the values of a fibre run and emits all of them when one is changed."""

    def __init__(self) -> None:
        super().__init__("sciml_microct", MicroCTSettings)
        self._diameter = LengthEdit("sciml_diameter", described(MicroCTSettings, "fiber_diameter_px"))
        self._diameter.edited.connect(self._on_diameter)
        self._axis_label = QLabel("Fibres along")
        self._axis = combo("sciml_axis", described(MicroCTSettings, "axis"))
        self._axis.activated.connect(self._on_axis)
        self._contrast = combo("sciml_contrast", described(MicroCTSettings, "fiber_contrast"))
        self._contrast.activated.connect(self._on_contrast)
        self._distance = self._create_distance()
        self._advanced = self._create_advanced()
        rows = form()
        rows.addRow("Fibre\ndiameter", self._diameter)
        rows.addRow(self._axis_label, self._axis)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self._advanced)

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show their defaults."""
        values, facts = state.values, state.facts
        self._values = dict(values)
        axis = int(values.get("axis", 0))
        um_per_px = _across(facts.pixel_size_um, axis)
        self._diameter.show_length(*_shown_diameter(values, um_per_px), um_per_px)
        names = [f"{name} (axis {i})" for i, name in enumerate(facts.axis_names)]
        fill(self._axis, [(name, i) for i, name in enumerate(names)], axis)
        # A single slice is cut across the fibres already.
        for widget in (self._axis_label, self._axis):
            widget.setVisible(len(names) == 3)
        fill(self._contrast, CONTRASTS, values.get("fiber_contrast", "auto"))
        blocker = QSignalBlocker(self._distance)
        self._distance.setValue(float(values.get("min_distance_px", 0.0)))
        del blocker

    def _create_distance(self) -> QDoubleSpinBox:
        distance = QDoubleSpinBox()
        distance.setObjectName("sciml_min_distance")
        distance.setToolTip(described(MicroCTSettings, "min_distance_px"))
        distance.setRange(0.0, 999.0)
        distance.setDecimals(1)
        distance.setSuffix(" px")
        distance.setSpecialValueText("0.6 diameters")
        distance.setKeyboardTracking(False)
        distance.valueChanged.connect(self._on_distance)
        return distance

    def _create_advanced(self) -> QCollapsible:
        inside = QWidget()
        rows = form()
        rows.addRow("Fibre cores", self._contrast)
        rows.addRow("Least distance", self._distance)
        inside.setLayout(rows)
        # The arrow is part of the text: an icon would keep Qt's colour, not the theme's.
        advanced = QCollapsible(ADVANCED_CLOSED, expandedIcon=blank_icon(), collapsedIcon=blank_icon())
        advanced.setObjectName("sciml_advanced")
        advanced.addWidget(inside)
        advanced.toggled.connect(self._on_advanced)
        return advanced

    def _on_advanced(self, is_open: bool) -> None:
        self._advanced.setText(ADVANCED_OPEN if is_open else ADVANCED_CLOSED)

    def _on_diameter(self, value: float, unit: str) -> None:
        um, px = (value, None) if unit == UM else (None, value)
        self._change(fiber_diameter_um=um, fiber_diameter_px=px)

    def _on_axis(self, index: int) -> None:
        self._change(axis=self._axis.itemData(index) or None)

    def _on_contrast(self, index: int) -> None:
        self._on_value("fiber_contrast", self._contrast.itemData(index))

    def _on_distance(self, value: float) -> None:
        self._change(min_distance_px=value or None)


def _shown_diameter(values: Mapping[str, Any], um_per_px: float | None) -> tuple[float, str]:
    """Decide number and unit: as the person gave them, else the default in micrometres if possible."""
    if "fiber_diameter_um" in values:
        return float(values["fiber_diameter_um"]), UM
    if "fiber_diameter_px" in values or um_per_px is None:
        return float(values.get("fiber_diameter_px", RING_DIAMETER_PX)), PX
    return RING_DIAMETER_PX * um_per_px, UM


def _across(pixel_size_um: tuple[float, ...] | None, axis: int) -> float | None:
    """Return the edge of a pixel across the slicing axis, the mean of the two directions."""
    if pixel_size_um is None:
        return None
    edges = [size for i, size in enumerate(pixel_size_um) if i != axis or len(pixel_size_um) < 3]
    return sum(edges) / len(edges)
