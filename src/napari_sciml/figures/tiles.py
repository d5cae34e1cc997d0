"""`save_tiles_overlay`: a frame with its Bragg tiles outlined and its spots circled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.figures.layout import DPI, INK, draw_circles
from napari_sciml.io.saving.atomic import replacing

TILE = "#0072B2"
SPOT = "#D55E00"
"""Okabe-Ito blue and vermilion: told apart, and from grey, by eyes of every kind."""
SPOT_PX = 16.0
"""Diameter of the circle about a spot, in pixels of the frame; chosen by eye."""
SIDE_IN = 11.0
"""Edge of the frame in the picture, in inches; chosen by eye."""


def save_tiles_overlay(
    image: npt.NDArray[Any],
    tiles: npt.NDArray[np.bool_],
    spots_yx: npt.ArrayLike,
    path: str | os.PathLike[str],
    *,
    tile_px: int,
    percent: tuple[float, float],
    title: str = "",
    caption: Sequence[str] = (),
) -> Path:
    """Draw a frame dark on light, as diffraction is looked at.

    Parameters
    ----------
    image
        Frame (y, x).
    tiles
        ``(rows, columns)`` which tiles to outline; tile ``(i, j)`` begins at pixel ``(i, j) * tile_px``.
    spots_yx
        Centres (n, 2) to circle, pixel centres at integers.
    percent
        Percentiles of the pixels shown as white and as black.

    Raises
    ------
    SciMLError
        If the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    values = np.asarray(image, np.float32)
    live = values[np.isfinite(values) & (values > 0)]
    low, high = np.percentile(live, percent) if live.size else (0.0, 1.0)
    figure = Figure(figsize=(SIDE_IN, SIDE_IN + 0.9), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.text(0.01, 1 - 0.2 / (SIDE_IN + 0.9), title, va="center", size=14, color=INK)
    for number, line in enumerate(caption):
        figure.text(0.01, (0.36 - 0.2 * number) / (SIDE_IN + 0.9), line, va="center", size=10, color=INK)
    axes = figure.add_axes((0.01, 0.5 / (SIDE_IN + 0.9), 0.98, SIDE_IN / (SIDE_IN + 0.9)))
    axes.set_axis_off()
    # Compressed a little: spots and the beam's foot differ by a thousand.
    shown = np.sqrt(np.clip(np.nan_to_num(values), low, high) - low) if high > low else values
    axes.imshow(shown, cmap="gray_r", interpolation="antialiased")
    squares = [
        Rectangle((column * tile_px - 0.5, row * tile_px - 0.5), tile_px, tile_px)
        for row, column in np.argwhere(tiles)
    ]
    axes.add_collection(PatchCollection(squares, facecolor="none", edgecolor=TILE, linewidth=1.5))
    draw_circles(axes, np.asarray(spots_yx, float).reshape(-1, 2), SPOT_PX, SPOT, 1.0)
    axes.set_xlim(-0.5, values.shape[1] - 0.5)
    axes.set_ylim(values.shape[0] - 0.5, -0.5)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=DPI, facecolor="white", metadata={"Title": title})
    return Path(path)
