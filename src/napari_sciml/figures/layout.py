"""Where everything goes in an overlay picture: arithmetic only, so that a test can check each pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

DPI = 100
"""Pixels per inch of the pictures: one pixel of the layout is one of the file."""
INK = "#1B1B1B"
LARGEST_MAGNIFICATION = 8.0
"""Screen pixels for a pixel of a small image at the most; chosen by eye, more shows nothing more."""
EASY_DIAMETER = 16.0
"""Diameter in pixels below which drawn circles are hard to judge, so that a zoomed part is shown; chosen
by eye."""
ZOOM_DIAMETER = 32.0
"""Diameter in pixels of a thing in the enlarged part of a picture; chosen by eye."""


@dataclass(frozen=True)
class Box:
    """A part of the slice and where it is drawn.

    Attributes
    ----------
    y0, y1, x0, x1
        The part, in pixels of the slice; ends excluded.
    left_px, top_px, width_px, height_px
        Where it lies in the picture, counted from the top left.
    """

    y0: int
    y1: int
    x0: int
    x1: int
    left_px: int
    top_px: int
    width_px: int
    height_px: int

    @property
    def magnification(self) -> float:
        """Pixels of the picture for each pixel of the slice."""
        return self.height_px / (self.y1 - self.y0)

    @property
    def interpolation(self) -> str:
        """Show pixels as they are when enlarged, and average them when reduced."""
        return "nearest" if self.magnification >= 1 else "antialiased"

    def place(self, y: float, x: float) -> tuple[float, float]:
        """Return the (row, column) in the picture of a point of the slice, as pixel edges at integers."""
        row = self.top_px + (y + 0.5 - self.y0) * self.height_px / (self.y1 - self.y0)
        column = self.left_px + (x + 0.5 - self.x0) * self.width_px / (self.x1 - self.x0)
        return row, column

    def fraction(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """Return left, bottom, width, height as shares of a picture of this size."""
        bottom = height_px - self.top_px - self.height_px
        return (
            self.left_px / width_px,
            bottom / height_px,
            self.width_px / width_px,
            self.height_px / height_px,
        )


@dataclass(frozen=True)
class OverlayLayout:
    """The whole picture, all lengths in its pixels."""

    width_px: int
    height_px: int
    title_px: int
    caption_px: int
    line_px: int
    margin_px: int
    whole: Box
    zoom: Box | None


def lay_out(
    shape: tuple[int, ...],
    points_yx: npt.NDArray[np.float64],
    diameter_px: float,
    caption_lines: int,
    largest_px: int,
) -> OverlayLayout:
    """Decide sizes for a slice of `shape` (y, x) with circles of `diameter_px` at `points_yx` (n, 2)."""
    height, width = shape
    factor = min(largest_px / max(height, width), LARGEST_MAGNIFICATION)
    drawn_height, drawn_width = max(round(height * factor), 1), max(round(width * factor), 1)
    margin, title, line = 12, 52, 24
    caption = line * caption_lines + 14 if caption_lines else margin
    whole = Box(0, height, 0, width, margin, title, drawn_width, drawn_height)
    total = margin + drawn_width + margin
    zoom = None
    side = round(min(drawn_height, drawn_width) * diameter_px / ZOOM_DIAMETER)
    if len(points_yx) and diameter_px * factor < EASY_DIAMETER and 8 <= side < min(height, width):
        y0, x0 = _busiest(points_yx, side, (height, width))
        zoom = Box(y0, y0 + side, x0, x0 + side, total, title, drawn_height, drawn_height)
        total += drawn_height + margin
    # Words need some room even where the slice is narrow.
    return OverlayLayout(
        width_px=max(total, 640),
        height_px=title + drawn_height + caption,
        title_px=title,
        caption_px=caption,
        line_px=line,
        margin_px=margin,
        whole=whole,
        zoom=zoom,
    )


def _busiest(points_yx: npt.NDArray[np.float64], side: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Return the corner of the square with the most points among those centred on a point."""
    best, corner = -1, (0, 0)
    for y, x in points_yx[:: max(len(points_yx) // 200, 1)]:
        y0 = int(np.clip(round(y - side / 2), 0, shape[0] - side))
        x0 = int(np.clip(round(x - side / 2), 0, shape[1] - side))
        inside = (abs(points_yx - (y0 + side / 2, x0 + side / 2)) <= side / 2).all(axis=1).sum()
        if inside > best:
            best, corner = int(inside), (y0, x0)
    return corner


def scale_bar(width_um: float) -> tuple[float, str]:
    """Choose a round length near a fifth of the picture's width; give it in micrometres and in words."""
    target = width_um / 5
    decade = 10 ** np.floor(np.log10(target))
    length = float(max(step for step in (1, 2, 5) if step * decade <= target) * decade)
    if length >= 1000:
        return length, f"{length / 1000:g} mm"
    return (length, f"{length:g} µm") if length >= 1 else (length, f"{length * 1000:g} nm")


def draw_circles(
    axes: Any,
    points_yx: npt.NDArray[np.float64],
    diameter_px: float,
    color: str,
    width: float,
    alpha: float = 1.0,
) -> None:
    """Circle centres ``(n, 2)`` on matplotlib axes that count in pixels; `width` of the line in points."""
    from matplotlib.collections import EllipseCollection

    if not len(points_yx):
        return
    size = np.full(len(points_yx), diameter_px)
    axes.add_collection(
        EllipseCollection(
            size,
            size,
            np.zeros(len(points_yx)),
            units="xy",
            offsets=points_yx[:, ::-1],
            offset_transform=axes.transData,
            facecolors="none",
            edgecolors=color,
            linewidths=width,
            alpha=alpha,
        )
    )
