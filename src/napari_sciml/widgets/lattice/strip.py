"""`LatticeStrip`: which lattice each frame of a series shows; a click goes to a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter

from napari_sciml.app.lattice.by_frame import FAILED, UNKNOWN
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

    def show_rows(
        self,
        names: tuple[str, ...],
        rows: npt.NDArray[np.int64],
        frames: npt.NDArray[np.int64],
        count: int,
    ) -> None:
        """Show in which of the rows called `names` each of `frames` ``(n,)`` lies.

        `count` is the number of frames of the series, those that a stopped run did not reach too.
        """
        self._names, self._rows, self._frames, self.count = names, rows, frames, count
        self.setFixedHeight(len(names) * ROW_PX + TOP + BOTTOM)
        self.update()

    def y_of(self, row: int) -> float:
        """Return the height of a row in pixels from the upper edge of the widget."""
        area = self.area()
        return float(area.top() + (row + 0.5) * area.height() / max(len(self._names), 1))

    def draw_frames(self, painter: QPainter) -> None:
        """Draw the rows and the dots."""
        # Frames that fall on half a pixel are one dot.
        xs = np.round(2 * self.x_of(self._frames)) / 2
        for row, name in enumerate(self._names):
            y = self.y_of(row)
            self.draw_row(painter, y, name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.faint(0.6) if name in (UNKNOWN, FAILED) else QColor(BLUE))
            for x in np.unique(xs[self._rows == row]).tolist():
                painter.drawEllipse(QPointF(x, y), DOT_PX, DOT_PX)
