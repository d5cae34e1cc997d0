"""`ViewInSight`: all views on a sphere, and the one that is looked at with its particles."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_sciml.app.views.text import likeness_line, view_line
from napari_sciml.techniques.cryoem.particles.particles import Particles
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.widgets.parts.basics import say, sentence
from napari_sciml.widgets.parts.picture_grid import Picture, PictureGrid, pixmap_of
from napari_sciml.widgets.views.parts import bold, column
from napari_sciml.widgets.views.sphere import ViewSphere

PARTICLE_PX, PAIR_PX = 44, 74
"""Edges of a particle, and of the average and its reference, in screen pixels."""
MOST_PARTICLES = 200
"""Of one view that are shown; the caption says how many there are."""
PAIR = ("average", "reference")


class ViewInSight(QWidget):
    """Draws sorted particles and emits which view or particle was clicked. Drawing never emits."""

    view_chosen = Signal(int)
    particle_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[Any, ...] = ()
        self._sphere = ViewSphere("sciml_sphere")
        self._pair = [_picture(f"sciml_{name}") for name in PAIR]
        self._title = bold("sciml_view_title")
        self._text = sentence("sciml_view_words")
        self._particles = PictureGrid("sciml_particles", PARTICLE_PX, several=False, rows=1, text_px=0)
        self._particles.setToolTip("Particles of this view. Click one to see where it is in its micrograph.")
        self._sphere.view_chosen.connect(self.view_chosen)
        self._particles.went_to.connect(self.particle_chosen)
        self._lay_out()

    def show_views(self, result: ViewsResult, kept: frozenset[int], chosen: int | None) -> None:
        """Draw `result` with the views that are kept and the chosen one; pictures only if they are others."""
        self._sphere.show_views(result.views, kept, chosen)
        if self._drawn != (result, chosen):
            self._drawn = (result, chosen)
            self._show_view(result, chosen)

    def show_ink(self, ink: str) -> None:
        """Draw in this colour, the theme's."""
        self._sphere.show_ink(ink)

    def _show_view(self, result: ViewsResult, view: int | None) -> None:
        self._particles.setVisible(view is not None)
        if view is None:
            say(self._title, "")
            say(self._text, "Click a dot or an average to see its particles.")
            for label, words in zip(self._pair, PAIR, strict=True):
                label.clear()
                label.setText(words)
            return
        say(self._title, view_line(result, view))
        say(self._text, likeness_line(result, view))
        for label, images in zip(self._pair, (result.averages, result.references), strict=True):
            label.setPixmap(pixmap_of(images[view], PAIR_PX))
        rows = np.flatnonzero(result.table["view"].to_numpy() == view)[:MOST_PARTICLES]
        boxes = result.particles
        # A saved run holds no images of its particles.
        self._particles.setVisible(boxes is not None)
        pictures = [] if boxes is None else [_particle(result, boxes, int(row)) for row in rows]
        self._particles.show_pictures(pictures)
        self._particles.clearSelection()

    def _lay_out(self) -> None:
        top, pair = QHBoxLayout(), QVBoxLayout()
        for label, words in zip(self._pair, PAIR, strict=True):
            title = QLabel(words)
            title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            pair.addWidget(label)
            pair.addWidget(title)
        pair.addStretch(1)
        top.addWidget(self._sphere)
        top.addLayout(pair)
        top.addStretch(1)
        layout = column(self)
        layout.addLayout(top)
        for widget in (self._title, self._text, self._particles):
            layout.addWidget(widget)


def _picture(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setFixedSize(PAIR_PX, PAIR_PX)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _particle(result: ViewsResult, boxes: Particles, row: int) -> Picture:
    place = result.table.iloc[row]
    tip = f"Micrograph {int(place['frame'])}, probability {place['view_probability']:.2f}"
    return Picture(row, boxes.images[row], "", tip)
