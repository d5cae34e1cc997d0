"""`save_overlay`: the picture for a talk, a slice with every find circled exactly where it is."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.figures.layout import (
    DPI,
    INK,
    Box,
    OverlayLayout,
    draw_circles,
    lay_out,
    scale_bar,
)
from napari_sciml.io.saving.atomic import replacing

CIRCLE = "#E69F00"
"""Okabe-Ito orange, as in the window: told from grey by eyes of every kind."""
UNDER = "#000000"
LETTER_PX = 8
"""Mean width of a letter of the caption in pixels, by which lines are broken; chosen by eye."""
PAPER = "#FFFFFF"


def save_overlay(
    image: npt.NDArray[Any],
    points_yx: npt.ArrayLike,
    path: str | os.PathLike[str],
    *,
    diameter_px: float,
    title: str = "",
    caption: str | Sequence[str] = "",
    pixel_size_um: float | None = None,
    largest_px: int = 1200,
) -> Path:
    """Draw a greyscale slice with circles on it, and an enlarged part beside it where the circles are small.

    Parameters
    ----------
    image
        Slice (y, x).
    points_yx
        Centres (n, 2) in pixels of the slice, pixel centres at integers.
    path
        PNG file to write.
    diameter_px
        Diameter of the circles in pixels of the slice.
    title
        What is shown, above the picture.
    caption
        How it was made, below: one line or several.
    pixel_size_um
        Edge of a pixel in micrometres; draws a scale bar.
    largest_px
        Longest edge of the drawn slice. Larger slices are reduced, small ones enlarged.

    Raises
    ------
    SciMLError
        If the file cannot be written.
    """
    points = np.asarray(points_yx, dtype=float).reshape(-1, 2)
    width_px = lay_out(image.shape, points, diameter_px, 0, largest_px).width_px
    stated = [caption] if isinstance(caption, str) else caption
    lines = [part for line in stated for part in textwrap.wrap(line, width_px // LETTER_PX)]
    plan = lay_out(image.shape, points, diameter_px, len(lines), largest_px)
    with replacing(path) as draft:
        _draw(image, points, diameter_px, title, lines, pixel_size_um, plan).savefig(
            draft, dpi=DPI, facecolor=PAPER, metadata={"Title": title, "Description": "\n".join(lines)}
        )
    return Path(path)


def _draw(
    image: npt.NDArray[Any],
    points: npt.NDArray[np.float64],
    diameter_px: float,
    title: str,
    lines: list[str],
    pixel_size_um: float | None,
    plan: OverlayLayout,
) -> Any:
    # The object interface with its own canvas: no window, no global state, safe in a worker.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(plan.width_px / DPI, plan.height_px / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    low, high = contrast(image)
    for box in (plan.whole, plan.zoom):
        if box is None:
            continue
        axes = figure.add_axes(box.fraction(plan.width_px, plan.height_px))
        axes.set_axis_off()
        axes.imshow(image, cmap="gray", vmin=low, vmax=high, aspect="auto", interpolation=box.interpolation)
        _circle(axes, points, diameter_px, box.magnification)
        # Half a pixel wider than the first and last centre: pixels are squares, not dots.
        axes.set_xlim(box.x0 - 0.5, box.x1 - 0.5)
        axes.set_ylim(box.y1 - 0.5, box.y0 - 0.5)
        if pixel_size_um is not None:
            _scale_bar(axes, box, pixel_size_um)
    if plan.zoom is not None:
        _frame(figure.axes[0], plan.zoom)
    margin = plan.margin_px / plan.width_px
    if title:
        figure.text(margin, 1 - 0.5 * plan.title_px / plan.height_px, title, va="center", size=14, color=INK)
    for number, line in enumerate(lines):
        y = plan.caption_px - plan.line_px * (number + 0.75)
        figure.text(margin, y / plan.height_px, line, va="center", size=10, color=INK)
    return figure


def contrast(image: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the grey levels shown as black and white: the 0.5th and 99.5th percentile of finite pixels."""
    values = np.asarray(image, dtype=np.float32)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(level) for level in np.percentile(finite, (0.5, 99.5)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _circle(axes: Any, points: npt.NDArray[np.float64], diameter_px: float, magnification: float) -> None:
    line = float(np.clip(0.12 * diameter_px * magnification, 0.8, 3.0)) * 72 / DPI
    # A dark line under the coloured one keeps the circle visible on bright and on dark ground.
    for color, width, alpha in ((UNDER, line + 1.4, 0.55), (CIRCLE, line, 1.0)):
        draw_circles(axes, points, diameter_px, color, width, alpha)


def _scale_bar(axes: Any, box: Box, pixel_size_um: float) -> None:
    from matplotlib.patches import Rectangle

    length_um, text = scale_bar((box.x1 - box.x0) * pixel_size_um)
    length, unit = length_um / pixel_size_um, 1 / box.magnification
    x, y = box.x1 - 0.5 - 20 * unit - length, box.y1 - 0.5 - 20 * unit
    pad = 10 * unit
    axes.add_patch(
        Rectangle((x - pad, y - 34 * unit), length + 2 * pad, 44 * unit, color=UNDER, alpha=0.6, lw=0)
    )
    axes.add_patch(Rectangle((x, y - 5 * unit), length, 6 * unit, color=PAPER, lw=0))
    axes.text(x + length / 2, y - 9 * unit, text, ha="center", va="bottom", size=11, color=PAPER)


def _frame(axes: Any, zoom: Box) -> None:
    from matplotlib.patches import Rectangle

    corner, size = (zoom.x0 - 0.5, zoom.y0 - 0.5), (zoom.x1 - zoom.x0, zoom.y1 - zoom.y0)
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=UNDER, lw=3, alpha=0.6))
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=PAPER, lw=1.5))
