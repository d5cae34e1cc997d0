"""A mask in a file of its own: one image, or one for each frame."""

from __future__ import annotations

from functools import partial
from typing import Any

from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.bits import bad_pixels
from napari_sciml.io.masks.frame_mask import BoolArray, FrameMask, Shape, fitted
from napari_sciml.io.paths import split_part


def read_mask(path: str, frames: int, shape: Shape) -> tuple[FrameMask | str, tuple[int, ...]]:
    """Read an image file as a mask, or as one for each frame, true where it is not zero; and its shape.

    Raises
    ------
    SciMLError
        If it cannot be read.
    """
    from napari_sciml.io import open_image

    source = open_image(path)
    try:
        meaning = partial(bad_pixels, nexus="pixel_mask" in split_part(source.path or "")[1])
        each = partial(read_one, source, shape, meaning)
        return fitted(source.data, frames, shape, meaning, each), source.shape
    finally:
        source.close()


def read_one(source: ImageSource, shape: Shape, meaning: Any, number: int) -> BoolArray:
    """Read the mask of one frame."""
    whole = (slice(None),) * (source.ndim - 1)
    flags: BoolArray = meaning(source.read((number, *whole))).reshape(shape)
    return flags
