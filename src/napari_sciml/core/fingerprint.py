"""`fingerprint`: whether two images are the same, from a few thousand pixels of each."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource

PLANES = 3
"""Planes that are looked at, evenly through all leading axes; each may cost the decoding of a frame."""
BLOCKS = 4
"""Blocks along rows and columns of a plane that are hashed; set by hand."""
EDGE = 16
"""Edge of a block in pixels: 4,096 pixels of a plane tell frames apart that are nearly empty."""
WHOLE_PLANE_BYTES = 64e6
"""A plane up to this size is read whole where the file says nothing of its chunks: most hold a frame each."""
UNREADABLE = (SciMLError, OSError, EOFError, ValueError, RuntimeError, zlib.error)


def fingerprint(source: ImageSource) -> str:
    """Return 32 hexadecimal digits that are the same for the same pixels, and hardly ever for others.

    Shape, type and some pixels count, names and sizes of a pixel do not. Of a file its pixels are taken as
    they lie in it, before anyone chose axes or a channel.
    """
    return source.fingerprint or digest(getattr(source.data, "raw", source.data))


def made_from(maker: type, *recipe: Any) -> str:
    """Return a fingerprint of pixels that are made from a recipe, such as a specification and a seed."""
    return hashlib.sha256(f"{maker.__name__} {recipe}".encode()).hexdigest()[:32]


def is_image(source: ImageSource, digits: str) -> bool:
    """Whether a source has this fingerprint, as its file lies on the disk or as it was opened."""
    return digits in (fingerprint(source), digest(source.data))


def digest(array: Any) -> str:
    """Return the fingerprint of an array-like with at least two axes; parts that cannot be read are blank."""
    shape = tuple(int(length) for length in array.shape)
    dtype = np.dtype(array.dtype).newbyteorder("=")
    found = hashlib.sha256(f"{shape} {dtype.name}".encode())
    for block in sampled(array, shape):
        found.update(np.ascontiguousarray(block, dtype).tobytes())
    return found.hexdigest()[:32]


def sampled(array: Any, shape: tuple[int, ...]) -> list[npt.NDArray[Any]]:
    """Read evenly spaced blocks of evenly spaced planes."""
    rows, columns = (spans(length) for length in shape[-2:])
    chunks = getattr(array, "chunks", None)
    plane = shape[-2] * shape[-1] * np.dtype(array.dtype).itemsize
    whole = plane <= WHOLE_PLANE_BYTES if not chunks else all(map(covers, chunks[-2:], shape[-2:]))
    blocks: list[npt.NDArray[Any]] = []
    # A short axis gives the same plane more than once.
    for number in dict.fromkeys(
        tuple((2 * part + 1) * length // (2 * PLANES) for length in shape[:-2]) for part in range(PLANES)
    ):
        if whole:
            frame = readable(array, (*number, slice(None), slice(None)))
            blocks += [frame[row, column] for row in rows for column in columns] if frame.ndim == 2 else []
        else:
            blocks += [readable(array, (*number, row, column)) for row in rows for column in columns]
    return blocks


def covers(chunk: Any, length: int) -> bool:
    """Whether one chunk is as long as the axis; dask lists every chunk's length, others one for all."""
    return bool((chunk[0] if isinstance(chunk, tuple) else chunk) >= length)


def spans(length: int) -> list[slice]:
    """Return where the blocks lie along one axis."""
    if length <= BLOCKS * EDGE:
        return [slice(0, length)]
    middles = [(2 * part + 1) * length // (2 * BLOCKS) for part in range(BLOCKS)]
    return [slice(middle - EDGE // 2, middle + EDGE // 2) for middle in middles]


def readable(array: Any, where: tuple[int | slice, ...]) -> npt.NDArray[Any]:
    """Read a part; a damaged one is empty, so that the rest still tells the image."""
    try:
        return np.asarray(array[where])
    except UNREADABLE:
        return np.empty(0, array.dtype)
