"""What the terminal shows: results on standard output; progress and errors on standard error."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.plan import duration
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.time_left import TimeLeft

if TYPE_CHECKING:
    from rich.console import Console

STOPPED = 130
"""Exit status after Ctrl-C, as shells expect it."""


def say(text: str) -> None:
    """Print a result as plain text, never wrapped, so that paths can be copied and lines be parsed."""
    print(text, flush=True)


def report(error: SciMLError) -> None:
    """Print the sentence of an error in red, and what there is to choose from."""
    _errors().print("\n".join(error.lines), style="red", markup=False, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Print what is good to know but no result."""
    _errors().print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[Progress], None]]:
    """Show a bar with the time left; gives what the work calls with each step."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[counted]}"),
        progress.TextColumn("{task.fields[left]}"),
    )
    time_left = TimeLeft()
    try:
        with progress.Progress(*columns, console=_errors()) as bar:
            task = bar.add_task(title, total=None, counted="starting", left="")

            def show(step: Progress) -> None:
                seconds = time_left.seconds_left(step, time.monotonic())
                bar.update(
                    task,
                    completed=step.done,
                    total=step.total,
                    counted=f"{step.done} of {step.total} {step.what}",
                    left="" if seconds is None else f"time left {duration(seconds)}",
                )

            yield show
    except KeyboardInterrupt:
        note("Stopped.")
        raise


@contextmanager
def stop_on_interrupt(token: CancelToken) -> Iterator[None]:
    """Let the first Ctrl-C ask the work to stop after its step, and the second one end it at once."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may handle signals; elsewhere the caller holds the token.
        yield
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        token.cancel()
        signal.signal(signal.SIGINT, previous)
        sys.stderr.write("\nStopping after this step; what is found so far is kept.\n")

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _errors() -> Console:
    from rich.console import Console

    return Console(stderr=True)
