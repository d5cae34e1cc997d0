"""Long work off the main thread. Everything that is told arrives on the main thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

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


Outcome = Finished[Any] | Failed | Crashed


class Launch(Protocol):
    """Starts work somewhere and reports back on the main thread."""

    def __call__(
        self,
        work: Generator[Progress, None, Any],
        *,
        title: str,
        total: int,
        on_step: Callable[[Progress], None],
        on_end: Callable[[Outcome], None],
    ) -> None:
        """Start `work`; call `on_step` for each step and `on_end` exactly once."""
        ...


def outcome_of(work: Generator[Progress, None, Result]) -> Generator[Progress, None, Outcome]:
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


def launch(
    work: Generator[Progress, None, Any],
    *,
    title: str,
    total: int,
    on_step: Callable[[Progress], None],
    on_end: Callable[[Outcome], None],
) -> None:
    """Run `work` in a thread, with a bar in napari's activity dock."""
    from napari.qt.threading import create_worker

    def job() -> Generator[Progress, None, Outcome]:
        return (yield from outcome_of(work))

    worker = create_worker(job, _start_thread=False, _progress={"total": max(total, 1), "desc": title})
    worker.yielded.connect(on_step)
    worker.returned.connect(on_end)
    worker.errored.connect(lambda error: on_end(Crashed(error)))
    worker.start()
