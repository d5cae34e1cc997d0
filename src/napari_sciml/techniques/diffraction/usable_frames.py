"""Which sources are series of diffraction frames, and which of their frames hold something."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_shape, raw_frame
from napari_sciml.core.no_pixel import find_no_pixels
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.grid import TILE_PX

SATURATED_SHARE = 0.5
"""Share of pixels at the largest value above which a frame holds nothing."""

LEAST_MEASURED = 0.05
"""Share of a frame that has to be measured where the rest is marked as off; with less it holds nothing."""


def refusal(source: ImageSource) -> str:
    """Return why a source cannot be a series of frames, or an empty string. Reads no pixels."""
    if source.ndim not in (2, 3):
        return f"{source.name} has {source.ndim} dimensions; frames have 2, a series of frames 3."
    if min(frame_shape(source)) < TILE_PX:
        height, width = frame_shape(source)
        return f"{source.name} has frames of {height} x {width} px; a tile alone has {TILE_PX} x {TILE_PX}."
    return ""


def read_frame(source: ImageSource, number: int) -> npt.NDArray[Any]:
    """Read one frame ``(h, w)``.

    Raises
    ------
    SciMLError
        If it cannot be read, or holds nothing: one value only, or mostly the largest there can be.
    """
    frame = raw_frame(source, number)
    lowest, highest = frame.min(), frame.max()
    if lowest == highest:
        raise SciMLError(f"It holds nothing but {lowest:g}", "the detector or the file gave no picture")
    if mostly(frame == highest) and not marked_as_off(frame):
        raise SciMLError(f"More than half of it is saturated at {highest:g}", "weaken the beam")
    return frame


def mostly(flags: npt.NDArray[np.bool_]) -> bool:
    """Whether most pixels are flagged, by a sample of them."""
    return float(np.mean(flags[::4, ::4])) > SATURATED_SHARE


def marked_as_off(frame: npt.NDArray[Any]) -> bool:
    """Whether most pixels hold a value that says that nothing was measured, as in modules that are off."""
    marked = find_no_pixels(frame)
    return marked is not None and mostly(marked.flags) and float(marked.flags.mean()) < 1 - LEAST_MEASURED


def ceiling_of(dtype: np.dtype[Any], frame: npt.NDArray[Any]) -> float:
    """Return the grey level from which a pixel counts as saturated; infinity where nothing tells."""
    if dtype.kind in "ui" and dtype.itemsize <= 2:
        return float(np.iinfo(dtype).max)
    highest = float(frame.max())
    # 14 and 16 bit detectors saved as wider integers.
    return highest if highest in (16_383.0, 65_535.0) else float("inf")
