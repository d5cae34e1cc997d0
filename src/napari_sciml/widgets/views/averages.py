"""`Averages`: the average of each view, to be kept for the 3-D map or left out."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_sciml.app.base.text import percent
from napari_sciml.app.views.text import likeness_line, missing_line, ordered, view_line
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.widgets.parts.basics import button, combo, fill, say, sentence
from napari_sciml.widgets.parts.picture_grid import Picture, PictureGrid
from napari_sciml.widgets.views.parts import column

AVERAGE_PX = 56
"""Edge of a class average in screen pixels."""
ORDERS = [
    ("most particles first", "count"),
    ("by number of the view", "view"),
    ("likest to the map first", "correlation"),
]


class Averages(QWidget):
    """Draws averages and emits which one is looked at, and which are kept or not. Drawing never emits."""

    view_chosen = Signal(int)
    kept_changed = Signal(list, bool)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[ViewsResult, frozenset[int], int | None] | None = None
        self._drawn: tuple[Any, ...] = ()
        self._order = combo("sciml_average_order", "The order of the averages.")
        fill(self._order, ORDERS, "count")
        self._keep = button("sciml_keep", "Keep", "Let the selected views go into the 3-D map.")
        self._discard = button("sciml_discard", "Discard", "Leave the selected views out of the 3-D map.")
        self._grid = PictureGrid("sciml_averages", AVERAGE_PX, several=True, rows=3)
        self._grid.setToolTip("The average of each view. Select several with Shift or Ctrl.")
        self._kept = sentence("sciml_kept")
        self._order.activated.connect(self._on_order)
        self._keep.clicked.connect(partial(self._on_keep, True))
        self._discard.clicked.connect(partial(self._on_keep, False))
        self._grid.went_to.connect(self.view_chosen)
        self._lay_out()

    def show_views(self, result: ViewsResult, kept: frozenset[int], chosen: int | None) -> None:
        """Draw `result` with the views that are kept and the chosen one; pictures only if they are others."""
        self._shown = (result, kept, chosen)
        order = self._order.currentData()
        if self._drawn != (result, kept, order):
            self._drawn = (result, kept, order)
            pictures = [_picture_of(result, view, view not in kept) for view in ordered(result.views, order)]
            self._grid.show_pictures(pictures, self._grid.selected)
        self._grid.show_key(chosen)
        say(self._kept, missing_line(sorted(kept), result))

    def _on_order(self, index: int) -> None:
        if self._shown is not None:
            self.show_views(*self._shown)

    def _on_keep(self, wanted: bool, *_: Any) -> None:
        chosen = self._grid.selected
        if chosen:
            self.kept_changed.emit(chosen, wanted)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._order, 1)
        top.addWidget(self._keep)
        top.addWidget(self._discard)
        layout = column(self)
        layout.addLayout(top)
        layout.addWidget(self._grid)
        layout.addWidget(self._kept)


def _picture_of(result: ViewsResult, view: int, out: bool) -> Picture:
    row = result.views.iloc[view]
    text = f"{int(row['count'])} · {percent(float(row['share']))}"
    tip = f"{view_line(result, view)}. {likeness_line(result, view)}"
    return Picture(view, result.averages[view], text, tip, out)
