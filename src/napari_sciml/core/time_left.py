"""`TimeLeft`: how long the rest of a run will take, from how fast it goes."""

from __future__ import annotations

from napari_sciml.core.progress import Progress


class TimeLeft:
    """Watches the steps of one run.

    The first unit carries the loading of the network, which says nothing about the others; the clock
    starts when it is done.
    """

    def __init__(self) -> None:
        self._first: tuple[float, Progress] | None = None

    def seconds_left(self, step: Progress, now: float) -> float | None:
        """Note a step that came at `now` (seconds on any steady clock) and estimate the seconds to the end.

        None until there is something to go by, and for a new kind of step until its second unit.
        """
        if self._first is None or self._first[1].what != step.what or self._first[1].done == 0:
            self._first = (now, step)
            return None
        began, first = self._first
        done = step.done - first.done
        return None if done <= 0 else (now - began) / done * (step.total - step.done)
