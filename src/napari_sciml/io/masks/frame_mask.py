"""`FrameMask`: the pixels to ignore, the same in every frame or others in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Shape = tuple[int, int]
MOST_BYTES = 2**28
"""Size of a mask for each image up to which all are compared; beyond, each is read with its frame."""


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


def fitted(
    data: Any,
    frames: int,
    shape: Shape,
    meaning: Callable[[npt.NDArray[Any]], BoolArray],
    each: Callable[[int], BoolArray],
) -> FrameMask | str:
    """Return a mask ``(h, w)`` or ``(frames, h, w)`` in the shape of the frames, or why it is not used.

    Modules ``(modules, y, x)`` lie below each other, as in an image that is opened from such a stack.

    Parameters
    ----------
    data
        Array-like, not read yet.
    frames
        How many there are; 0 if any number of masks will do.
    shape
        Rows and columns of a frame.
    meaning
        Tells which values of a mask reject a pixel.
    each
        Reads the mask of one frame.
    """
    height, width = shape
    count, lines = int(data.shape[0]), int(np.prod(data.shape[:-1]))
    if data.shape[-1] == width and lines == height:
        return FrameMask(meaning(np.asarray(data[:])).reshape(shape))
    if data.shape[-1] != width or lines != count * height:
        return f"it has another size ({' x '.join(map(str, data.shape))} px)"
    size = int(np.prod(data.shape)) * np.dtype(data.dtype).itemsize
    if frames not in (count, 0) or size <= MOST_BYTES:
        first = meaning(np.asarray(data[0]))
        if all(np.array_equal(first, meaning(np.asarray(data[number]))) for number in range(1, count)):
            return FrameMask(first.reshape(shape))
    if frames not in (count, 0):
        return f"it is {count} different masks for {frames} frame{'' if frames == 1 else 's'}"
    return FrameMask(np.zeros(shape, bool), each)
