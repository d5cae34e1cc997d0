"""`FramePlot`: what all plots over the frames of a run share: the axis, the marked frame, the clicks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QLineF, QRectF, Qt, Signal
from qtpy.QtGui import QMouseEvent, QPainter, QPen

from napari_sciml.widgets.parts.drawing import Drawing

RIGHT, TOP, BOTTOM = 10, 8, 20
"""Margins about the frames, in screen pixels, the lowest with the numbers of the axis."""
TICK_STEPS = (1, 2, 5, 10)
"""Steps between the numbers of the axis, in frames, in each decade: the smallest that leaves few enough."""


class FramePlot(Drawing):
    """Emits the frame that is clicked on, or dragged to. Who inherits counts the frames and draws.

    Parameters
    ----------
    name, tooltip
        As of a `Drawing`.
    left
        Room for the words at the left, in pixels.

    Attributes
    ----------
    count
        Number of frames.
    """

    frame_chosen = Signal(int)

    def __init__(self, name: str, tooltip: str, left: int) -> None:
        super().__init__(name, tooltip)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.count = 0
        self._left = left
        self._frame: int | None = None

    def draw_frames(self, painter: QPainter) -> None:
        """Draw what is shown about the frames, without the axis of frames."""
        raise NotImplementedError

    def show_frame(self, frame: int | None) -> None:
        """Mark a frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def frame_at(self, x: float) -> int:
        """Return the frame at a position in pixels from the left edge of the widget."""
        area = self.area()
        last = self.count - 1
        return int(np.clip(round((x - area.left()) / max(area.width(), 1.0) * last), 0, max(last, 0)))

    def x_of(self, frame: Any) -> Any:
        """Return the position of a frame, or of an array of frames, in pixels from the left edge."""
        area = self.area()
        return area.left() + area.width() * frame / max(self.count - 1, 1)

    def area(self) -> QRectF:
        """Return the part of the widget that is no axis."""
        width, height = self.width() - self._left - RIGHT, self.height() - TOP - BOTTOM
        return QRectF(self._left, TOP, max(width, 1), max(height, 1))

    def draw(self, painter: QPainter) -> None:
        """Draw the frames, their axis and the marked one."""
        self.draw_frames(painter)
        area = self.area()
        for frame in ticks(self.count):
            self.write(painter, self.x_of(frame), area.bottom() + 9, str(frame))
        if self.count and self._frame is not None:
            painter.setPen(QPen(self._ink, 1.2, Qt.PenStyle.DashLine))
            x = self.x_of(self._frame)
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the frame under the pointer, as Qt asks."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the pointer while its button is down, as Qt asks."""
        self._choose(event)

    def draw_row(self, painter: QPainter, y: float, text: str) -> None:
        """Draw a faint line across at a height in pixels, with a text at its left."""
        area = self.area()
        painter.setPen(QPen(self.faint(), 1))
        painter.drawLine(QLineF(area.left(), y, area.right(), y))
        self.write(painter, area.left() - 5, y, text, 1.0)

    def _choose(self, event: QMouseEvent | None) -> None:
        if event is None or not self.count or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        frame = self.frame_at(event.position().x())
        if frame != self._frame:
            self.frame_chosen.emit(frame)


def ticks(count: int, most: int = 5) -> Sequence[int]:
    """Choose round frame numbers from 0 to below `count`, at most about `most` of them."""
    if count <= 1:
        return [0] * count
    rough = (count - 1) / most
    size = 10 ** int(np.floor(np.log10(max(rough, 1))))
    step = next(part * size for part in TICK_STEPS if part * size >= rough)
    return range(0, count, int(step))
