"""`RunPage`: choose an image and what to look for, see what it will cost, run, and read the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QApplication,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.text import progress_line
from napari_sciml.app.run.text import how_it_works
from napari_sciml.app.session import Session
from napari_sciml.widgets.by_technique import decider_of, form_of
from napari_sciml.widgets.parts.basics import button, combo, error_bar, fill, form, say, sentence
from napari_sciml.widgets.parts.decision import DecisionBar
from napari_sciml.widgets.parts.page import PageWidget, save_result
from napari_sciml.widgets.run.backend_form import BackendForm
from napari_sciml.widgets.run.button import RunButton
from napari_sciml.widgets.run.network_facts import NetworkFacts

COPIED_PYTHON = "Copied as Python; paste it into a script or a notebook."
COPIED_COMMAND = "Copied as a command; paste it into a terminal."


class RunPage(PageWidget):
    """Draws a `RunState` and emits requests. Drawing never emits.

    Parameters
    ----------
    below
        What stands below the result and has a controller of its own.
    """

    image_chosen = Signal(object)
    technique_chosen = Signal(str)
    model_chosen = Signal(str)
    values_changed = Signal(dict)
    backend_options_changed = Signal(dict)
    measure_pressed = Signal()
    asked = Signal(str)
    threshold_moved = Signal(float)
    decided = Signal(str, object)
    run_pressed = Signal()
    stop_pressed = Signal()
    copy_python_pressed = Signal()
    copy_command_pressed = Signal()
    save_pressed = Signal()

    def __init__(self, below: Sequence[PageWidget] = ()) -> None:
        super().__init__()
        self.setObjectName("sciml_run_page")
        self._below = tuple(below)
        self._shown_technique = ""
        self._settings_form: Any = None
        self._image = combo("sciml_image", "The image to work on. Any open image layer can be chosen.")
        self._facts = sentence("sciml_image_facts")
        self._technique = combo("sciml_technique", "What to look for. Only what suits the image is offered.")
        self._model = combo("sciml_model", "The network that looks for it.")
        self._backend_form = BackendForm()
        self._settings_place = QVBoxLayout()
        self._how = sentence("sciml_how")
        self._plan = sentence("sciml_plan")
        self._run = RunButton()
        self._blocked = sentence("sciml_blocked")
        self._bar = QProgressBar()
        self._bar.setObjectName("sciml_progress")
        self._bar.setTextVisible(False)
        self._progress = sentence("sciml_progress_text")
        self._decision = DecisionBar()
        self._result = sentence("sciml_result")
        self._result.setStyleSheet("font-weight: bold")
        self._network = NetworkFacts()
        self._next_step = sentence("sciml_next_step")
        self._error = sentence("sciml_error")
        self._note = sentence("sciml_note")
        self._copy_python = button("sciml_copy_python", "Copy as Python", "This run as a script.")
        self._copy_command = button(
            "sciml_copy_command", "Copy as command", "This run as a line for the terminal."
        )
        self._save = button(
            "sciml_save", "Save results…", "Write tables, run record and picture into a new folder."
        )
        self._lay_out()
        self._connect()

    def attend(self, session: Session) -> None:
        """Tie the page to the run, and what stands below its result to its own controller."""
        runs = session.runs
        self.image_chosen.connect(runs.choose_image)
        self.asked.connect(runs.ask)
        self.technique_chosen.connect(runs.choose_technique)
        self.model_chosen.connect(runs.choose_model)
        self.values_changed.connect(runs.change_values)
        self.backend_options_changed.connect(runs.change_backend_options)
        self.measure_pressed.connect(runs.measure_runtimes)
        self.threshold_moved.connect(runs.set_threshold)
        self.decided.connect(runs.set_live)
        self.run_pressed.connect(runs.run)
        self.stop_pressed.connect(runs.stop)
        self.copy_python_pressed.connect(lambda: copy(session, runs.python_text(), COPIED_PYTHON))
        self.copy_command_pressed.connect(lambda: copy(session, runs.command_text(), COPIED_COMMAND))
        self.save_pressed.connect(lambda: save_result(self, session))
        self.follow(runs, self.show_state)
        for part in self._below:
            part.attend(session)

    def show_state(self, state: RunState) -> None:
        """Draw `state`."""
        running = state.phase is not Phase.IDLE
        fill(self._image, [(layer.name, layer) for layer in state.images], state.image)
        say(self._facts, state.facts.line)
        fill(self._technique, [(choice.title, choice.name) for choice in state.techniques], state.technique)
        fill(self._model, [(name, name) for name in state.models], state.model)
        self._show_network_choices(bool(state.models))
        self._backend_form.show_state(state)
        self._show_settings(state)
        choices = (self._image, self._technique, self._model, self._backend_form.backend, self._backend_form)
        for widget in (*choices, self._settings_form):
            if widget is not None:
                widget.setEnabled(not running)
        say(self._plan, "" if state.blocked else state.plan.line)
        say(self._how, how_it_works(state.plan, getattr(self._settings_form, "told", "")))
        self._run.show_phase(state.phase, bool(state.blocked))
        say(self._blocked, "" if running else state.blocked)
        self._show_progress(state)
        self._decision.show_state(state, decider_of(state.technique))
        say(self._result, state.result)
        self._network.show_record(None if state.findings is None else state.findings.provenance)
        say(self._next_step, state.next_step)
        say(self._error, state.error)
        say(self._note, state.note)
        self._copy_python.setEnabled(state.image is not None)
        self._copy_command.setEnabled(state.image is not None)
        self._save.setEnabled(state.can_save and not state.saving)
        self._save.setText("Saving…" if state.saving else "Save results…")

    def show_theme(self, theme: str) -> None:
        """Follow napari's theme where its style sheet does not reach."""
        self._run.show_theme(theme)
        colors = get_theme(theme)
        for label, color in ((self._error, colors.error), (self._blocked, colors.warning)):
            label.setStyleSheet(error_bar(color.as_hex()))
        for part in self._below:
            part.show_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        layout.addLayout(self._choices())
        layout.addWidget(self._backend_form)
        layout.addLayout(self._settings_place)
        for widget in (self._plan, self._run, self._blocked, self._error, self._bar, self._progress):
            layout.addWidget(widget)
        layout.addWidget(_line())
        layout.addWidget(self._decision)
        below: tuple[QWidget, ...] = (self._result, self._next_step, self._network, *self._below)
        for part in (*below, self._note):
            layout.addWidget(part)
        copies = QHBoxLayout()
        copies.addWidget(self._copy_python)
        copies.addWidget(self._copy_command)
        layout.addLayout(copies)
        layout.addWidget(self._save)
        # Last, because it is long and changes least; what a person waits for stays in view.
        layout.addWidget(self._how)
        layout.addStretch(1)

    def _choices(self) -> QFormLayout:
        rows = form()
        rows.addRow("Image", self._image)
        rows.addRow("", self._facts)
        rows.addRow("Find", self._technique)
        rows.addRow("Model", self._model)
        self._backend_form.add_rows(rows)
        self._rows = rows
        return rows

    def _show_network_choices(self, needed: bool) -> None:
        """Hide what a science without a network has no use for."""
        for field in (self._model, self._backend_form.backend):
            for widget in (field, self._rows.labelForField(field)):
                if widget is not None:
                    widget.setVisible(needed)
        self._backend_form.setVisible(needed)

    def _connect(self) -> None:
        self._image.activated.connect(self._on_image)
        self._technique.activated.connect(self._on_technique)
        self._model.textActivated.connect(self.model_chosen)
        self._backend_form.changed.connect(self.backend_options_changed)
        self._backend_form.measure_pressed.connect(self.measure_pressed)
        self._run.run_pressed.connect(self.run_pressed)
        self._run.stop_pressed.connect(self.stop_pressed)
        self._copy_python.clicked.connect(self._on_copy_python)
        self._copy_command.clicked.connect(self._on_copy_command)
        self._save.clicked.connect(self._on_save)
        self._decision.threshold_moved.connect(self.threshold_moved)
        self._decision.decided.connect(self.decided)

    def _show_settings(self, state: RunState) -> None:
        if state.technique != self._shown_technique:
            self._shown_technique = state.technique
            if self._settings_form is not None:
                self._settings_place.removeWidget(self._settings_form)
                self._settings_form.deleteLater()
            kind = form_of(state.technique)
            self._settings_form = None if kind is None else kind()
            if self._settings_form is not None:
                self._settings_form.values_changed.connect(self.values_changed)
                if hasattr(self._settings_form, "asked"):
                    self._settings_form.asked.connect(self.asked)
                self._settings_place.addWidget(self._settings_form)
        if self._settings_form is not None:
            self._settings_form.show_state(state)

    def _show_progress(self, state: RunState) -> None:
        running = state.phase is not Phase.IDLE
        self._bar.setVisible(running)
        if running:
            # A range of nothing makes the bar busy until the first step says how many there are.
            step = state.going.progress
            self._bar.setRange(0, step.total if step else 0)
            self._bar.setValue(step.done if step else 0)
        say(self._progress, progress_line(state.going) if running else "")

    def _on_image(self, index: int) -> None:
        self.image_chosen.emit(self._image.itemData(index))

    def _on_technique(self, index: int) -> None:
        self.technique_chosen.emit(self._technique.itemData(index))

    def _on_copy_python(self) -> None:
        self.copy_python_pressed.emit()

    def _on_copy_command(self) -> None:
        self.copy_command_pressed.emit()

    def _on_save(self) -> None:
        self.save_pressed.emit()


def copy(session: Session, text: str, note: str) -> None:
    """Put a text where other programs find it, and say so."""
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(text)
    session.runs.tell(note)


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line
