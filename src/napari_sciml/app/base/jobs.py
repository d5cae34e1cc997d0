"""`JobRunner`: long work, one piece at a time: its progress, the time left, Stop, and one word at its end."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Generic, TypeVar

from psygnal import Signal

from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.worker import Outcome, Task, TaskRunner
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.time_left import TimeLeft

Made = TypeVar("Made")


class Phase(Enum):
    """What is going on."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Going:
    """How a job goes.

    Attributes
    ----------
    phase
        Whether anything is under way.
    progress
        Its last step; None before the first.
    seconds_left
        To the end; None until there is something to go by.
    """

    phase: Phase = Phase.IDLE
    progress: Progress | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Job(Generic[Made]):
    """Work to be done, and who is told what came of it.

    Attributes
    ----------
    title
        What to call it while it runs.
    work
        Makes the generator, which looks at the token after each step.
    on_end
        Called once at most, on the main thread; never after the viewer is gone.
    total
        Number of its steps.
    on_step
        Called with each step, before the runner says that it `changed`.
    why
        What those are told who have to wait for it.
    quiet
        No bar in napari's dock, for what is over before one could be read.
    """

    title: str
    work: Callable[[CancelToken], Generator[Progress, None, Made]]
    on_end: Callable[[Outcome[Made]], None]
    total: int = 1
    on_step: Callable[[Progress], None] | None = None
    why: str = ""
    quiet: bool = False


class JobRunner:
    """Does one job at a time.

    Parameters
    ----------
    viewer
        Held weakly. Once it is gone, nothing is told any more and the work is stopped.
    start
        Starts work; tests hand in what runs at once or step by step.
    turn
        Shared with the runners that may not work at the same time.
    """

    changed = Signal()
    """Emitted when `going` is another."""

    def __init__(self, viewer: object, start: TaskRunner, turn: Turn | None = None) -> None:
        self._viewer = weakref.ref(viewer)
        self._start = start
        self._turn = Turn() if turn is None else turn
        self._running: _Running[Any] | None = None
        self._next: Callable[[], object] | None = None
        self.going = Going()

    @property
    def is_busy(self) -> bool:
        """Whether work is under way."""
        return self._running is not None

    @property
    def blocked(self) -> str:
        """Why nothing can begin because of others, or an empty string."""
        return self._turn.why_not(self)

    def begin(self, job: Job[Made]) -> bool:
        """Start `job` and return whether that was possible: one at a time, and only in turn."""
        if self._running is not None or self.blocked:
            return False
        running = _Running(job, weakref.ref(self))
        work = job.work(running.token)
        self._running = running
        self._turn.take(self, job.why)
        self._go(Going(Phase.RUNNING))
        self._start(Task(work, job.title, job.total, running.on_step, running.on_end, job.quiet))
        return True

    def when_idle(self, call: Callable[[], object]) -> None:
        """Call now, or as soon as the present work has ended. Of several that wait the last one is called."""
        if self._running is None:
            call()
        else:
            self._next = call

    def stop(self) -> None:
        """Ask the work to stop at its next step; its end is told as always."""
        if self._running is not None:
            self._running.token.cancel()
            self._go(replace(self.going, phase=Phase.STOPPING))

    def drop(self) -> None:
        """Stop the work and tell nobody what came of it, nor start what waits for its end."""
        self._next = None
        if self._running is not None:
            self._running.token.cancel()
            self._running.dropped = True

    def step(self, running: _Running[Made], step: Progress) -> None:
        """Take note of a step of the job."""
        if running is not self._running:
            return
        if self._viewer() is None:
            running.token.cancel()
            return
        if running.job.on_step is not None and not running.dropped:
            running.job.on_step(step)
        seconds = running.time_left.seconds_left(step, time.monotonic())
        self._go(replace(self.going, progress=step, seconds_left=seconds))

    def end(self, running: _Running[Made], outcome: Outcome[Made]) -> None:
        """Take note of the end of the job."""
        if running is not self._running:
            return
        self._running, self.going = None, Going()
        following, self._next = self._next, None
        if self._viewer() is None:
            return
        try:
            if not running.dropped:
                running.job.on_end(outcome)
        finally:
            if self._running is None:
                self._turn.give_back(self)
            # After its result is there, so that nobody sees an idle runner with the result of before.
            self.changed.emit()
        if following is not None:
            self.when_idle(following)

    def _go(self, going: Going) -> None:
        self.going = going
        self.changed.emit()


@dataclass
class _Running(Generic[Made]):
    """A job under way. It holds its runner weakly: a closed viewer is not kept by what still runs."""

    job: Job[Made]
    runner: weakref.ref[JobRunner]
    token: CancelToken = field(default_factory=CancelToken)
    time_left: TimeLeft = field(default_factory=TimeLeft)
    dropped: bool = False

    def on_step(self, step: Progress) -> None:
        if (runner := self.runner()) is not None:
            runner.step(self, step)
        else:
            self.token.cancel()

    def on_end(self, outcome: Outcome[Made]) -> None:
        if (runner := self.runner()) is not None:
            runner.end(self, outcome)
