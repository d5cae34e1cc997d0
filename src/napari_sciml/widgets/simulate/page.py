"""`SimulatePage`: sliders for a film of nanoparticles and its beam; the pattern follows as a layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout
from superqt import QLabeledDoubleSlider

from napari_sciml.app.session import Session
from napari_sciml.app.simulate.controller import SimulationState
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec, Lattice, Particle, Substrate
from napari_sciml.widgets.parts.basics import button, combo, fill, form, say, sentence
from napari_sciml.widgets.parts.page import PageWidget

NO_NOISE = 21.0
"""The end of the slider of counts: as if infinitely many were counted."""


@dataclass(frozen=True)
class Slider:
    """A slider of the page.

    Attributes
    ----------
    name, title
        Field of the simulator's settings, and the words beside the slider.
    low, high, decimals
        What it takes.
    read, write
        Between the field's value and the slider's, where they differ.
    """

    name: str
    title: str
    low: float
    high: float
    decimals: int
    read: Callable[[Any], float] = float
    write: Callable[[float], Any] = float


def default_of(name: str) -> Any:
    """Return what the simulator takes if nobody says otherwise."""
    return GisaxsSpec.model_fields[name].default


def tooltip_of(name: str) -> str:
    """Return the description of a field, the one source of it."""
    return GisaxsSpec.model_fields[name].description or ""


def _window(reach: float) -> tuple[float, float]:
    return (-reach, reach)


SLIDERS = (
    Slider("spacing_nm", "Spacing (nm)", 8, 60, 1),
    Slider("radius_nm", "Radius (nm)", 3, 25, 1),
    Slider("width", "Grain width (spacings)", 2, 20, 1),
    Slider("layers", "Layers", 1, 12, 1),
    Slider("displacement", "Displacement (spacings)", 0, 0.15, 3),
    Slider("size_spread", "Spread of sizes", 0, 0.2, 3),
    Slider("disordered", "Disordered share", 0, 1, 2),
    Slider("faults", "Stacking faults", 0, 1, 2),
    Slider("mosaic_deg", "Tilt of grains (°)", 0, 5, 1),
    Slider("incidence_deg", "Incidence (°)", 0.05, 0.5, 3),
    Slider("energy_kev", "Energy (keV)", 5, 20, 1),
    Slider("qy_range", "Window ± q (1/nm)", 0.3, 1.5, 2, lambda value: float(value[1]), _window),
    Slider(
        "peak_counts",
        "Counts, 2 to the",
        6,
        NO_NOISE,
        1,
        lambda value: NO_NOISE if value is None else math.log2(value),
        lambda value: None if value >= NO_NOISE else 2.0**value,
    ),
)
CHOICES = (
    ("lattice", "Lattice", get_args(Lattice)),
    ("particle", "Particle", get_args(Particle)),
    ("substrate", "Substrate", get_args(Substrate)),
)


class SimulatePage(PageWidget):
    """Draws a `SimulationState` and emits requests. Drawing never emits."""

    value_changed = Signal(str, object)
    open_pressed = Signal()
    reset_pressed = Signal()
    reseed_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_simulate_page")
        self._sliders: dict[str, tuple[Slider, QLabeledDoubleSlider]] = {}
        self._choices: dict[str, Any] = {}
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        self._error = sentence("sciml_simulate_error")
        self._open = button("sciml_simulate_open", "Open as a layer", "Add the pattern as a new layer.")
        self._other = button("sciml_simulate_other", "Other grains", "Draw other grains and counts.")
        self._reset = button("sciml_simulate_reset", "Reset", "Go back to a well-ordered film on silicon.")
        self._lay_out()
        self._open.clicked.connect(self._on_open)
        self._other.clicked.connect(self._on_other)
        self._reset.clicked.connect(self._on_reset)

    def attend(self, session: Session) -> None:
        """Tie the page to the controller of the simulation."""
        simulation = session.simulation
        self.value_changed.connect(simulation.set_value)
        self.open_pressed.connect(simulation.open_layer)
        self.reset_pressed.connect(simulation.reset)
        self.reseed_pressed.connect(simulation.reseed)
        self.follow(simulation, self.show_state)

    def show_state(self, state: SimulationState) -> None:
        """Draw `state`."""
        for name, (slider, widget) in self._sliders.items():
            value = slider.read(state.values.get(name, default_of(name)))
            if abs(widget.value() - value) > 10**-slider.decimals / 2:
                blocker = QSignalBlocker(widget)
                widget.setValue(value)
                del blocker
        for name, _, entries in CHOICES:
            fill(self._choices[name], [(e, e) for e in entries], state.values.get(name, default_of(name)))
        self._hint.setText(
            "The layer follows the sliders."
            if state.live
            else "Open a layer; it then follows the sliders. Run on it like on any image."
        )
        self._open.setText("Open another layer" if state.live else "Open as a layer")
        self._other.setEnabled(state.live)
        say(self._error, state.error)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        rows = form()
        for name, title, _ in CHOICES:
            box = combo(f"sciml_simulate_{name}", tooltip_of(name))
            box.activated.connect(self._make_choose(name, box))
            self._choices[name] = box
            rows.addRow(title, box)
        for slider in SLIDERS:
            widget = QLabeledDoubleSlider()
            widget.setObjectName(f"sciml_simulate_{slider.name}")
            widget.setOrientation(widget.orientation().Horizontal)
            widget.setDecimals(slider.decimals)
            widget.setRange(slider.low, slider.high)
            widget.setToolTip(tooltip_of(slider.name))
            widget.valueChanged.connect(self._make_move(slider))
            self._sliders[slider.name] = (slider, widget)
            rows.addRow(slider.title, widget)
        layout.addWidget(self._hint)
        layout.addWidget(self._open)
        layout.addWidget(self._error)
        layout.addLayout(rows)
        foot = QHBoxLayout()
        foot.addWidget(self._other)
        foot.addWidget(self._reset)
        layout.addLayout(foot)
        layout.addStretch(1)

    def _make_move(self, slider: Slider) -> Callable[[float], None]:
        def move(value: float) -> None:
            self.value_changed.emit(slider.name, slider.write(value))
            if slider.name == "qy_range":
                self.value_changed.emit("qz_range", (0.0, value))

        return move

    def _make_choose(self, name: str, box: Any) -> Callable[[int], None]:
        def choose(index: int) -> None:
            self.value_changed.emit(name, box.itemData(index))

        return choose

    def _on_open(self) -> None:
        self.open_pressed.emit()

    def _on_other(self) -> None:
        self.reseed_pressed.emit()

    def _on_reset(self) -> None:
        self.reset_pressed.emit()
