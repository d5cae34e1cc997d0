"""`LatticeStrip`: which lattice each frame of a series shows; a click goes to a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_sciml.app.lattice.frames import FAILED, UNKNOWN
from napari_sciml.layers.styles import BLUE
from napari_sciml.widgets.parts.frame_plot import BOTTOM, TOP, FramePlot

LEFT, ROW_PX = 66, 13
"""Margin for the names, and the height of a row, in screen pixels."""
DOT_PX = 3.2
"""Radius of a frame's dot in screen pixels."""
TOOLTIP = "The answer for each frame. Click to see a frame. Grey dots are unknown."


class LatticeStrip(FramePlot):
    """Shows one dot for each frame, in the row of its class; what is unknown has a grey row of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name, TOOLTIP, LEFT)
        self._names: tuple[str, ...] = ()
        self._rows: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._frames: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._last = -1

    @property
    def count(self) -> int:
        """Number of frames of the series, those that a stopped run did not reach too."""
        return self._last + 1

    def show_rows(
        self,
        names: tuple[str, ...],
        rows: npt.NDArray[np.int64],
        frames: npt.NDArray[np.int64],
        count: int,
    ) -> None:
        """Show in which of the rows called `names` each of `frames` ``(n,)`` lies; the series has `count`."""
        self._names, self._rows, self._frames, self._last = names, rows, frames, count - 1
        self.setFixedHeight(len(names) * ROW_PX + TOP + BOTTOM)
        self.update()

    def y_of(self, row: int) -> float:
        """Return the height of a row in pixels from the upper edge of the widget."""
        area = self.area()
        return float(area.top() + (row + 0.5) * area.height() / max(len(self._names), 1))

    def draw(self, painter: QPainter) -> None:
        """Draw the rows and the dots."""
        area = self.area()
        for row, name in enumerate(self._names):
            y = self.y_of(row)
            painter.setPen(QPen(self.faint(), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.write_left(painter, y, name)
        # Frames that fall on one pixel are one dot.
        xs = np.round([self.x_of(float(frame)) for frame in self._frames], 1)
        for x, row in sorted(set(zip(xs.tolist(), self._rows.tolist(), strict=True))):
            sure = self._names[row] not in (UNKNOWN, FAILED)
            color = QColor(BLUE) if sure else QColor(self._ink)
            if not sure:
                color.setAlphaF(0.6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(x, self.y_of(row)), DOT_PX, DOT_PX)
