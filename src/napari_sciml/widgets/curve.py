"""`Curve`: a quantity over the frames of a run, with the present frame marked; a click goes to a frame.

Drawn with Qt itself: it takes no time to import, follows the theme, and redraws in a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_sciml.layers.styles import BLUE, ORANGE

LEFT, RIGHT, TOP, BOTTOM = 40, 10, 8, 20
"""Room for the axes, in pixels."""
HEIGHT = 116
TICK_STEPS = (1, 2, 5, 10)


class Curve(QWidget):
    """Shows values over frames. Emits the frame that is clicked on, or dragged to."""

    frame_chosen = Signal(int)

    def __init__(self, name: str, tooltip: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(tooltip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._values: npt.NDArray[np.float64] = np.empty(0)
        self._marks: npt.NDArray[np.bool_] = np.empty(0, bool)
        self._frame: int | None = None
        self._ink = QColor("#808080")

    def show_values(self, values: npt.NDArray[np.float64], marks: npt.NDArray[np.bool_]) -> None:
        """Show `values` ``(n,)``, shares from 0 to 1, one for each frame; NaN leaves a gap.

        Frames with `marks` ``(n,)`` get a tick at the foot.
        """
        self._values, self._marks = values, marks
        self.update()

    def show_frame(self, frame: int | None) -> None:
        """Mark a frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def show_ink(self, ink: str) -> None:
        """Draw axes and words in this colour, the theme's; its style sheet does not reach here."""
        self._ink = QColor(ink)
        self.update()

    @property
    def top(self) -> float:
        """The share at the upper end of the axis: a round number not below any value."""
        seen = self._values[np.isfinite(self._values)]
        highest = max(float(seen.max()) if len(seen) else 0.0, 0.02)
        return min(next(step for step in _round_steps() if step >= highest), 1.0)

    def frame_at(self, x: float) -> int:
        """Give the frame at a position in pixels from the left edge of the widget."""
        area = self._area()
        last = len(self._values) - 1
        return int(np.clip(round((x - area.left()) / max(area.width(), 1.0) * last), 0, max(last, 0)))

    def x_of(self, frame: float) -> float:
        """Give the position of a frame in pixels from the left edge of the widget."""
        area = self._area()
        return area.left() + area.width() * frame / max(len(self._values) - 1, 1)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw, as Qt asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(font.pointSizeF() * 0.85, 7.0))
        painter.setFont(font)
        self._draw_axes(painter)
        if len(self._values):
            self._draw_marks(painter)
            self._draw_line(painter)
            self._draw_frame(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the frame under the pointer, as Qt asks."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the pointer while its button is down, as Qt asks."""
        self._choose(event)

    def _choose(self, event: QMouseEvent | None) -> None:
        if event is None or not len(self._values) or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        frame = self.frame_at(event.position().x())
        if frame != self._frame:
            self.frame_chosen.emit(frame)

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def _draw_axes(self, painter: QPainter) -> None:
        area, top = self._area(), self.top
        faint = QColor(self._ink)
        faint.setAlphaF(0.25)
        for share in (0.0, top / 2, top):
            y = area.bottom() - area.height() * share / top
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._ink)
            words = QRectF(0, y - 8, LEFT - 5, 16)
            painter.drawText(
                words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent(share)
            )
        for frame in ticks(len(self._values)):
            words = QRectF(self.x_of(frame) - 30, area.bottom() + 3, 60, BOTTOM - 4)
            painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, str(frame))

    def _draw_marks(self, painter: QPainter) -> None:
        area = self._area()
        painter.setPen(QPen(QColor(ORANGE), 1.5))
        # Frames that fall on one pixel are one tick.
        for x in np.unique(np.round([self.x_of(float(frame)) for frame in np.flatnonzero(self._marks)])):
            painter.drawLine(QPointF(float(x), area.bottom()), QPointF(float(x), area.bottom() - 6))

    def _draw_line(self, painter: QPainter) -> None:
        area, top = self._area(), self.top
        painter.setPen(QPen(QColor(BLUE), 1.8))
        frames = np.flatnonzero(np.isfinite(self._values))
        # More points than pixels cannot be told apart.
        frames = frames[:: max(1, len(frames) // (4 * max(self.width(), 1)))]
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > _widest_step(frames)) + 1):
            line = [
                QPointF(self.x_of(float(i)), area.bottom() - area.height() * min(self._values[i] / top, 1.0))
                for i in run
            ]
            painter.drawPolyline(QPolygonF(line))

    def _draw_frame(self, painter: QPainter) -> None:
        if self._frame is None:
            return
        area, x = self._area(), self.x_of(float(self._frame))
        painter.setPen(QPen(self._ink, 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def percent(share: float) -> str:
    """Write a share for the axis, for example ``12.5 %``."""
    return f"{100 * share:.3g} %"


def ticks(count: int, most: int = 5) -> Sequence[int]:
    """Choose round frame numbers from 0 to below `count`, at most about `most` of them."""
    if count <= 1:
        return [0] * count
    rough = (count - 1) / most
    size = 10 ** int(np.floor(np.log10(max(rough, 1))))
    step = next(part * size for part in TICK_STEPS if part * size >= rough)
    return range(0, count, int(step))


def _round_steps() -> list[float]:
    return [0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


def _widest_step(frames: npt.NDArray[np.int_]) -> int:
    """Give the step between neighbours of a line that was thinned out; wider ones are gaps."""
    return int(np.min(np.diff(frames))) if len(frames) > 1 else 1
