"""`ViewsPage`: from picks to views, averages and a first 3-D map."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_sciml.app.lattices import percent
from napari_sciml.app.session import Session
from napari_sciml.app.state import Phase, RunState
from napari_sciml.app.views_state import ViewsState
from napari_sciml.app.views_words import (
    controls_line,
    likeness_line,
    missing_line,
    ordered,
    resolution_line,
    view_line,
    views_line,
)
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.widgets.fsc_plot import FscPlot
from napari_sciml.widgets.job_bar import JobButton
from napari_sciml.widgets.map_choice import MapChooser
from napari_sciml.widgets.parts import combo, fill, say, sentence
from napari_sciml.widgets.picture_grid import Picture, PictureGrid, pixmap_of
from napari_sciml.widgets.result_page import ResultPage
from napari_sciml.widgets.view_sphere import ViewSphere

AVERAGE_PX, PARTICLE_PX, PAIR_PX = 56, 44, 74
MOST_PARTICLES = 200
"""Of one view that are shown; the caption says how many there are."""
ORDERS = [
    ("most particles first", "count"),
    ("by number of the view", "view"),
    ("likest to the map first", "correlation"),
]
STALE = "The picks have changed since: sort again, or go on with these views."
OUTDATED = "Other views are kept now than this map was made from: build it again."


class ViewsPage(ResultPage):
    """Draws a `ViewsState` beside the picks and emits wishes. Drawing never emits."""

    view_chosen = Signal(int)
    kept_changed = Signal(list, bool)
    particle_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_views_page")
        self._views: ViewsState = ViewsState()
        self._drawn: tuple[Any, ...] = ()
        self._drawn_view: tuple[Any, ...] = ()
        self._particle_rows: list[int] = []
        self._result = _bold("sciml_views_result")
        self._chooser = MapChooser()
        self._sort = JobButton(
            "sciml_sort_views",
            "Sort into views",
            "Cut out the picks, name the view of each, average them.",
        )
        self._blocked = sentence("sciml_views_blocked")
        self._error = sentence("sciml_views_error")
        self._note = sentence("sciml_views_note")
        self._caution = sentence("sciml_views_caution")
        self._sphere = ViewSphere("sciml_sphere")
        self._pair = [_picture(name) for name in ("sciml_average", "sciml_reference")]
        self._view_title = _bold("sciml_view_title")
        self._view_words = sentence("sciml_view_words")
        self._particles = PictureGrid("sciml_particles", PARTICLE_PX, several=False, rows=1, text_px=0)
        self._particles.setToolTip("Particles of this view. Click one to see where it is in its micrograph.")
        self._order = combo("sciml_average_order", "The order of the averages.")
        fill(self._order, ORDERS, "count")
        self._averages = PictureGrid("sciml_averages", AVERAGE_PX, several=True, rows=3)
        self._averages.setToolTip("The average of each view. Select several with Shift or Ctrl.")
        self._keep = _button("sciml_keep", "Keep", "Let the selected views go into the 3-D map.")
        self._discard = _button("sciml_discard", "Discard", "Leave the selected views out of the 3-D map.")
        self._kept = sentence("sciml_kept")
        self._build = JobButton(
            "sciml_build_map", "Build 3-D map", "Insert the averages that are kept; the map grows on screen."
        )
        self._turn = _button("sciml_turn_stage", "", "Turn between the 3-D map and the micrographs.")
        self._resolution = _bold("sciml_resolution")
        self._fsc = FscPlot("sciml_fsc")
        self._controls = sentence("sciml_controls")
        self._cautions = sentence("sciml_map_cautions")
        self._save = _button(
            "sciml_views_save",
            "Save results…",
            "Write picks, views, averages, map and FSC into a new folder.",
        )
        self._saved = sentence("sciml_views_saved")
        self._sorted_part, self._map_part = QWidget(), QWidget()
        self._lay_out()
        self._connect()

    def attend(self, session: Session) -> None:
        """Tie the page to the controller of views."""
        views = session.views
        self._chooser.map_chosen.connect(views.choose_map)
        self._chooser.voxel_edited.connect(views.set_voxel)
        self._chooser.method_chosen.connect(views.choose_method)
        self._chooser.ctf_chosen.connect(views.choose_ctf)
        self._chooser.train_pressed.connect(views.train)
        self._sort.pressed.connect(views.sort)
        self._build.pressed.connect(views.build)
        for job in (self._sort, self._build):
            job.stop_pressed.connect(views.stop)
        self.view_chosen.connect(views.choose_view)
        self.kept_changed.connect(views.keep)
        self.particle_chosen.connect(views.go_to_particle)
        self._turn.clicked.connect(partial(_turn_stage, weakref.ref(views)))
        views.changed.connect(self.show_views)
        # psygnal holds the page weakly, but Qt may delete its inside while Python still holds the shell.
        self.destroyed.connect(partial(_leave, weakref.ref(views), weakref.WeakMethod(self.show_views)))
        self.show_views(views.state)

    def show_state(self, state: RunState) -> None:
        """Draw what the run says: how many picks there are, and whether they can be saved."""
        say(self._result, state.result if self._views.result is None else views_line(self._views.result))
        self._save.setEnabled(state.can_save and not state.saving)
        self._save.setText("Saving…" if state.saving else "Save results…")
        say(self._saved, state.note or state.error)

    def show_views(self, state: ViewsState) -> None:
        """Draw `state`; pictures only if they are others."""
        self._views = state
        self._chooser.show_state(state)
        idle = state.phase is Phase.IDLE
        sorting = state.job in ("sort", "train")
        self._sort.show_job(
            state.phase, sorting, idle and not state.blocked, state.progress, state.seconds_left
        )
        say(self._blocked, state.blocked if idle else "")
        say(self._error, state.error)
        say(self._note, STALE if state.stale and not state.note else state.note)
        say(self._caution, state.caution)
        self._sorted_part.setVisible(state.result is not None)
        if state.result is not None:
            say(self._result, views_line(state.result))
            self._show_sorted(state, state.result)
            self._show_map(state, state.result)

    def show_theme(self, theme: str) -> None:
        """Draw sphere, curves and warnings in the colours of napari's theme."""
        colors = get_theme(theme)
        ink = colors.text.as_hex()
        self._sphere.show_ink(ink)
        self._fsc.show_ink(ink)
        # A bar beside the words, not coloured words: those would be hard to read on one of the themes.
        marks = [(self._error, colors.error)]
        marks += [(label, colors.warning) for label in (self._blocked, self._caution, self._cautions)]
        for label, color in marks:
            label.setStyleSheet(f"border-left: 4px solid {color.as_hex()}; padding-left: 6px;")

    def _show_sorted(self, state: ViewsState, result: ViewsResult) -> None:
        self._sphere.show_views(result.views, state.kept, state.chosen)
        drawn = (result, state.kept, self._order.currentData())
        if self._drawn[:1] != drawn[:1] or self._drawn[1:] != drawn[1:]:
            self._drawn = drawn
            pictures = [
                self._picture_of(result, view, view not in state.kept)
                for view in ordered(result.views, self._order.currentData())
            ]
            self._averages.show_pictures(pictures, self._averages.selected)
        self._averages.show_key(state.chosen)
        if self._drawn_view != (result, state.chosen):
            self._drawn_view = (result, state.chosen)
            self._show_view(result, state.chosen)
        say(self._kept, missing_line(sorted(state.kept), result))

    @staticmethod
    def _picture_of(result: ViewsResult, view: int, out: bool) -> Picture:
        row = result.views.iloc[view]
        text = f"{int(row['count'])} · {percent(float(row['share']))}"
        tip = f"{view_line(result, view)}. {likeness_line(result, view)}"
        return Picture(view, result.averages[view], text, tip, out)

    def _show_view(self, result: ViewsResult, view: int | None) -> None:
        chosen = view is not None
        self._particles.setVisible(chosen)
        if view is None:
            say(self._view_title, "")
            say(self._view_words, "Click a dot or an average to see its particles.")
            for label, words in zip(self._pair, ("average", "reference"), strict=True):
                label.clear()
                label.setText(words)
            return
        say(self._view_title, view_line(result, view))
        say(self._view_words, likeness_line(result, view))
        for label, images in zip(self._pair, (result.averages, result.references), strict=True):
            label.setPixmap(pixmap_of(images[view], PAIR_PX))
        rows = np.flatnonzero(result.table["view"].to_numpy() == view)[:MOST_PARTICLES]
        self._particle_rows = [int(row) for row in rows]
        places = result.table
        pictures = [
            Picture(
                row,
                result.particles.images[row],
                "",
                f"Micrograph {int(places['frame'].iloc[row])}, probability "
                f"{places['view_probability'].iloc[row]:.2f}",
            )
            for row in self._particle_rows
        ]
        self._particles.show_pictures(pictures)
        self._particles.clearSelection()

    def _show_map(self, state: ViewsState, result: ViewsResult) -> None:
        idle = state.phase is Phase.IDLE
        useful = bool(np.isin(result.views["view"][result.views["count"] > 0], list(state.kept)).any())
        self._build.show_job(
            state.phase, state.job == "build", idle and useful, state.progress, state.seconds_left
        )
        self._turn.setVisible(state.has_volume)
        self._turn.setText("Back to the micrographs" if state.shows_volume else "Show the 3-D map")
        made: Reconstruction | None = state.reconstruction
        self._map_part.setVisible(made is not None)
        if made is not None:
            say(self._resolution, resolution_line(made))
            self._fsc.show_curves(made.fsc)
            say(self._controls, controls_line(made))
            cautions = [OUTDATED] if state.outdated else []
            cautions += [f"{line[:1].upper()}{line[1:].rstrip('.')}." for line in made.cautions]
            say(self._cautions, "\n".join(cautions))

    def _lay_out(self) -> None:
        self._lay_out_sorted()
        self._lay_out_map()
        layout = _column(self)
        layout.setContentsMargins(4, 6, 4, 6)
        above: list[QWidget] = [
            self._result,
            self._chooser,
            self._sort,
            self._blocked,
            self._error,
            self._note,
        ]
        for widget in (*above, self._sorted_part, self._save, self._saved):
            layout.addWidget(widget)
        layout.addStretch(1)

    def _lay_out_sorted(self) -> None:
        top, pair, foot = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        for label, words in zip(self._pair, ("average", "reference"), strict=True):
            title = QLabel(words)
            title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            pair.addWidget(label)
            pair.addWidget(title)
        pair.addStretch(1)
        top.addWidget(self._sphere)
        top.addLayout(pair)
        top.addStretch(1)
        foot.addWidget(self._order, 1)
        foot.addWidget(self._keep)
        foot.addWidget(self._discard)
        layout = _column(self._sorted_part)
        layout.addWidget(self._caution)
        layout.addLayout(top)
        for widget in (self._view_title, self._view_words, self._particles):
            layout.addWidget(widget)
        layout.addLayout(foot)
        layout.addWidget(self._averages)
        layout.addWidget(self._kept)
        layout.addWidget(self._build)
        layout.addWidget(self._turn)
        layout.addWidget(self._map_part)

    def _lay_out_map(self) -> None:
        layout = _column(self._map_part)
        for widget in (self._resolution, self._fsc, self._cautions, self._controls):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self._sphere.view_chosen.connect(self.view_chosen)
        self._averages.went_to.connect(self.view_chosen)
        self._particles.went_to.connect(self.particle_chosen)
        self._order.activated.connect(self._on_order)
        self._keep.clicked.connect(partial(self._on_keep, True))
        self._discard.clicked.connect(partial(self._on_keep, False))
        self._save.clicked.connect(self._on_save)

    def _on_order(self, index: int) -> None:
        if self._views.result is not None:
            self._show_sorted(self._views, self._views.result)

    def _on_keep(self, wanted: bool, *_: Any) -> None:
        chosen = self._averages.selected
        if chosen:
            self.kept_changed.emit(chosen, wanted)

    def _on_save(self) -> None:
        self.save_pressed.emit()


def _column(parent: QWidget) -> QVBoxLayout:
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    return layout


def _bold(name: str) -> QLabel:
    label = sentence(name)
    label.setStyleSheet("font-weight: bold")
    return label


def _button(name: str, text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tooltip)
    return button


def _picture(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setFixedSize(PAIR_PX, PAIR_PX)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _turn_stage(views: weakref.ref[Any], *_: Any) -> None:
    controller = views()
    if controller is None:
        return
    if controller.state.shows_volume:
        controller.show_images()
    else:
        controller.show_volume()


def _leave(views: weakref.ref[Any], slot: weakref.WeakMethod[Any], *_: Any) -> None:
    controller, method = views(), slot()
    if controller is not None and method is not None:
        controller.changed.disconnect(method, missing_ok=True)
