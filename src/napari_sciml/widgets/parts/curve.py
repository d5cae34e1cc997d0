"""`Curve`: a quantity over the frames of a run, with the present frame marked; a click goes to a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QLineF
from qtpy.QtGui import QColor, QPainter, QPen

from napari_sciml.layers.styles import BLUE, ORANGE
from napari_sciml.widgets.parts.drawing import polygon
from napari_sciml.widgets.parts.frame_plot import FramePlot

LEFT = 40
"""Margin for the numbers in screen pixels."""
HEIGHT = 116
"""Least height in screen pixels."""
ROUND_SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares at which the axis may end; the first that is not below any value is taken."""


class Curve(FramePlot):
    """Shows values over frames. Emits the frame that is clicked on, or dragged to."""

    def __init__(self, name: str, tooltip: str) -> None:
        super().__init__(name, tooltip, LEFT)
        self.setMinimumHeight(HEIGHT)
        self._values: npt.NDArray[np.float64] = np.empty(0)
        self._marks: npt.NDArray[np.bool_] = np.empty(0, bool)

    def show_values(self, values: npt.NDArray[np.float64], marks: npt.NDArray[np.bool_]) -> None:
        """Show `values` ``(n,)``, shares from 0 to 1, one for each frame; NaN leaves a gap.

        Frames with `marks` ``(n,)`` get a tick at the foot.
        """
        self._values, self._marks, self.count = values, marks, len(values)
        self.update()

    @property
    def top(self) -> float:
        """The share at the upper end of the axis: a round number not below any value."""
        seen = self._values[np.isfinite(self._values)]
        highest = float(seen.max()) if len(seen) else 0.0
        return next((share for share in ROUND_SHARES if share >= highest), 1.0)

    def draw_frames(self, painter: QPainter) -> None:
        """Draw the axis of shares, the ticks and the line."""
        area, top = self.area(), self.top
        for share in (0.0, top / 2, top):
            self.draw_row(painter, area.bottom() - area.height() * share / top, percent(share))
        painter.setPen(QPen(QColor(ORANGE), 1.5))
        # Frames that fall on one pixel are one tick.
        for x in np.unique(np.round(self.x_of(np.flatnonzero(self._marks)))).tolist():
            painter.drawLine(QLineF(x, area.bottom() - 6, x, area.bottom()))
        painter.setPen(QPen(QColor(BLUE), 1.8))
        frames = np.flatnonzero(np.isfinite(self._values))
        # More points than pixels cannot be told apart.
        frames = frames[:: max(1, len(frames) // (4 * max(self.width(), 1)))]
        steps = np.diff(frames)
        # Steps wider than those of a line that was thinned out are gaps.
        for run in np.split(frames, np.flatnonzero(steps > steps.min(initial=self.count)) + 1):
            ys = area.bottom() - area.height() * np.minimum(self._values[run] / top, 1.0)
            painter.drawPolyline(polygon(self.x_of(run), ys))


def percent(share: float) -> str:
    """Write a share for the axis, for example ``12.5 %``."""
    return f"{100 * share:.3g} %"
