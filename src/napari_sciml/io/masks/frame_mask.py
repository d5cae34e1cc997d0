"""`FrameMask`: the pixels to ignore, the same in every frame or others in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FrameMask:
    """Pixels to ignore.

    Attributes
    ----------
    common
        ``(h, w)``, true where to ignore in every frame.
    each
        Gives what to ignore in one frame besides, by its number; None if all frames are alike.
    """

    common: BoolArray
    each: Callable[[int], BoolArray] | None = None

    def of(self, number: int) -> BoolArray:
        """Return the pixels ``(h, w)`` to ignore in one frame."""
        return self.common if self.each is None else self.common | self.each(number)

    def plus(self, flags: BoolArray) -> FrameMask:
        """Return a mask that ignores some pixels more in every frame."""
        return replace(self, common=self.common | flags)


@dataclass(frozen=True)
class MaskChoice:
    """The mask of a run, and what a person should know of it.

    Attributes
    ----------
    mask
        None where nothing is masked.
    note
        Where it comes from; empty without one.
    cautions
        What looks like a mask and is not used, or looks wrong; one sentence each, without a stop.
    """

    mask: FrameMask | None = None
    note: str = ""
    cautions: tuple[str, ...] = ()
