"""The one big button: Run, which turns into Stop while something runs."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton

from napari_sciml.app.base.jobs import Phase

WORDS = {Phase.IDLE: "Run", Phase.RUNNING: "Stop", Phase.STOPPING: "Stopping…"}
TOOLTIPS = {
    Phase.IDLE: "Find what the network knows in this image. What it finds comes as new layers.",
    Phase.RUNNING: "Stop after the part at hand. What was found so far stays and is marked partial.",
    Phase.STOPPING: "The part at hand is finished first.",
}


class RunButton(QPushButton):
    """Emits `run_pressed` or `stop_pressed`, whichever it says."""

    run_pressed = Signal()
    stop_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_run")
        self._phase = Phase.IDLE
        self.clicked.connect(self._on_clicked)

    def show_phase(self, phase: Phase, blocked: bool) -> None:
        """Say what a press would do; disable the button where it would do nothing."""
        self._phase = phase
        self.setText(WORDS[phase])
        self.setToolTip(TOOLTIPS[phase])
        self.setEnabled(phase is Phase.RUNNING or (phase is Phase.IDLE and not blocked))

    def show_theme(self, theme: str) -> None:
        """Stand out in the accent colour of napari's theme, and step back while disabled."""
        colors = get_theme(theme)
        self.setStyleSheet(
            "QPushButton { font-weight: bold; padding: 9px; }"
            f"QPushButton:enabled {{ background-color: {colors.current.as_hex()}; }}"
            f"QPushButton:enabled:hover {{ background-color: {colors.highlight.as_hex()}; }}"
        )

    def _on_clicked(self) -> None:
        if self._phase is Phase.RUNNING:
            self.stop_pressed.emit()
        elif self._phase is Phase.IDLE:
            self.run_pressed.emit()
