"""How long work takes on this machine: its cost on a known one, times how the two compare.

Costs are stated beside the work, in seconds on two cores of an ordinary computer. What a run shows about
this machine is remembered in the user's cache folder, so that the first estimate of the next session is as
good as the last one of this. A file that is damaged or cannot be written costs only that.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from napari_sciml.core.machine_cache import user_cache
from napari_sciml.core.progress import Progress

Result = TypeVar("Result")
AS_MANY = 4
"""What was known before counts as much as so many new units: a hiccup changes little, a run nearly all."""


class RunRates:
    """How many times its cost each kind of work takes here, learnt from every run.

    Parameters
    ----------
    file
        Says where the factors are kept between sessions.
    clock
        Seconds on any steady clock.
    """

    def __init__(self, file: Callable[[], Path], clock: Callable[[], float] = time.perf_counter) -> None:
        self._file, self._clock = file, clock
        self._factors: dict[str, float] | None = None

    def estimate(self, kind: str, cost: float) -> float:
        """Return the seconds that work of this kind and cost will take here."""
        return cost * self._known().get(kind, 1.0)

    def learn(self, kind: str, cost: float, seconds: float, units: int = 1) -> None:
        """Note that `units` of work, of this cost together, took so many seconds."""
        if cost <= 0 or seconds <= 0 or units <= 0:
            return
        share = units / (units + AS_MANY)
        # Between 1 and 100 lies 10: factors are blended as they multiply.
        before = math.log(self._known().get(kind, 1.0))
        self._known()[kind] = math.exp((1 - share) * before + share * math.log(seconds / cost))

    def timed(
        self,
        work: Generator[Progress, None, Result],
        kind: str,
        cost: float,
        elsewhere: Callable[[], float] = lambda: 0.0,
    ) -> Generator[Progress, None, Result]:
        """Pass the steps of `work` on, and learn from them when it ends or was stopped.

        The first unit is slow, since what is needed is loaded with it; it teaches only if it is all the work.

        Parameters
        ----------
        cost
            Of the whole.
        elsewhere
            Seconds spent so far on what is not this kind of work, although it happens within it.
        """
        steps: list[tuple[Progress, float]] = []
        try:
            while True:
                start = self._clock() - elsewhere()
                try:
                    step = next(work)
                except StopIteration as stop:
                    result: Result = stop.value
                    break
                # The time between the steps is that of whoever asks for them.
                steps.append((step, self._clock() - elsewhere() - start))
                yield step
        finally:
            work.close()
        first = steps.pop(0)[0] if len(steps) > 1 else Progress(0, 0)
        if steps and (first.done or steps[0][0].done == steps[0][0].total):
            last = steps[-1][0]
            seconds = sum(took for _, took in steps)
            self.learn(kind, cost * (last.done - first.done) / last.total, seconds, len(steps))
            self.keep()
        return result

    def keep(self) -> None:
        """Write down what was learnt, if that is possible."""
        path = self._file()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(self._known(), indent=1), encoding="utf-8")
            draft.replace(path)
        except OSError:
            # The next session begins with less knowledge.
            return

    def _known(self) -> dict[str, float]:
        if self._factors is None:
            self._factors = read_factors(self._file())
        return self._factors


def read_factors(path: Path) -> dict[str, float]:
    """Read factors by kind of work, leaving out whatever is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {kind: float(value) for kind, value in pairs if isinstance(value, int | float) and 0 < value < 1e6}


RATES = RunRates(lambda: user_cache() / "run-rates.json")
"""What is known about this machine."""
