"""The settings of a particle run as a form: one number that a person knows, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.forms.pick_lengths import (
    NOT_KNOWN,
    follows,
    in_other_unit,
    stated_diameter_A,
    stated_pixel_A,
    used_pixel_A,
)
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.widgets.forms.settings_form import SettingsForm, show_switch
from napari_sciml.widgets.parts.basics import button, combo, described, fill, form, say, sentence
from napari_sciml.widgets.parts.number_edit import NumberEdit

DIAMETER_A, DIAMETER_PX = "particle_diameter_A", "particle_diameter_px"
UNITS = [("Å", DIAMETER_A), ("px", DIAMETER_PX)]
PICKERS = [("trained network", "network"), ("Laplacian of Gaussian, no training", "log")]
CONTRASTS = [("auto", "auto"), ("dark, as recorded", "dark"), ("light", "light")]
MEASURE_TIP = "Draw a line across a particle; its length becomes the diameter. Draw again to correct it."


class CryoEMForm(SettingsForm):
    """Shows the values of a particle run and emits all of them when one is changed."""

    def __init__(self) -> None:
        super().__init__("sciml_cryoem", CryoEMSettings)
        self._pixel_A: float | None = None
        self._instead = ""
        self.consequences = ""
        """What the form says of the plan, so that the page does not say it again."""
        self._diameter = NumberEdit("sciml_particle_diameter", described(CryoEMSettings, DIAMETER_PX))
        self._diameter.edited.connect(self._on_diameter)
        self._unit = combo("sciml_particle_unit", "Angstrom needs the pixel size.")
        self._unit.setMinimumContentsLength(2)
        self._unit.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        fill(self._unit, UNITS, DIAMETER_A)
        self._unit.activated.connect(self._on_unit)
        self._other = QLabel()
        self._other.setObjectName("sciml_particle_other")
        self._measure = button("sciml_particle_measure", "Measure", MEASURE_TIP)
        self._measure.clicked.connect(self._on_measure)
        self._pixel = NumberEdit("sciml_pixel_size", described(CryoEMSettings, "pixel_size_A"))
        self._pixel.edited.connect(self._on_pixel)
        self._picker = self._create_choice("picker", PICKERS)
        self._contrast = self._create_choice("contrast", CONTRASTS)
        self._mask = self._create_switch("mask_junk", "Leave out carbon, borders and junk")
        self._follows = sentence("sciml_follows")
        self._lay_out()

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show what the image states, or their defaults."""
        self._values = dict(state.values)
        self._pixel_A = used_pixel_A(state)
        unit = next((name for _, name in UNITS if state.values.get(name) is not None), None)
        if unit is not None:
            fill(self._unit, UNITS, unit)
        known = stated_diameter_A(state)
        self._instead = "longest diameter" if known is None else f"{known:g} Å, stated"
        self._diameter.show_number(self._values.get(self._unit.currentData()), self._instead)
        self._other.setText(in_other_unit(state))
        stated = stated_pixel_A(state)
        self._pixel.show_number(
            self._values.get("pixel_size_A"), NOT_KNOWN if stated is None else f"{stated:g}, from the image"
        )
        fill(self._picker, PICKERS, self._values.get("picker", "network"))
        fill(self._contrast, CONTRASTS, self._values.get("contrast", "auto"))
        show_switch(self._mask, bool(self._values.get("mask_junk", True)))
        self.consequences = follows(state)
        say(self._follows, self.consequences)

    def _lay_out(self) -> None:
        diameter, pixel = QHBoxLayout(), QHBoxLayout()
        for row in (diameter, pixel):
            row.setSpacing(4)
        diameter.addWidget(self._diameter, 1)
        diameter.addWidget(self._unit)
        diameter.addWidget(self._measure)
        pixel.addWidget(self._pixel, 1)
        pixel.addWidget(QLabel("Å"))
        rows = form()
        rows.setVerticalSpacing(4)
        rows.addRow("Particle", diameter)
        rows.addRow("", self._other)
        rows.addRow("Pixel", pixel)
        rows.addRow("Picker", self._picker)
        rows.addRow("Particles", self._contrast)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self._mask)
        layout.addWidget(self._follows)

    def _create_choice(self, name: str, entries: list[tuple[str, str]]) -> Any:
        box = combo(f"sciml_{name}", described(CryoEMSettings, name))
        fill(box, entries, entries[0][1])
        box.activated.connect(lambda index: self._change(**{name: box.itemData(index)}))
        return box

    def _on_diameter(self, value: float | None) -> None:
        unit = self._unit.currentData()
        self._change(**{DIAMETER_A: None, DIAMETER_PX: None, unit: value})

    def _on_unit(self, index: int) -> None:
        """Keep the length: the number is written in the other unit where the pixel size is known."""
        unit = self._unit.itemData(index)
        before = DIAMETER_PX if unit == DIAMETER_A else DIAMETER_A
        value = self._values.get(before)
        if value is None:
            self._diameter.show_number(self._values.get(unit), self._instead)
            return
        if self._pixel_A is not None:
            value = value * self._pixel_A if unit == DIAMETER_A else value / self._pixel_A
        self._change(**{before: None, unit: float(f"{value:.4g}")})

    def _on_pixel(self, value: float | None) -> None:
        self._change(pixel_size_A=value)

    def _on_measure(self) -> None:
        self.asked.emit("measure")

    def _emit(self, values: Mapping[str, Any]) -> None:
        super()._emit({name: value for name, value in values.items() if value != self._default(name)})
