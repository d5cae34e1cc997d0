"""`FscPlot`: how well two maps agree at each resolution, beside the controls on noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from qtpy.QtCore import QLineF, QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_sciml.layers.styles import BLUE, ORANGE, PURPLE, VERMILION
from napari_sciml.widgets.parts.drawing import Drawing, polygon

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 30, 8, 8, 48, 184
"""Margins about the curves and the height of the plot, in screen pixels."""
LOWEST, HIGHEST = -0.1, 1.0
"""Correlations at the lower and the upper end of the axis."""
SHARES = (0.0, 0.143, 0.5, 1.0)
"""Correlations with a line and a number: the two levels at which a resolution is read, and the ends."""
TIP = (
    "Fourier shell correlation over resolution. The controls are half-set curves of the same way on pure "
    "noise, and with references whose phases were scrambled."
)


@dataclass(frozen=True)
class Line:
    """How a column of the FSC table is drawn; never told apart by colour alone."""

    label: str
    color: str
    pen: Qt.PenStyle
    width: float = 1.4


LINES = {
    "half_sets": Line("half sets", BLUE, Qt.PenStyle.SolidLine, 2.2),
    "truth": Line("against the truth", ORANGE, Qt.PenStyle.DashLine, 1.8),
    "noise": Line("control: noise", VERMILION, Qt.PenStyle.DotLine, 1.8),
    "phase_randomised": Line("control: phases", PURPLE, Qt.PenStyle.DashDotLine, 1.6),
}


class FscPlot(Drawing):
    """Draws the curves that were measured, with the two thresholds."""

    def __init__(self, name: str) -> None:
        super().__init__(name, TIP)
        self.setFixedHeight(HEIGHT)
        self._fsc = pd.DataFrame({"resolution_A": []})

    def show_curves(self, fsc: pd.DataFrame) -> None:
        """Show a table with ``resolution_A`` and one column for each curve of `LINES`."""
        self._fsc = fsc
        self.setAccessibleDescription(", ".join(LINES[name].label for name in self.shown))
        self.update()

    @property
    def shown(self) -> list[str]:
        """The columns that were measured."""
        return [name for name in LINES if name in self._fsc and self._fsc[name].notna().any()]

    def x_of(self, resolution_A: Any) -> Any:
        """Return the position of resolutions, in pixels from the left edge: the axis is even in 1/Å."""
        finest = float(self._fsc["resolution_A"].min())
        return LEFT + (self.width() - LEFT - RIGHT) * finest / resolution_A

    def y_of(self, correlation: Any) -> Any:
        """Return the height of correlations, in pixels from the upper edge."""
        share = (np.clip(correlation, LOWEST, HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def draw(self, painter: QPainter) -> None:
        """Draw axes, curves and legend."""
        if len(self._fsc):
            self._draw_axes(painter)
            for name in self.shown:
                self._draw_line(painter, name)
            self._draw_legend(painter)

    def _draw_axes(self, painter: QPainter) -> None:
        for share in SHARES:
            y = self.y_of(share)
            painter.setPen(QPen(self.faint(), 1))
            painter.drawLine(QLineF(LEFT, y, self.width() - RIGHT, y))
            self.write(painter, LEFT - 4, y, f"{share:.2g}", 1.0)
        for resolution in round_resolutions(float(self._fsc["resolution_A"].min())):
            x = self.x_of(resolution)
            painter.setPen(QPen(self.faint(), 1))
            painter.drawLine(QLineF(x, TOP, x, HEIGHT - BOTTOM))
            self.write(painter, min(x, self.width() - 22.0), HEIGHT - BOTTOM + 8, f"{resolution:g} Å")

    def _draw_line(self, painter: QPainter, name: str) -> None:
        look = LINES[name]
        resolution, value = self._fsc[["resolution_A", name]].dropna().to_numpy(float).T
        drawn = np.isfinite(resolution) & (resolution > 0)
        painter.setPen(QPen(QColor(look.color), look.width, look.pen))
        painter.drawPolyline(polygon(self.x_of(resolution[drawn]), self.y_of(value[drawn])))

    def _draw_legend(self, painter: QPainter) -> None:
        for number, name in enumerate(self.shown):
            # Two in a row: four do not fit beside each other.
            row, column = divmod(number, 2)
            y = float(HEIGHT - 22 + 15 * row)
            x = float(LEFT - 20 + column * (self.width() - LEFT) / 2)
            look = LINES[name]
            painter.setPen(QPen(QColor(look.color), look.width, look.pen))
            painter.drawLine(QLineF(x, y, x + 22, y))
            painter.setPen(self._ink)
            painter.drawText(QPointF(x + 27, y + 4), look.label)


def round_resolutions(finest_A: float) -> list[float]:
    """Choose resolutions to write below the axis, far enough apart, down to the finest.

    Examples
    --------
    >>> round_resolutions(9.4)
    [50.0, 20.0, 15.0, 12.0, 10.0]
    """
    steps = [200.0, 100.0, 50.0, 30.0, 20.0, 15.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0]
    chosen: list[float] = []
    last = 0.0
    for step in steps:
        share = finest_A / step
        if share <= 1 and share - last >= 0.15:
            chosen.append(step)
            last = share
    return chosen
