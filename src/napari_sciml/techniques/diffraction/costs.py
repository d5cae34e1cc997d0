"""What a run over frames costs: time on the machine that `core.run_rate` compares with, and memory."""

from __future__ import annotations

from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.grid import TILE_PX

MEGAPIXEL_S = 0.03
"""Seconds for a megapixel of a frame; the network sees few of its tiles, so the runtime hardly matters."""
PIXEL_COPIES_BYTES = 24
"""Bytes for each pixel of the frame at hand: as read, in single precision, flags and levels."""


def seconds_per_frame(source: ImageSource) -> float:
    """Return the time of one frame."""
    height, width = frame_shape(source)
    return height * width / 1e6 * MEGAPIXEL_S


def memory_gb(source: ImageSource) -> float:
    """Return the most memory that a run holds besides the program itself.

    It grows with the number of frames only by one number for each tile.
    """
    height, width = frame_shape(source)
    tiles = frame_count(source) * height * width / TILE_PX**2 * 4
    return (height * width * (PIXEL_COPIES_BYTES + source.dtype.itemsize) + tiles) / 1e9
