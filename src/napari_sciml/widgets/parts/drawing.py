"""`Drawing`: what all widgets share that draw themselves: colours of the theme, font, where words stand.

They are drawn with Qt itself: with pyqtgraph 0.14 five of them were a tenth shorter at most, and new data
were drawn in two to ten times the time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPaintEvent, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

FONT_SHARE, LEAST_PT = 0.85, 7.0
"""Size of the font as a share of the panel's, and the least in points, so that it stays readable."""
TEXT_PX = 200.0
"""Widest text in screen pixels, wider than any that is written; more would be cut."""
_FLAG = Qt.AlignmentFlag
SIDES = {0.0: _FLAG.AlignLeft, 0.5: _FLAG.AlignHCenter, 1.0: _FLAG.AlignRight}
"""Alignment of a text by the share of it that stands left of its place."""


class Drawing(QWidget):
    """Draws in the colours of the theme, as wide as there is room. Who inherits says how, in `draw`.

    Parameters
    ----------
    name
        The object's name.
    tooltip
        What it shows.
    """

    def __init__(self, name: str, tooltip: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(tooltip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._ink = QColor("#808080")

    def draw(self, painter: QPainter) -> None:
        """Draw everything."""
        raise NotImplementedError

    def show_ink(self, ink: str) -> None:
        """Draw axes and words in this colour, the theme's; its style sheet does not reach here."""
        self._ink = QColor(ink)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw, as Qt asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(painter.font()))
        self.draw(painter)
        painter.end()

    def faint(self, alpha: float = 0.25) -> QColor:
        """Return the colour of lines that only guide the eye, with an opacity from 0 to 1."""
        color = QColor(self._ink)
        color.setAlphaF(alpha)
        return color

    def write(self, painter: QPainter, x: float, y: float, text: str, share: float = 0.5) -> None:
        """Write a text with its middle at height `y` in pixels, a share of it (0, 0.5 or 1) left of `x`."""
        painter.setPen(self._ink)
        room = QRectF(x - share * TEXT_PX, y - 8, TEXT_PX, 16)
        painter.drawText(room, SIDES[share] | _FLAG.AlignVCenter, text)


def small(font: QFont) -> QFont:
    """Return a font a little smaller than that of the panel, and never unreadably so."""
    font.setPointSizeF(max(font.pointSizeF() * FONT_SHARE, LEAST_PT))
    return font


def polygon(xs: npt.ArrayLike, ys: npt.ArrayLike) -> QPolygonF:
    """Return the points at `xs` and `ys`, each ``(n,)`` in pixels."""
    return QPolygonF([QPointF(x, y) for x, y in np.stack([xs, ys], axis=1).tolist()])
