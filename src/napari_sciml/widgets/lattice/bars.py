"""`LatticeBars`: the probability of each lattice in the frame that is shown, as bars with their numbers."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QLineF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_sciml.app.base.text import percent
from napari_sciml.app.lattice.by_frame import Bars
from napari_sciml.layers.styles import BLUE
from napari_sciml.widgets.parts.drawing import Drawing

LEFT, RIGHT, ROW_PX, FOOT = 66, 46, 15, 4
"""Margins for names and numbers, the height of a row and what is left below, in screen pixels."""
CLASSES = 7
"""Rows for which there is room before anything is known."""
TOOLTIP = "Probability of each lattice in this frame. The dashed line is the threshold."


class LatticeBars(Drawing):
    """Shows seven bars. The answer stands out by colour and by bold letters; unknown has neither."""

    def __init__(self, name: str) -> None:
        super().__init__(name, TOOLTIP)
        self.setFixedHeight(CLASSES * ROW_PX + FOOT)
        self._bars = Bars()

    @property
    def shown(self) -> Bars:
        """What is drawn."""
        return self._bars

    def show_bars(self, bars: Bars) -> None:
        """Show the probabilities of a frame."""
        if bars != self._bars:
            self._bars = bars
            self.setFixedHeight(max(len(bars.names), CLASSES) * ROW_PX + FOOT)
            self.setAccessibleDescription(
                ", ".join(f"{n} {percent(v)}" for n, v in zip(bars.names, bars.values, strict=True))
            )
            self.update()

    def draw(self, painter: QPainter) -> None:
        """Draw the bars and the threshold."""
        width = max(self.width() - LEFT - RIGHT, 1)
        values = np.array(self._bars.values)
        best = int(np.nanargmax(values)) if np.isfinite(values).any() else -1
        for row, (name, value) in enumerate(zip(self._bars.names, values, strict=True)):
            self._draw_row(painter, row, name, float(value), width, row == best)
        if self._bars.names:
            painter.setPen(QPen(self._ink, 1, Qt.PenStyle.DashLine))
            x = LEFT + width * self._bars.threshold
            painter.drawLine(QLineF(x, 0, x, len(values) * ROW_PX))

    def _draw_row(
        self, painter: QPainter, row: int, name: str, value: float, width: float, best: bool
    ) -> None:
        middle = row * ROW_PX + ROW_PX / 2
        answer = best and self._bars.named
        font = painter.font()
        font.setBold(answer)
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.faint(0.12))
        painter.drawRect(QRectF(LEFT, middle - 5, width, 10))
        if np.isfinite(value):
            painter.setBrush(QColor(BLUE) if answer else self.faint(0.55))
            painter.drawRect(QRectF(LEFT, middle - 5, width * value, 10))
        self.write(painter, LEFT - 6, middle, name, 1.0)
        self.write(painter, LEFT + width + RIGHT - 2, middle, percent(value), 1.0)
