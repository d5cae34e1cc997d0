"""`LatticeBars`: the probability of each lattice in the frame in view, as bars with their numbers."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_sciml.app.base.text import percent
from napari_sciml.app.lattice.frames import Bars
from napari_sciml.layers.styles import BLUE
from napari_sciml.widgets.parts.frame_plot import small_font

LEFT, RIGHT, ROW_PX, FOOT = 66, 46, 15, 4
"""Margins for names and numbers, the height of a row and what is left below, in screen pixels."""
CLASSES = 7
"""Rows for which there is room before anything is known."""
TOOLTIP = "Probability of each lattice in this frame. The dashed line is the threshold."


class LatticeBars(QWidget):
    """Shows seven bars. The answer stands out by colour and by bold letters; unknown has neither."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(TOOLTIP)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(CLASSES * ROW_PX + FOOT)
        self._bars = Bars()
        self._ink = QColor("#808080")

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

    def show_ink(self, ink: str) -> None:
        """Draw words and lines in this colour, the theme's; its style sheet does not reach here."""
        self._ink = QColor(ink)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw, as Qt asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small_font(painter)
        width = max(self.width() - LEFT - RIGHT, 1)
        values = np.array(self._bars.values)
        best = int(np.nanargmax(values)) if np.isfinite(values).any() else -1
        for row, (name, value) in enumerate(zip(self._bars.names, values, strict=True)):
            self._draw_row(painter, row, name, float(value), width, row == best)
        if self._bars.names:
            x = LEFT + width * self._bars.threshold
            painter.setPen(QPen(self._ink, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, 0), QPointF(x, len(values) * ROW_PX))
        painter.end()

    def _draw_row(
        self, painter: QPainter, row: int, name: str, value: float, width: float, best: bool
    ) -> None:
        middle = row * ROW_PX + ROW_PX / 2
        answer = best and self._bars.named
        font = painter.font()
        font.setBold(answer)
        painter.setFont(font)
        track, bar = QColor(self._ink), QColor(BLUE if answer else self._ink)
        track.setAlphaF(0.12)
        if not answer:
            bar.setAlphaF(0.55)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRect(QRectF(LEFT, middle - 5, width, 10))
        if np.isfinite(value):
            painter.setBrush(bar)
            painter.drawRect(QRectF(LEFT, middle - 5, width * value, 10))
        painter.setPen(self._ink)
        line = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, middle - 8, LEFT - 6, 16), Qt.AlignmentFlag.AlignRight | line, name)
        painter.drawText(
            QRectF(LEFT + width + 4, middle - 8, RIGHT - 6, 16),
            Qt.AlignmentFlag.AlignRight | line,
            percent(value),
        )
