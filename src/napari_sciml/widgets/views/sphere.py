"""`ViewSphere`: the half sphere of views, seen from above, coloured by how many particles each one holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from qtpy.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from qtpy.QtWidgets import QToolTip

from napari_sciml.app.views.text import share_text
from napari_sciml.layers.styles import CHOSEN_COLOR
from napari_sciml.widgets.parts.drawing import Drawing

EDGE_PX = 176
"""Edge of the half sphere in screen pixels."""
FOOT_PX = 30
"""Height of the colour scale below it in screen pixels."""
MARGIN = 9.0
"""Screen pixels between the half sphere and the edge, so that dots at its rim are whole."""
DOT_PX = 6.5
"""Radius of a view's dot in screen pixels."""
RINGS_DEG = (30, 60, 90)
"""Tilts in degrees at which a circle is drawn."""
STOPS = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725")
"""Few to many on a dark theme, the other way round on a light one: the colours of viridis, which differ in
lightness for every kind of colour vision."""
TIP = (
    "The directions from which particles are seen: the middle looks along z, the rim from the side. Click a "
    "dot, or use the arrow keys."
)


def places(angles_deg: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Project directions ``(n, 2)``, rot and tilt, to the unit disc: ``(n, 2)`` x to the right, y up.

    Equal areas of the half sphere are equal areas of the disc, so crowding in it is crowding in truth.
    """
    rot, tilt = np.radians(np.asarray(angles_deg, float)).T
    radius = np.sqrt(2) * np.sin(tilt / 2)
    return np.stack([radius * np.cos(rot), radius * np.sin(rot)], axis=1)


class ViewSphere(Drawing):
    """Shows counts as colours. Emits the view that a person goes to, by mouse or keys."""

    view_chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__(name, TIP)
        self.setFixedSize(EDGE_PX, EDGE_PX + FOOT_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self._places: npt.NDArray[np.float64] = np.empty((0, 2))
        self._views = pd.DataFrame({"count": []})
        self._kept: frozenset[int] = frozenset()
        self._chosen: int | None = None

    def show_views(self, views: pd.DataFrame, kept: frozenset[int], chosen: int | None) -> None:
        """Show the counts of `views`, which are left out of the map, and which one is looked at."""
        if views is not self._views:
            self._views = views
            self._places = places(views[["rot_deg", "tilt_deg"]].to_numpy(float))
        self._kept, self._chosen = kept, chosen
        self.setAccessibleDescription("" if chosen is None else self.describe(chosen))
        self.update()

    def place_of(self, view: int) -> QPointF:
        """Return where the dot of a view is, in pixels of the widget."""
        x, y = self._places[view]
        half = EDGE_PX / 2
        return QPointF(half + (half - MARGIN) * x, half - (half - MARGIN) * y)

    def view_at(self, at: QPointF) -> int | None:
        """Return the view whose dot is at a position, or None."""
        if not len(self._places):
            return None
        dots = [self.place_of(view) - at for view in range(len(self._places))]
        gaps = np.array([np.hypot(dot.x(), dot.y()) for dot in dots])
        nearest = int(gaps.argmin())
        return nearest if gaps[nearest] <= DOT_PX + 2 else None

    def describe(self, view: int) -> str:
        """Return which view that is and how many particles it holds."""
        row = self._views.iloc[view]
        return (
            f"View {view}: tilt {row['tilt_deg']:.0f}°, rot {row['rot_deg']:.0f}°, "
            f"{int(row['count'])} particles ({share_text(float(row['share']))})"
        )

    def neighbour(self, right: float, up: float) -> int | None:
        """Return the nearest view in a direction from the chosen one; the middle one if none is chosen."""
        if not len(self._places):
            return None
        if self._chosen is None:
            return 0
        steps = self._places - self._places[self._chosen]
        along = steps @ np.array([right, up])
        across = np.abs(steps @ np.array([-up, right]))
        ahead = (along > 1e-6) & (across <= 1.2 * along)
        if not ahead.any():
            return None
        return int(np.where(ahead, along + across, np.inf).argmin())

    def draw(self, painter: QPainter) -> None:
        """Draw circles of tilt, dots and colour scale."""
        self._draw_rings(painter)
        counts = self._views["count"].to_numpy(float)
        most = max(float(counts.max()), 1.0) if len(counts) else 1.0
        for view, count in enumerate(counts):
            self._draw_dot(painter, view, float(count), most)
        self._draw_scale(painter, most)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the view under the pointer, as Qt asks."""
        if event is not None and (view := self.view_at(event.position())) is not None:
            self.view_chosen.emit(view)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go to a neighbour, as Qt asks."""
        keys = {
            Qt.Key.Key_Left: (-1.0, 0.0),
            Qt.Key.Key_Right: (1.0, 0.0),
            Qt.Key.Key_Up: (0.0, 1.0),
            Qt.Key.Key_Down: (0.0, -1.0),
        }
        if event is None:
            return
        way = keys.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
        elif (view := self.neighbour(*way)) is not None:
            self.view_chosen.emit(view)

    def event(self, event: QEvent | None) -> bool:
        """Describe the dot under the pointer, as Qt asks."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            view = self.view_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), TIP if view is None else self.describe(view), self)
            return True
        return bool(super().event(event))

    def _shade(self, share: float) -> QColor:
        """Let the fullest views stand out most from the background."""
        return shade(share if self._ink.lightnessF() > 0.5 else 1 - share)

    def _draw_rings(self, painter: QPainter) -> None:
        half = EDGE_PX / 2
        painter.setPen(QPen(self.faint(0.3), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for tilt in RINGS_DEG:
            radius = (half - MARGIN) * np.sqrt(2) * np.sin(np.radians(tilt) / 2)
            painter.drawEllipse(QPointF(half, half), radius, radius)

    def _draw_dot(self, painter: QPainter, view: int, count: float, most: float) -> None:
        at = self.place_of(view)
        if count:
            painter.setPen(QPen(self._ink, 0.6))
            color = self._shade(count / most)
            if view not in self._kept:
                # Faded, so that the cross is seen on every colour.
                color.setAlphaF(0.25)
            painter.setBrush(color)
            painter.drawEllipse(at, DOT_PX, DOT_PX)
        else:
            # An empty direction is a hole that the map will have, too.
            painter.setPen(QPen(self._ink, 0.8, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, DOT_PX - 1.5, DOT_PX - 1.5)
        if count and view not in self._kept:
            painter.setPen(QPen(self._ink, 1.6))
            for side in (-1, 1):
                corner = QPointF(DOT_PX - 1, side * (DOT_PX - 1))
                painter.drawLine(at - corner, at + corner)
        if view == self._chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((self._ink, 5.0), (QColor(CHOSEN_COLOR), 3.0)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(at, DOT_PX + 2, DOT_PX + 2)

    def _draw_scale(self, painter: QPainter, most: float) -> None:
        top, left, width = EDGE_PX + 2.0, 26.0, EDGE_PX - 64.0
        steps = 40
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(steps):
            painter.setBrush(self._shade((step + 0.5) / steps))
            painter.drawRect(QRectF(left + width * step / steps, top + 3, width / steps + 0.5, 7))
        self.write(painter, left - 5, top + 6.5, "1", 1.0)
        self.write(painter, left + width + 5, top + 6.5, f"{most:.0f}", 0.0)
        self.write(painter, EDGE_PX / 2, top + 20, "particles; dotted: none")


def shade(share: float) -> QColor:
    """Return the colour of a share, 0 to 1."""
    parts = zip(*(QColor(stop).getRgb()[:3] for stop in STOPS), strict=True)
    shares = np.linspace(0, 1, len(STOPS))
    return QColor(*(round(float(np.interp(share, shares, part))) for part in parts))
