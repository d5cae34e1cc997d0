"""`CodebookPlot`: a histogram of weights, with the values they are quantised to as lines to be dragged."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QLineF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from napari_sciml.layers.styles import BLUE, ORANGE
from napari_sciml.widgets.parts.drawing import Drawing, polygon

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 10, 10, 14, 22, 190
"""Margins about the histogram and its height, in screen pixels."""
GRIP_PX = 8.0
"""Farthest from a line, in screen pixels, that a click takes it."""
HANDLE_PX = 5.0
"""Half width in screen pixels of the triangle that is dragged."""
STEPS, BIG = 200, 10
"""An arrow key moves a value by a 200th of the axis; with Shift by ten times that."""
TIP = (
    "Bars: the float32 weights (square root of their number). Solid lines: the values that weights take; "
    "drag one, or press Up or Down to choose one and Left or Right to move it, with Shift farther. "
)
NEAREST = "Dotted lines: where the rounding goes to the next value."
TRAINED = "Training chose the value of each weight, which need not be the nearest."


class CodebookPlot(Drawing):
    """Shows weights and values; emits where a value is moved to, and when it is let go."""

    moved = Signal(int, float)
    settled = Signal()
    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__(name, TIP)
        self.setAccessibleName("Values of the weights")
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._edges: npt.NDArray[np.float64] = np.array([0.0, 1.0])
        self._table: tuple[float, ...] = ()
        self._index = 0
        self._trained = False
        self._dragging = False

    @property
    def index(self) -> int:
        """The value that keys and the number field move."""
        return min(self._index, max(len(self._table) - 1, 0))

    def show_levels(
        self,
        counts: npt.NDArray[np.int64],
        edges: npt.NDArray[np.float64],
        table: tuple[float, ...],
        trained: bool = False,
    ) -> None:
        """Show a histogram and the values; where weights were `trained` they go to no nearest value."""
        self._trained = trained
        self._counts, self._edges, self._table = counts, edges if len(edges) > 1 else self._edges, table
        self._describe()
        self.update()

    def choose(self, index: int) -> None:
        """Choose a value for the keys."""
        if self._table and index != self._index:
            self._index = int(np.clip(index, 0, len(self._table) - 1))
            self._describe()
            self.update()
            self.chosen.emit(self._index)

    def x_of(self, value: float) -> float:
        """Return the position of a value, in pixels from the left edge."""
        low, high = self._span()
        return LEFT + (self.width() - LEFT - RIGHT) * (value - low) / (high - low)

    def value_at(self, x: float) -> float:
        """Return the value at a position."""
        low, high = self._span()
        share = (x - LEFT) / max(self.width() - LEFT - RIGHT, 1)
        return low + float(np.clip(share, 0.0, 1.0)) * (high - low)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the nearest line."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        nearest = self._line_at(event.position().x())
        if nearest is not None:
            self._dragging = True
            self.choose(nearest)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move the line that was taken."""
        if event is None:
            return
        x = event.position().x()
        if self._dragging:
            self.moved.emit(self.index, self.value_at(x))
        near = self._dragging or self._line_at(x) is not None
        self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let it go."""
        if self._dragging:
            self._dragging = False
            self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Choose another value or move the chosen one."""
        if event is None:
            return
        key = event.key()
        far = BIG if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._table:
            self.choose(self.index + (1 if key == Qt.Key.Key_Up else -1))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._table:
            low, high = self._span()
            by = (1 if key == Qt.Key.Key_Right else -1) * far * (high - low) / STEPS
            self.moved.emit(self.index, float(np.clip(self._table[self.index] + by, low, high)))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Take the value when the key is let go; one that is held down repeats."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if not event.isAutoRepeat():
                self.settled.emit()
        else:
            super().keyReleaseEvent(event)

    def draw(self, painter: QPainter) -> None:
        """Draw histogram, axis, thresholds and values."""
        if len(self._counts):
            self._draw_bars(painter)
            self._draw_axis(painter)
            if not self._trained:
                self._draw_thresholds(painter)
            for index in range(len(self._table)):
                self._draw_value(painter, index)
        if self.hasFocus():
            painter.setPen(QPen(QColor(BLUE), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _span(self) -> tuple[float, float]:
        return float(self._edges[0]), float(self._edges[-1])

    def _line_at(self, x: float) -> int | None:
        if not self._table:
            return None
        distances = np.abs(np.array([self.x_of(value) for value in self._table]) - x)
        nearest = int(distances.argmin())
        # Of lines on one another the one that can give way to that side.
        same = np.flatnonzero(distances <= distances[nearest] + 0.5)
        nearest = int(same[-1] if x >= self.x_of(self._table[nearest]) else same[0])
        return nearest if distances[nearest] <= GRIP_PX else None

    def _draw_bars(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.faint(0.45))
        floor, room = HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM
        heights = np.sqrt(self._counts / max(int(self._counts.max()), 1)) * room
        for start, end, height in zip(self._edges[:-1], self._edges[1:], heights, strict=True):
            left, right = self.x_of(float(start)), self.x_of(float(end))
            painter.drawRect(QRectF(left, floor - float(height), max(right - left - 0.5, 0.5), float(height)))

    def _draw_axis(self, painter: QPainter) -> None:
        floor = HEIGHT - BOTTOM
        painter.setPen(QPen(self._ink, 1))
        painter.drawLine(QLineF(LEFT, floor, self.width() - RIGHT, floor))
        low, high = self._span()
        self.write(painter, LEFT, floor + 11, f"{low:.3g}", 0.0)
        self.write(painter, self.width() - RIGHT, floor + 11, f"{high:.3g}", 1.0)
        if low < 0 < high and min(-low, high) > 0.3 * (high - low) / 2:
            self.write(painter, self.x_of(0.0), floor + 11, "0")

    def _draw_thresholds(self, painter: QPainter) -> None:
        painter.setPen(QPen(self.faint(0.7), 1, Qt.PenStyle.DotLine))
        for low, high in pairwise(self._table):
            x = self.x_of((low + high) / 2)
            painter.drawLine(QLineF(x, TOP, x, HEIGHT - BOTTOM))

    def _draw_value(self, painter: QPainter, index: int) -> None:
        x, chosen = self.x_of(self._table[index]), index == self.index
        color = QColor(ORANGE if chosen else BLUE)
        painter.setPen(QPen(color, 2.4 if chosen else 1.6))
        painter.drawLine(QLineF(x, TOP, x, HEIGHT - BOTTOM))
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        # The chosen one has a larger handle: colour alone tells nobody.
        size = HANDLE_PX * (1.6 if chosen else 1.0)
        painter.drawPolygon(polygon((x - size, x + size, x), (TOP - size, TOP - size, TOP + size / 2)))

    def _describe(self) -> None:
        tip = f"{TIP}{TRAINED if self._trained else NEAREST}"
        self.setToolTip(tip)
        if self._table:
            self.setAccessibleDescription(
                f"Value {self.index + 1} of {len(self._table)} at {self._table[self.index]:.4g}. {tip}"
            )
