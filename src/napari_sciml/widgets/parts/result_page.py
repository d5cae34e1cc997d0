"""`ResultPage`: what every page has that shows the result of one technique."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sciml.app.base.state import RunState
from napari_sciml.app.session import Session


class ResultPage(QWidget):
    """Draws the findings in a `RunState` and emits wishes. Drawing never emits.

    Signals
    -------
    threshold_moved(float), decided(str, object)
        What counts was changed: the threshold, or a live setting by name.
    frame_chosen(int)
        This frame shall be shown.
    save_pressed()
        The result shall be saved.
    """

    threshold_moved = Signal(float)
    decided = Signal(str, object)
    frame_chosen = Signal(int)
    save_pressed = Signal()

    def show_state(self, state: RunState) -> None:
        """Draw `state`."""
        raise NotImplementedError

    def attend(self, session: Session) -> None:
        """Tie the page to what the session holds beyond the run; most pages need nothing."""

    def show_theme(self, theme: str) -> None:
        """Follow napari's theme where its style sheet does not reach."""
