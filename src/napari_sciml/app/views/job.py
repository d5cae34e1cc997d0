"""`ViewsJob`: the long work of the page Views, one at a time, with the map that grows meanwhile."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.text import trouble
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.views.state import Kind, Made
from napari_sciml.app.views.work import OnMap
from napari_sciml.core.progress import CancelToken, Progress

STOPPED = "Stopped; nothing was changed."
TITLES: dict[Kind, str] = {"sort": "Sorting into views", "build": "Building the 3-D map", "train": "Training"}


class ViewsJob:
    """Starts work and tells how it ends.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly. What ends after it is not told.
    runs
        Whose picks are worked on.
    start
        Starts work.
    """

    grown = Signal(object)
    """Emitted with a map ``(z, y, x)`` that is not finished yet."""
    message = Signal(str, str)
    """Emitted with an error and a note, of which one at least is empty."""
    done = Signal(object, bool)
    """Emitted with what was made, and whether the picks it began with are still on screen."""

    def __init__(self, viewer: object, runs: Runs, start: TaskRunner) -> None:
        self._runs = runs
        self._of: weakref.ref[Result] | None = None
        self._density: npt.NDArray[np.float32] | None = None
        self.jobs = JobRunner(viewer, start)
        self.kind: Kind = ""

    def begin(
        self, kind: Kind, work: Callable[[CancelToken], Generator[Progress, None, Made | None]], total: int
    ) -> None:
        """Start `work` of about `total` steps, unless there is some under way."""
        if self.jobs.is_busy:
            return
        result = self._runs.result
        self._of = None if result is None else weakref.ref(result)
        self._density, self.kind = None, kind
        self.message.emit("", "")
        self.jobs.begin(Job(TITLES[kind], work, self._on_end, total, self._on_step))

    def on_map(self) -> OnMap:
        """Return what the worker hands each new map to; it is told with the next step."""
        take = weakref.WeakMethod(self._take_density)

        def hand_over(density: npt.NDArray[np.float32]) -> None:
            if (method := take()) is not None:
                method(density)

        return hand_over

    def _take_density(self, density: npt.NDArray[np.float32]) -> None:
        """Leave a map for the main thread, which alone may touch layers."""
        self._density = np.array(density, np.float32)

    def _on_step(self, step: Progress) -> None:
        if self._density is not None:
            density, self._density = self._density, None
            self.grown.emit(density)

    def _on_end(self, outcome: Outcome[Made | None]) -> None:
        self.kind = ""
        match outcome:
            case Failed() | Crashed():
                self.message.emit(trouble(outcome), "")
            case Finished(result=None):
                self.message.emit("", STOPPED)
            case Finished(result=made):
                self.done.emit(made, self._of is None or self._of() is self._runs.result)
