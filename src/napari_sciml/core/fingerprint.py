"""`fingerprint`: whether two images are the same, from a few pixels of each."""

from __future__ import annotations

import hashlib
from itertools import product

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource

EDGE = 4
"""Edge of a sampled block in pixels, along every axis."""
BLOCKS = {2: 12, 3: 3, 4: 2}
"""Sampled blocks along each axis, by the number of axes: 2,304, 1,728 and 4,096 pixels in all."""
WHOLE_PLANE_BYTES = 64e6
"""Planes up to this size are read whole where a file says nothing of its chunks: most then hold a frame
each, which is decoded as a whole anyway."""


def fingerprint(source: ImageSource) -> str:
    """Return 32 hexadecimal digits that are the same for the same pixels, and hardly ever for others.

    Shape, type and some thousand pixels count, names and sizes of a pixel do not. The order of the axes does
    not either: a volume that was opened with other axes is the same volume. Axes of length 1 are left out.
    """
    if source.fingerprint:
        return source.fingerprint
    digest = hashlib.sha256()
    lengths = sorted(length for length in source.shape if length > 1)
    digest.update(f"{lengths} {source.dtype.kind}{source.dtype.itemsize}".encode())
    values = np.concatenate([np.ravel(block) for block in sampled(source)])
    # In the order of their bits, whatever the order of the axes; every NaN is alike.
    wide = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    wide[np.isnan(wide)] = np.nan
    digest.update(np.sort(wide).tobytes())
    return digest.hexdigest()[:32]


def sampled(source: ImageSource) -> list[npt.NDArray[np.generic]]:
    """Read blocks that lie evenly in the image, the same ones whatever axis comes first."""
    long = max(2, sum(length > 1 for length in source.shape))
    spans = [blocks_along(length, BLOCKS.get(long, 2)) for length in source.shape]
    plane = source.shape[-2] * source.shape[-1] * source.dtype.itemsize
    if getattr(source.data, "chunks", None) or plane > WHOLE_PLANE_BYTES:
        return [readable(source, where) for where in product(*spans)]
    planes = product(*(range_of(span) for span in spans[:-2]))
    whole = (slice(None), slice(None))
    found = []
    for number in planes:
        frame = readable(source, (*number, *whole))
        # What cannot be read is one pixel without a number.
        found += [frame[where] for where in product(*spans[-2:])] if frame.ndim == 2 else [frame]
    return found


def readable(source: ImageSource, where: tuple[int | slice, ...]) -> npt.NDArray[np.generic]:
    """Read a part of the image; a damaged part is a single NaN, so that the rest still tells it."""
    try:
        return source.read(where)
    except SciMLError:
        return np.array([np.nan])


def blocks_along(length: int, count: int) -> list[slice]:
    """Return where the blocks lie along one axis: around the middles of `count` equal parts."""
    if length <= count * EDGE:
        return [slice(0, length)]
    middles = [(2 * part + 1) * length // (2 * count) for part in range(count)]
    return [slice(middle - EDGE // 2, middle + EDGE // 2) for middle in middles]


def range_of(spans: list[slice]) -> list[int]:
    """Return the numbers in the blocks of one axis."""
    return [number for span in spans for number in range(span.start, span.stop)]
