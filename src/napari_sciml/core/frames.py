"""A source as a series of frames: how many, how large, and one at a time."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource


def frame_count(source: ImageSource) -> int:
    """Return the number of frames."""
    return source.shape[0] if source.ndim == 3 else 1


def frame_shape(source: ImageSource) -> tuple[int, int]:
    """Return rows and columns of a frame."""
    return source.shape[-2], source.shape[-1]


def raw_frame(source: ImageSource, number: int) -> npt.NDArray[Any]:
    """Read one frame ``(h, w)`` as it is.

    Raises
    ------
    SciMLError
        If it cannot be read or has another size than the others.
    """
    whole = (slice(None), slice(None))
    frame = source.read((number, *whole) if source.ndim == 3 else whole)
    if frame.shape != frame_shape(source):
        raise SciMLError(f"It has {' x '.join(map(str, frame.shape))} px, unlike the others", "leave it out")
    return frame
