"""Tell a movie, many short exposures of one place, from a series of micrographs: both are stacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.source import ImageSource

LEAST_EDGE_PX = 512
"""Hardly any stack of particles has so many pixels; movies have more, unless they were binned."""
BLOCKS = 96
"""Edge in blocks of the coarse pictures that are compared; set by hand."""
ALIKE = 0.15
"""Correlation from which two frames show one place; between different places it is within 0.05 of 0."""


def looks_like_movie(source: ImageSource) -> str:
    """Return why a source may be a movie and not micrographs, or an empty string. Reads no pixels.

    A movie is one file with a stack of large frames; several are a series of such stacks. So is a series of
    micrographs that someone has put into one file: only the pixels tell, see `shows_one_field`.
    """
    if source.ndim < 3 or source.path is None or min(source.shape[-2:]) < LEAST_EDGE_PX:
        return ""
    frames = source.shape[-3]
    if source.ndim == 3 and not Path(source.path.partition("::")[0]).is_file():
        return ""
    height, width = source.shape[-2:]
    return (
        f"{source.name} holds {frames} frames of {height} x {width} px in one file, like a movie that was "
        "not summed into a micrograph"
    )


def shows_one_field(source: ImageSource) -> bool:
    """Whether the first and the middle frame of a stack ``(n, h, w)`` show the same place.

    Single frames of a movie are nearly all noise: large blocks are averaged, and the slope of the
    illumination, which all micrographs share, is taken away.

    Raises
    ------
    SciMLError
        If a frame cannot be read.
    """
    if source.ndim != 3 or source.shape[0] < 2:
        return False
    whole = (slice(None), slice(None))
    first, second = (coarse(source.read((number, *whole))) for number in (0, source.shape[0] // 2))
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return scale > 0 and float((first * second).sum()) / scale > ALIKE


def coarse(frame: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Average a frame to about `BLOCKS` blocks along each edge and take a quadratic surface away."""
    block = max(min(frame.shape) // BLOCKS, 1)
    rows, columns = (edge // block for edge in frame.shape)
    cut = np.nan_to_num(frame[: rows * block, : columns * block].astype(np.float32))
    means = cut.reshape(rows, block, columns, block).mean(axis=(1, 3), dtype=np.float64)
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    surface = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    weights = np.linalg.lstsq(surface, means.ravel(), rcond=None)[0]
    flat: npt.NDArray[np.float64] = means - (surface @ weights).reshape(means.shape)
    return flat
