"""`MapPart`: build a 3-D map, turn to it, and how far to trust it."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QWidget

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.views.state import ViewsState
from napari_sciml.app.views.text import controls_line, resolution_line
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.widgets.parts.basics import button, say, sentence
from napari_sciml.widgets.parts.job_button import JobButton
from napari_sciml.widgets.views.fsc_plot import FscPlot
from napari_sciml.widgets.views.parts import bold, column

OUTDATED = "Other views are kept now than this map was made from: build it again."


class MapPart(QWidget):
    """Draws what a `ViewsState` says about the 3-D map and emits requests. Drawing never emits."""

    build_pressed = Signal()
    stop_pressed = Signal()
    turn_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._build = JobButton(
            "sciml_build_map", "Build 3-D map", "Insert the averages that are kept; the map grows on screen."
        )
        self._turn = button("sciml_turn_stage", "", "Turn between the 3-D map and the micrographs.")
        self._made = QWidget()
        self._resolution = bold("sciml_resolution")
        self._fsc = FscPlot("sciml_fsc")
        self._controls = sentence("sciml_controls")
        self._cautions = sentence("sciml_map_cautions")
        self._build.pressed.connect(self.build_pressed)
        self._build.stop_pressed.connect(self.stop_pressed)
        self._turn.clicked.connect(lambda: self.turn_pressed.emit())
        self._lay_out()

    @property
    def warnings(self) -> list[QLabel]:
        """What the theme marks as a warning."""
        return [self._cautions]

    def show_state(self, state: ViewsState, result: ViewsResult) -> None:
        """Draw `state`, in which particles are sorted."""
        idle = state.phase is Phase.IDLE
        useful = bool(np.isin(result.views["view"][result.views["count"] > 0], list(state.kept)).any())
        self._build.show_job(state.going, state.kind == "build", idle and useful)
        self._turn.setVisible(state.has_volume)
        self._turn.setText("Back to the micrographs" if state.shows_volume else "Show the 3-D map")
        self._made.setVisible(state.reconstruction is not None)
        if state.reconstruction is not None:
            self._show_made(state.reconstruction, state.outdated)

    def show_ink(self, ink: str) -> None:
        """Draw in this colour, the theme's."""
        self._fsc.show_ink(ink)

    def _show_made(self, made: Reconstruction, outdated: bool) -> None:
        say(self._resolution, resolution_line(made))
        self._fsc.show_curves(made.fsc)
        say(self._controls, controls_line(made))
        cautions = [OUTDATED] if outdated else []
        cautions += [f"{line[:1].upper()}{line[1:].rstrip('.')}." for line in made.cautions]
        say(self._cautions, "\n".join(cautions))

    def _lay_out(self) -> None:
        layout = column(self._made)
        for widget in (self._resolution, self._fsc, self._cautions, self._controls):
            layout.addWidget(widget)
        layout = column(self)
        for part in (self._build, self._turn, self._made):
            layout.addWidget(part)
