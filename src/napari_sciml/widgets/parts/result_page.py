"""`ResultPage`: what every page has that shows the result of one technique."""

from __future__ import annotations

from qtpy.QtCore import Signal

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.session import Session
from napari_sciml.widgets.parts.page import PageWidget, save_result


class ResultPage(PageWidget):
    """Draws the findings in a `RunState` and emits requests. Drawing never emits.

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
        """Tie the page to the run; a page with a controller of its own adds that."""
        runs = session.runs
        self.threshold_moved.connect(runs.set_threshold)
        self.decided.connect(runs.set_live)
        self.frame_chosen.connect(runs.go_to_frame)
        self.save_pressed.connect(lambda: save_result(self, session))
        self.follow(runs, self.show_state)
