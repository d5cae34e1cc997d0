"""Long work off the main thread. Everything that is told arrives on the main thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress

Result = TypeVar("Result")


@dataclass(frozen=True)
class Finished(Generic[Result]):
    """The work came to its end, or was stopped and handed over what it had."""

    result: Result


@dataclass(frozen=True)
class Failed:
    """The work ran into something that a person can mend."""

    error: SciMLError


@dataclass(frozen=True)
class Crashed:
    """The work ran into a bug; napari shows its traceback."""

    error: BaseException


Outcome = Finished[Result] | Failed | Crashed
"""How work ended; ``Outcome[Findings]`` for work that makes findings."""


@dataclass(frozen=True)
class Task(Generic[Result]):
    """Work that was started, and who is told about it: what a `Job` of a `JobRunner` becomes once it begins.

    Attributes
    ----------
    work
        The generator; it runs off the main thread.
    title
        What to call it while it runs.
    total
        Number of its steps.
    on_step
        Called with each step, on the main thread.
    on_end
        Called exactly once, on the main thread.
    quiet
        No bar, for what is over before one could be read.
    """

    work: Generator[Progress, None, Result]
    title: str
    total: int
    on_step: Callable[[Progress], None]
    on_end: Callable[[Outcome[Result]], None]
    quiet: bool = False


class TaskRunner(Protocol):
    """Starts a task somewhere."""

    def __call__(self, task: Task[Result], /) -> None:
        """Start `task` and come back at once."""


def outcome_of(work: Generator[Progress, None, Result]) -> Generator[Progress, None, Outcome[Result]]:
    """Run `work` and turn what a person can mend into an outcome. Bugs pass through.

    An error raised inside a worker would show as a traceback, even where one sentence is right.
    """
    try:
        result = yield from work
    except SciMLError as error:
        return Failed(error)
    except MemoryError as error:
        return Failed(
            SciMLError(
                f"There was not enough memory ({error})" if str(error) else "There was not enough memory",
                "close other programs, or crop the image",
            )
        )
    return Finished(result)


def run_in_thread(task: Task[Result]) -> None:
    """Run a task in a thread, with a bar in napari's activity dock."""
    from napari.qt.threading import create_worker

    def job() -> Generator[Progress, None, Outcome[Result]]:
        return (yield from outcome_of(task.work))

    bar = False if task.quiet else {"total": max(task.total, 1), "desc": task.title}
    worker = create_worker(job, _start_thread=False, _progress=bar)
    worker.yielded.connect(task.on_step)
    worker.returned.connect(task.on_end)
    worker.errored.connect(lambda error: task.on_end(Crashed(error)))
    worker.start()
