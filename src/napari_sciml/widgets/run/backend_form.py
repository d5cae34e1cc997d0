"""`BackendForm`: what computes the scores, and for low-bit networks the levels and the method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QSpinBox, QToolButton, QVBoxLayout, QWidget

from napari_sciml.app.base.backend_choices import METHODS, SCOPES, TARGETS, backend_choices
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.runtime_text import able_runtime
from napari_sciml.backends.registry import backend_of
from napari_sciml.core.backend_options import MOST_LEVELS
from napari_sciml.core.settings import RunSettings
from napari_sciml.widgets.parts.basics import combo, described, fill, form, say, sentence

MEASURE_TIP = (
    "Measure again which runtime is the fastest on this machine for this model. It takes some seconds; "
    "do it when nothing else keeps the machine busy."
)
CHOICES = {"method": METHODS, "scope": SCOPES, "targets": TARGETS}


class BackendForm(QWidget):
    """Draws the choices of a `RunState` and emits the one that was changed. Drawing never emits."""

    changed = Signal(dict)
    measure_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_compute_form")
        self._combos = {name: self._create_combo(name) for name in ("backend", *CHOICES)}
        self._levels = self._create_levels("levels", 1, self._on_levels)
        self._data = self._create_levels("data_levels", 0, self._on_data)
        self._data.setSpecialValueText("as usual")
        self.backend = self._combos["backend"]
        """The switch itself; the page puts it and the runtime below the model."""
        self._runtime = self._create_combo("runtime")
        self._measure = QToolButton()
        self._measure.setObjectName("sciml_measure")
        self._measure.setText("↻")
        self._measure.setToolTip(MEASURE_TIP)
        self._measure.setAccessibleName("Measure again")
        self._measure.clicked.connect(lambda: self.measure_pressed.emit())
        self._runtime_row = QWidget()
        self._runtime_row.setObjectName("sciml_runtime_row")
        self._use_text = sentence("sciml_use_text")
        # What only low-bit networks need stands in a form of its own, which is hidden as a whole.
        self._codebook = QWidget()
        self._codebook.setObjectName("sciml_codebook_settings")
        self._lay_out()

    def show_state(self, state: RunState) -> None:
        """Show the choices of `state`; those left out show their defaults."""
        for name, box in self._combos.items():
            fill(box, CHOICES.get(name) or backend_choices(), _value(state, name))
        self._show_runtime(state)
        for spin, number in (
            (self._levels, _value(state, "levels")),
            (self._data, _value(state, "data_levels") or 0),
        ):
            blocker = QSignalBlocker(spin)
            spin.setValue(number)
            del blocker
        self._codebook.setVisible("levels" in backend_of(_value(state, "backend")).option_names)
        say(self._use_text, state.use_text)

    def add_rows(self, rows: QFormLayout) -> None:
        """Put the switch and the runtime at the end of a form."""
        rows.addRow("Compute", self.backend)
        row = QHBoxLayout(self._runtime_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._runtime, 1)
        row.addWidget(self._measure)
        rows.addRow("Runtime", self._runtime_row)
        self._rows = rows

    def _show_runtime(self, state: RunState) -> None:
        """Show the runtimes that can execute the backend, and no row where there is no choice."""
        chosen = able_runtime(_value(state, "backend"), _value(state, "runtime"))
        fill(self._runtime, list(state.runtimes), chosen)
        self._measure.setVisible(chosen == "auto")
        self._runtime_row.setEnabled(state.phase is Phase.IDLE and not state.measuring)
        for widget in (self._runtime_row, self._rows.labelForField(self._runtime_row)):
            if widget is not None:
                widget.setVisible(bool(state.runtimes))

    def _create_combo(self, name: str) -> QComboBox:
        box = combo("sciml_compute" if name == "backend" else f"sciml_{name}", described(RunSettings, name))
        box.activated.connect(lambda index: self.changed.emit({name: box.itemData(index)}))
        return box

    def _create_levels(self, name: str, least: int, on_changed: Callable[[int], None]) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(f"sciml_{name}")
        spin.setToolTip(described(RunSettings, name))
        spin.setRange(least, MOST_LEVELS)
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(on_changed)
        return spin

    def _lay_out(self) -> None:
        rows = form()
        rows.setVerticalSpacing(4)
        rows.addRow("Levels", self._levels)
        rows.addRow("Data", self._data)
        rows.addRow("Weights", self._combos["method"])
        rows.addRow("Scope", self._combos["scope"])
        rows.addRow("Round", self._combos["targets"])
        self._codebook.setLayout(rows)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._use_text)
        layout.addWidget(self._codebook)

    def _on_levels(self, number: int) -> None:
        self.changed.emit({"levels": number})

    def _on_data(self, number: int) -> None:
        self.changed.emit({"data_levels": number or None})


def _value(state: RunState, name: str) -> Any:
    return state.backend_options.get(name, RunSettings.model_fields[name].default)
