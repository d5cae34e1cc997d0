"""`Making`: images that are made when they are looked at, and how long that takes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from napari_sciml.core.run_rate import RATES

Made = TypeVar("Made", covariant=True)


class Making(Generic[Made]):
    """Makes images by number, one at a time, and keeps the last few.

    Parameters
    ----------
    make
        Makes one.
    count
        How many there are.
    kept
        How many are kept.
    kind
        What they are, for example ``diffraction frame``, by which the time that they take is learnt.
    cost
        Seconds for one on a machine that is known, see `core.run_rate`.

    Attributes
    ----------
    seconds
        Time spent so far.
    """

    def __init__(self, make: Callable[[int], Made], count: int, kept: int, kind: str, cost: float) -> None:
        self._make, self._count, self._most = make, count, kept
        self._kind, self._cost = f"making a {kind}", cost
        self.seconds = 0.0
        self._kept: OrderedDict[int, Made] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, number: int) -> Made:
        """Return one image, made now unless it is kept."""
        with self._lock:
            if number not in self._kept:
                start = time.perf_counter()
                self._kept[number] = self._make(number)
                took = time.perf_counter() - start
                self.seconds += took
                RATES.learn(self._kind, self._cost, took)
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(number)
            return self._kept[number]

    def ahead(self, again: int = 0) -> float:
        """Estimate the seconds to look at all in order, after looking at `again` of them elsewhere."""
        # Those kept help only if all can be: else they have gone before their turn comes.
        made = len(self._kept) if self._most >= self._count else 0
        return RATES.estimate(self._kind, self._cost * (self._count - made + again))
