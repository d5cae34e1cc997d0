"""`ViewsPage`: from picks to views, averages and a first 3-D map."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.session import Session
from napari_sciml.app.views.state import ViewsState
from napari_sciml.app.views.text import views_line
from napari_sciml.widgets.parts.basics import button, say, sentence
from napari_sciml.widgets.parts.job_button import JobButton
from napari_sciml.widgets.parts.result_page import ResultPage
from napari_sciml.widgets.views.averages import Averages
from napari_sciml.widgets.views.in_sight import ViewInSight
from napari_sciml.widgets.views.map_choice import MapChooser
from napari_sciml.widgets.views.map_part import MapPart
from napari_sciml.widgets.views.parts import bold, column

STALE = "The picks have changed since: sort again, or go on with these views."


class ViewsPage(ResultPage):
    """Draws a `ViewsState` beside the picks and emits requests. Drawing never emits."""

    view_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_views_page")
        self._views: ViewsState = ViewsState()
        self._result = bold("sciml_views_result")
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
        self._sight = ViewInSight()
        self._averages = Averages()
        self._map = MapPart()
        self._save = button(
            "sciml_views_save",
            "Save results…",
            "Write picks, views, averages, map and FSC into a new folder.",
        )
        self._saved = sentence("sciml_views_saved")
        self._sorted_part = QWidget()
        self._lay_out()
        self._sight.view_chosen.connect(self.view_chosen)
        self._averages.view_chosen.connect(self.view_chosen)
        self._save.clicked.connect(lambda: self.save_pressed.emit())

    def attend(self, session: Session) -> None:
        """Tie the page to the run and to the controller of views."""
        super().attend(session)
        views = session.views
        self._chooser.map_chosen.connect(views.choose_map)
        self._chooser.voxel_edited.connect(views.set_voxel)
        self._chooser.method_chosen.connect(views.choose_method)
        self._chooser.ctf_chosen.connect(views.choose_ctf)
        self._chooser.train_pressed.connect(views.train)
        self._sort.pressed.connect(views.sort)
        self._map.build_pressed.connect(views.build)
        for job in (self._sort, self._map):
            job.stop_pressed.connect(views.stop)
        self.view_chosen.connect(views.choose_view)
        self._averages.kept_changed.connect(views.keep)
        self._sight.particle_chosen.connect(views.go_to_particle)
        self._map.turn_pressed.connect(partial(_turn_stage, weakref.ref(views)))
        self.follow(views, self.show_views)

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
        sorting = state.kind in ("sort", "train")
        self._sort.show_job(state.going, sorting, idle and not state.blocked)
        say(self._blocked, state.blocked if idle else "")
        say(self._error, state.error)
        say(self._note, STALE if state.stale and not state.note else state.note)
        say(self._caution, state.caution)
        self._sorted_part.setVisible(state.result is not None)
        if state.result is not None:
            say(self._result, views_line(state.result))
            self._sight.show_views(state.result, state.kept, state.chosen)
            self._averages.show_views(state.result, state.kept, state.chosen)
            self._map.show_state(state, state.result)

    def show_theme(self, theme: str) -> None:
        """Draw sphere, curves and warnings in the colours of napari's theme."""
        colors = get_theme(theme)
        ink = colors.text.as_hex()
        self._sight.show_ink(ink)
        self._map.show_ink(ink)
        # A bar beside the words, not coloured words: those would be hard to read on one of the themes.
        marks = [(self._error, colors.error)]
        marks += [(label, colors.warning) for label in (self._blocked, self._caution, *self._map.warnings)]
        for label, color in marks:
            label.setStyleSheet(f"border-left: 4px solid {color.as_hex()}; padding-left: 6px;")

    def _lay_out(self) -> None:
        layout = column(self._sorted_part)
        for part in (self._caution, self._sight, self._averages, self._map):
            layout.addWidget(part)
        layout = column(self)
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


def _turn_stage(views: weakref.ref[Any], *_: Any) -> None:
    controller = views()
    if controller is None:
        return
    if controller.state.shows_volume:
        controller.show_images()
    else:
        controller.show_volume()
