"""Long work as generators: they yield `Progress`, return their result and stop when told.

A plain generator serves everybody: the command line iterates it, tests exhaust it, the window wraps
it in a worker. Nothing here knows which.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """One step of a long job: `done` of `total` units of the kind `what` (for example "tiles")."""

    done: int
    total: int
    what: str = "tiles"


class CancelToken:
    """A flag that any thread may raise and the work looks at after each tile or batch."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step and hand over what it has."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for a stop."""
        return self._event.is_set()


def drive(
    work: Generator[Progress, None, Result],
    on_progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Run a progress generator to its end and give back what it returns."""
    while True:
        try:
            step = next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        if on_progress is not None:
            on_progress(step)
