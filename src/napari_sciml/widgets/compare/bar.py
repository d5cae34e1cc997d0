"""`CompareBar`: look at the result of another backend beside the present one."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.compare.state import ComparisonState
from napari_sciml.app.session import Session
from napari_sciml.widgets.parts.basics import button, combo, error_bar, fill, say, sentence
from napari_sciml.widgets.parts.job_button import JobButton
from napari_sciml.widgets.parts.page import PageWidget

TIP = (
    "Run the same image with the same settings once more, computed in another way, and show both results "
    "beside each other, with marks where they differ."
)
CHOICE_TIP = "What computes the second result. Low-bit levels are those chosen above."


class CompareBar(PageWidget):
    """Draws a `ComparisonState` and emits requests. Drawing never emits."""

    chosen = Signal(str)
    compare_pressed = Signal()
    stop_pressed = Signal()
    stepped = Signal(int)
    leave_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_comparison")
        self._job = JobButton("sciml_compare", "Compare with", TIP)
        self._job.pressed.connect(self.compare_pressed)
        self._job.stop_pressed.connect(self.stop_pressed)
        self._choice = combo("sciml_compare_backend", CHOICE_TIP)
        self._choice.activated.connect(lambda index: self.chosen.emit(self._choice.itemData(index)))
        self._blocked = sentence("sciml_compare_blocked")
        self._summary = sentence("sciml_compare_summary")
        self._summary.setStyleSheet("font-weight: bold")
        self._legend = sentence("sciml_compare_legend")
        self._place = sentence("sciml_compare_place")
        self._error = sentence("sciml_compare_error")
        self._note = sentence("sciml_compare_note")
        self._back = self._create_button("sciml_compare_previous", "‹ Previous", "The difference before.", -1)
        self._next = self._create_button(
            "sciml_compare_next", "Next ›", "The next place where they differ.", 1
        )
        self._leave = button("sciml_compare_leave", "Leave", "Show the result alone again, as it was.")
        self._leave.clicked.connect(lambda: self.leave_pressed.emit())
        self._lay_out()

    def attend(self, session: Session) -> None:
        """Tie the bar to the controller of the comparison."""
        comparison = session.comparison
        self.chosen.connect(comparison.choose)
        self.compare_pressed.connect(comparison.start)
        self.stop_pressed.connect(comparison.stop)
        self.stepped.connect(comparison.step)
        self.leave_pressed.connect(comparison.leave)
        self.follow(comparison, self.show_state)

    def show_state(self, state: ComparisonState) -> None:
        """Draw `state`."""
        self.setVisible(state.offered)
        running = state.phase is not Phase.IDLE
        fill(self._choice, list(state.choices), state.chosen)
        self._choice.setEnabled(not running)
        self._job.show_job(state.going, running, not state.blocked)
        say(self._blocked, state.blocked)
        say(self._summary, state.summary)
        say(self._legend, state.legend)
        for one in (self._back, self._next):
            one.setVisible(state.is_up and state.differences > 0)
        say(self._place, state.place)
        self._leave.setVisible(state.is_up)
        say(self._error, state.error)
        say(self._note, state.note)

    def show_theme(self, theme: str) -> None:
        """Mark the error in the colour of napari's theme."""
        self._error.setStyleSheet(error_bar(get_theme(theme).error.as_hex()))

    def _create_button(self, name: str, text: str, tooltip: str, by: int) -> QPushButton:
        made = button(name, text, tooltip)
        made.clicked.connect(lambda: self.stepped.emit(by))
        return made

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(4)
        first.addWidget(self._job, 1)
        # Beside the button, also while that has a bar and words below it.
        first.addWidget(self._choice, 1, Qt.AlignmentFlag.AlignTop)
        # In one row above the words, so that no button moves away from the mouse when those change.
        walk = QHBoxLayout()
        walk.setSpacing(4)
        for one in (self._back, self._next, self._leave):
            walk.addWidget(one)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        for widget in (self._blocked, self._error, self._summary, self._legend):
            layout.addWidget(widget)
        layout.addLayout(walk)
        for widget in (self._place, self._note):
            layout.addWidget(widget)
