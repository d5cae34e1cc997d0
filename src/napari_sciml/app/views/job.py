"""`ViewsJob`: the long work of the page Views, one at a time, with the map that grows meanwhile."""

from __future__ import annotations

import time
import weakref
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sciml.app.base.pace import Pace
from napari_sciml.app.base.state import Phase
from napari_sciml.app.base.worker import Crashed, Errand, Failed, Finished, Launch, Outcome
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.run.sentences import CRASHED
from napari_sciml.app.views.state import Job
from napari_sciml.app.views.work import OnMap
from napari_sciml.core.progress import CancelToken, Progress

STOPPED = "Stopped; nothing was changed."
TITLES: dict[Job, str] = {"sort": "Sorting into views", "build": "Building the 3-D map", "train": "Training"}


@dataclass
class Work:
    """A job under way, and the last map that it has made."""

    token: CancelToken
    result: weakref.ref[Result] | None
    pace: Pace = field(default_factory=Pace)
    density: npt.NDArray[np.float32] | None = None


class ViewsJob:
    """Starts work and tells how it goes and ends.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly. What ends after it is not told.
    runs
        Whose picks are worked on.
    start
        Starts work.
    """

    changed = Signal()
    """Emitted when `phase`, `job`, `progress` or `seconds_left` has changed."""
    grown = Signal(object)
    """Emitted with a map ``(z, y, x)`` that is not finished yet."""
    told = Signal(str, str)
    """Emitted with an error and a note, of which one at least is empty."""
    done = Signal(object, bool)
    """Emitted with what was made, and whether the picks it began with are still on screen."""

    def __init__(self, viewer: Any, runs: RunController, start: Launch) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._start = start
        self._work: Work | None = None
        self.phase = Phase.IDLE
        self.job: Job = ""
        self.progress: Progress | None = None
        self.seconds_left: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether work is under way."""
        return self._work is not None

    def begin(self, job: Job, token: CancelToken, work: Generator[Progress, None, Any], total: int) -> None:
        """Start `work` of about `total` steps; `token` stops it."""
        result = self._runs.result
        self._work = Work(token, None if result is None else weakref.ref(result))
        self.told.emit("", "")
        self._go(Phase.RUNNING, job, None)
        self._start(Errand(work, TITLES[job], total, on_step=self._on_step, on_end=self._on_end))

    def stop(self) -> None:
        """Stop the work at its next step."""
        if self._work is not None:
            self._work.token.cancel()
            self._go(Phase.STOPPING, self.job, self.progress)

    def on_map(self) -> OnMap:
        """Give what the worker hands each new map to; it is told with the next step."""
        take = weakref.WeakMethod(self._take_density)

        def hand_over(density: npt.NDArray[np.float32]) -> None:
            if (method := take()) is not None:
                method(density)

        return hand_over

    def _take_density(self, density: npt.NDArray[np.float32]) -> None:
        """Leave a map for the main thread, which alone may touch layers."""
        if self._work is not None:
            self._work.density = np.array(density, np.float32)

    def _on_step(self, step: Progress) -> None:
        work = self._work
        if work is None:
            return
        if work.density is not None:
            density, work.density = work.density, None
            self.grown.emit(density)
        self.seconds_left = work.pace.seconds_left(step, time.monotonic())
        self._go(self.phase, self.job, step)

    def _on_end(self, outcome: Outcome) -> None:
        work, self._work = self._work, None
        if work is None or self._viewer() is None:
            return
        self._go(Phase.IDLE, "", None)
        match outcome:
            case Finished(result=None):
                self.told.emit("", STOPPED)
            case Finished(result=made):
                self.done.emit(made, work.result is None or work.result() is self._runs.result)
            case Failed(error=error):
                self.told.emit(error.sentence, "")
            case Crashed():
                self.told.emit(CRASHED, "")

    def _go(self, phase: Phase, job: Job, progress: Progress | None) -> None:
        self.phase, self.job, self.progress = phase, job, progress
        if progress is None:
            self.seconds_left = None
        self.changed.emit()
