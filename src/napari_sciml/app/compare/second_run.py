"""`SecondRun`: the image of a result once more, with another backend."""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psygnal import Signal

from napari_sciml.app.base.compute import CODEBOOK_NAMES
from napari_sciml.app.base.pace import Pace
from napari_sciml.app.base.runtime_words import able_runtime
from napari_sciml.app.base.state import Phase
from napari_sciml.app.base.worker import Crashed, Errand, Failed, Finished, Launch, Outcome
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.run.sentences import CRASHED
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.layers.source import source_from_layer

STOPPED = "Stopped; nothing was compared."
REPLACED = "The result was replaced meanwhile; compare the new one."


@dataclass(frozen=True)
class Job:
    """A run under way and the result that it will be compared with."""

    token: CancelToken
    of: weakref.ref[Result]
    pace: Pace = field(default_factory=Pace)


class SecondRun:
    """Runs the image of the result on screen, one run at a time.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly. What ends after it is not told.
    runs
        Whose result it is.
    start
        Starts work.
    """

    changed = Signal()
    """Emitted when `phase`, `progress` or `seconds_left` has changed."""
    told = Signal(str, str)
    """Emitted with an error and a note, of which one at least is empty."""
    done = Signal(object, object)
    """Emitted with the `Result` and the `Findings` of its second run."""

    def __init__(self, viewer: Any, runs: RunController, start: Launch) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._start = start
        self._job: Job | None = None
        self.phase = Phase.IDLE
        self.progress: Progress | None = None
        self.seconds_left: float | None = None

    def start(self, result: Result, backend: str) -> None:
        """Run the image of `result`, which is there, with this backend, unless a run is under way."""
        image = result.image
        if self._job is not None or image is None or result.settings is None:
            return
        technique = self._runs.technique(result.findings.provenance.technique)
        try:
            source = source_from_layer(image)
            settings = other_settings(result.settings, backend, self._runs.state.compute)
            plan = technique.plan(source, settings)
            if plan.problem:
                raise SciMLError(plan.problem)
        except SciMLError as error:
            self.told.emit(error.sentence, "")
            return
        self._job = Job(CancelToken(), weakref.ref(result))
        self.told.emit("", "")
        self._go(Phase.RUNNING, None)
        work = technique.run(source, settings, self._job.token)
        title = f"Comparing with {backend}: {image.name}"
        self._start(Errand(work, title, plan.tiles, on_step=self._on_step, on_end=self._on_end))

    def stop(self) -> None:
        """Stop. Nothing is compared then."""
        if self._job is not None:
            self._job.token.cancel()
            self._go(Phase.STOPPING, self.progress)

    def give_way(self, running: bool) -> None:
        """Stop in favour of another run, or because its result is no longer on screen."""
        job = self._job
        if job is not None and (running or job.of() is not self._runs.result):
            job.token.cancel()

    def _on_step(self, step: Progress) -> None:
        if self._job is not None:
            self.seconds_left = self._job.pace.seconds_left(step, time.monotonic())
            self._go(self.phase, step)

    def _on_end(self, outcome: Outcome) -> None:
        job, self._job = self._job, None
        if job is None or self._viewer() is None:
            return
        self._go(Phase.IDLE, None)
        result = job.of()
        match outcome:
            case Failed(error=error):
                self.told.emit(error.sentence, "")
            case Crashed():
                self.told.emit(CRASHED, "")
            case Finished() if result is None or result is not self._runs.result:
                self.told.emit("", REPLACED)
            case Finished(result=findings) if findings.partial:
                self.told.emit("", STOPPED)
            case Finished(result=findings):
                self.done.emit(result, findings)

    def _go(self, phase: Phase, progress: Progress | None) -> None:
        self.phase, self.progress = phase, progress
        if progress is None:
            self.seconds_left = None
        self.changed.emit()


def other_settings(settings: RunSettings, backend: str, compute: Mapping[str, Any]) -> RunSettings:
    """Give the settings of the same run with another backend; levels are those that the page has chosen.

    A runtime that cannot execute that backend is left to the measurement.
    """
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    values["runtime"] = able_runtime(backend, settings.runtime)
    fields = RunSettings.model_fields
    values |= {name: fields[name].default for name in CODEBOOK_NAMES}
    if backend == "codebook":
        values |= {name: compute[name] for name in CODEBOOK_NAMES if name in compute}
    return parse_settings(type(settings), {**values, "backend": backend})
