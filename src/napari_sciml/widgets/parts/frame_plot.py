"""`FramePlot`: what every drawing over the frames of a run shares: its axis, the marked frame, the clicks.

Drawn with Qt itself: it takes no time to import, follows the theme, and redraws in a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

RIGHT, TOP, BOTTOM = 10, 8, 20
"""Room for the axes, in pixels."""
TICK_STEPS = (1, 2, 5, 10)
"""Steps of the axis in each decade."""


class FramePlot(QWidget):
    """Emits the frame that is clicked on, or dragged to. Who inherits counts the frames and draws.

    Parameters
    ----------
    name
        The object's name.
    tooltip
        What it shows.
    left
        Room for the words at the left, in pixels.
    """

    frame_chosen = Signal(int)

    def __init__(self, name: str, tooltip: str, left: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(tooltip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._left = left
        self._frame: int | None = None
        self._ink = QColor("#808080")

    @property
    def count(self) -> int:
        """Number of frames."""
        raise NotImplementedError

    def draw(self, painter: QPainter) -> None:
        """Draw what is shown about the frames, without the axis of frames."""
        raise NotImplementedError

    def show_frame(self, frame: int | None) -> None:
        """Mark a frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def show_ink(self, ink: str) -> None:
        """Draw axes and words in this colour, the theme's; its style sheet does not reach here."""
        self._ink = QColor(ink)
        self.update()

    def frame_at(self, x: float) -> int:
        """Return the frame at a position in pixels from the left edge of the widget."""
        area = self.area()
        last = self.count - 1
        return int(np.clip(round((x - area.left()) / max(area.width(), 1.0) * last), 0, max(last, 0)))

    def x_of(self, frame: float) -> float:
        """Return the position of a frame in pixels from the left edge of the widget."""
        area = self.area()
        return area.left() + area.width() * frame / max(self.count - 1, 1)

    def area(self) -> QRectF:
        """Return the part of the widget that is no axis."""
        width, height = self.width() - self._left - RIGHT, self.height() - TOP - BOTTOM
        return QRectF(self._left, TOP, max(width, 1), max(height, 1))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw, as Qt asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small_font(painter)
        self.draw(painter)
        self._draw_ticks(painter)
        if self.count and self._frame is not None:
            area, x = self.area(), self.x_of(float(self._frame))
            painter.setPen(QPen(self._ink, 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the frame under the pointer, as Qt asks."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the pointer while its button is down, as Qt asks."""
        self._choose(event)

    def faint(self) -> QColor:
        """Return the colour of lines that only guide the eye."""
        color = QColor(self._ink)
        color.setAlphaF(0.25)
        return color

    def write_left(self, painter: QPainter, y: float, text: str) -> None:
        """Write at the left of the drawing, at a height in pixels."""
        painter.setPen(self._ink)
        words = QRectF(0, y - 8, self._left - 5, 16)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _choose(self, event: QMouseEvent | None) -> None:
        if event is None or not self.count or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        frame = self.frame_at(event.position().x())
        if frame != self._frame:
            self.frame_chosen.emit(frame)

    def _draw_ticks(self, painter: QPainter) -> None:
        area = self.area()
        painter.setPen(self._ink)
        for frame in ticks(self.count):
            words = QRectF(self.x_of(frame) - 30, area.bottom() + 3, 60, BOTTOM - 4)
            painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, str(frame))


def small_font(painter: QPainter) -> None:
    """Write a little smaller than the panel does, and never unreadably so."""
    font = painter.font()
    font.setPointSizeF(max(font.pointSizeF() * 0.85, 7.0))
    painter.setFont(font)


def ticks(count: int, most: int = 5) -> Sequence[int]:
    """Choose round frame numbers from 0 to below `count`, at most about `most` of them."""
    if count <= 1:
        return [0] * count
    rough = (count - 1) / most
    size = 10 ** int(np.floor(np.log10(max(rough, 1))))
    step = next(part * size for part in TICK_STEPS if part * size >= rough)
    return range(0, count, int(step))
