"""`FscPlot`: how well two maps agree at each resolution, beside what the same way shows where nothing is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_sciml.layers.styles import BLUE, ORANGE, PURPLE, VERMILION
from napari_sciml.widgets.parts.frame_plot import small_font

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

    words: str
    color: str
    pen: Qt.PenStyle
    width: float = 1.4


LINES = {
    "half_sets": Line("half sets", BLUE, Qt.PenStyle.SolidLine, 2.2),
    "truth": Line("against the truth", ORANGE, Qt.PenStyle.DashLine, 1.8),
    "noise": Line("control: noise", VERMILION, Qt.PenStyle.DotLine, 1.8),
    "phase_randomised": Line("control: phases", PURPLE, Qt.PenStyle.DashDotLine, 1.6),
}


class FscPlot(QWidget):
    """Draws the curves that were measured, with the two thresholds."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(TIP)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self._fsc = pd.DataFrame({"resolution_A": []})
        self._ink = QColor("#808080")

    def show_curves(self, fsc: pd.DataFrame) -> None:
        """Show a table with ``resolution_A`` and one column for each curve of `LINES`."""
        self._fsc = fsc
        self.setAccessibleDescription(", ".join(LINES[name].words for name in self.shown))
        self.update()

    def show_ink(self, ink: str) -> None:
        """Draw axes and words in this colour, the theme's; its style sheet does not reach here."""
        self._ink = QColor(ink)
        self.update()

    @property
    def shown(self) -> list[str]:
        """The columns that were measured."""
        return [name for name in LINES if name in self._fsc and self._fsc[name].notna().any()]

    def x_of(self, resolution_A: float) -> float:
        """Return the position of a resolution, in pixels from the left edge: the axis is even in 1/Å."""
        finest = float(self._fsc["resolution_A"].min())
        return LEFT + (self.width() - LEFT - RIGHT) * finest / resolution_A

    def y_of(self, correlation: float) -> float:
        """Return the height of a correlation, in pixels from the upper edge."""
        share = (np.clip(correlation, LOWEST, HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return float(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw, as Qt asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small_font(painter)
        if len(self._fsc):
            self._draw_axes(painter)
            for name in self.shown:
                self._draw_line(painter, name)
            self._draw_legend(painter)
        painter.end()

    def _draw_axes(self, painter: QPainter) -> None:
        faint = QColor(self._ink)
        faint.setAlphaF(0.25)
        line = Qt.AlignmentFlag.AlignVCenter
        for share in SHARES:
            y = self.y_of(share)
            painter.setPen(QPen(faint, 1, Qt.PenStyle.SolidLine))
            painter.drawLine(QPointF(LEFT, y), QPointF(self.width() - RIGHT, y))
            painter.setPen(self._ink)
            words = QRectF(0, y - 8, LEFT - 4, 16)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | line, f"{share:.2g}")
        top = HEIGHT - BOTTOM + 1
        for resolution in round_resolutions(float(self._fsc["resolution_A"].min())):
            x = self.x_of(resolution)
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(x, self.y_of(HIGHEST)), QPointF(x, self.y_of(LOWEST)))
            painter.setPen(self._ink)
            edge = min(x, self.width() - 22.0)
            painter.drawText(
                QRectF(edge - 24, top, 48, 14), Qt.AlignmentFlag.AlignHCenter | line, f"{resolution:g} Å"
            )

    def _draw_line(self, painter: QPainter, name: str) -> None:
        look = LINES[name]
        rows = self._fsc[["resolution_A", name]].dropna()
        points = [
            QPointF(self.x_of(float(resolution)), self.y_of(float(value)))
            for resolution, value in rows.to_numpy(float)
            if np.isfinite(resolution) and resolution > 0
        ]
        painter.setPen(QPen(QColor(look.color), look.width, look.pen))
        painter.drawPolyline(QPolygonF(points))

    def _draw_legend(self, painter: QPainter) -> None:
        for number, name in enumerate(self.shown):
            # Two in a row: four do not fit beside each other.
            row, column = divmod(number, 2)
            y = float(HEIGHT - 22 + 15 * row)
            x = float(LEFT - 20 + column * (self.width() - LEFT) / 2)
            look = LINES[name]
            painter.setPen(QPen(QColor(look.color), look.width, look.pen))
            painter.drawLine(QPointF(x, y), QPointF(x + 22, y))
            painter.setPen(self._ink)
            painter.drawText(QPointF(x + 27, y + 4), look.words)


def round_resolutions(finest_A: float) -> list[float]:
    """Choose resolutions to write below the axis, far enough apart, down to the finest.

    Examples
    --------
    >>> round_resolutions(9.4)
    [50.0, 20.0, 15.0, 10.0]
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
