"""`JobButton`: starts a long job, shows how far it is and stops it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_sciml.app.base.jobs import Going, Phase
from napari_sciml.app.base.text import progress_line
from napari_sciml.widgets.parts.basics import button, say, sentence


class JobButton(QWidget):
    """A button that becomes Stop while its job runs, with a bar below it. Drawing never emits."""

    pressed = Signal()
    stop_pressed = Signal()

    def __init__(self, name: str, text: str, tooltip: str) -> None:
        super().__init__()
        self._text, self._running = text, False
        self._button = button(name, text, tooltip)
        self._button.clicked.connect(self._on_click)
        self._bar = QProgressBar()
        self._bar.setObjectName(f"{name}_bar")
        self._bar.setTextVisible(False)
        self._progress_text = sentence(f"{name}_progress")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self._button, self._bar, self._progress_text):
            layout.addWidget(widget)

    def show_job(self, going: Going, ours: bool, allowed: bool) -> None:
        """Draw the job: how it goes, whether it is `ours` that runs, and whether it may start."""
        self._running = ours and going.phase is not Phase.IDLE
        stopping, step = going.phase is Phase.STOPPING, going.progress
        self._button.setText(("Stopping…" if stopping else "Stop") if self._running else self._text)
        self._button.setEnabled(self._running and not stopping if self._running else allowed)
        self._bar.setVisible(self._running)
        if self._running:
            # A range of nothing makes the bar busy until the first step says how many there are.
            self._bar.setRange(0, step.total if step else 0)
            self._bar.setValue(step.done if step else 0)
        if not self._running:
            words = ""
        elif stopping:
            words = "Stopping; what was there before stays."
        else:
            words = "Starting" if step is None else progress_line(going)
        say(self._progress_text, words)

    def _on_click(self) -> None:
        if self._running:
            self.stop_pressed.emit()
        else:
            self.pressed.emit()
