"""One session per viewer: the state that a closed and reopened panel finds again."""

from __future__ import annotations

import weakref
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer, Points
from napari.utils.events import Event

from napari_sciml.app.codebook.controller import CodebookController
from napari_sciml.app.compare.controller import ComparisonController
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.simulate.controller import SimulationController
from napari_sciml.app.views.controller import ViewsController
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points_sync import points_sync_for
from napari_sciml.layers.run_layers import Part
from napari_sciml.layers.saved_run import OpenedRun, part_in

_SESSIONS: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


class Session:
    """Everything that belongs to one viewer. It lives as long as the viewer does."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.runs = RunController(viewer)
        self.simulation = SimulationController(viewer)
        self.views = ViewsController(viewer, self.runs)
        self.comparison = ComparisonController(viewer, self.runs)
        self.codebook = CodebookController(viewer, self.runs)
        viewer.layers.events.inserted.connect(self._on_inserted)
        self._viewer = weakref.ref(viewer)
        for layer in viewer.layers:
            _keep(layer)
        for run in dict.fromkeys(part.run for layer in viewer.layers if (part := part_in(layer.metadata))):
            self.runs.take_up(run, layers_of(viewer, run))

    def _on_inserted(self, event: Event) -> None:
        _keep(event.value)
        part, viewer = part_in(event.value.metadata), self._viewer()
        if part is None or viewer is None:
            return
        # One comes after the other; the last one completes the run.
        if len(layers := layers_of(viewer, part.run)) == part.run.count:
            self.runs.take_up(part.run, layers)


def layers_of(viewer: Any, run: OpenedRun) -> list[tuple[Part, Layer]]:
    """Return the layers of a saved run that have come into a viewer so far."""
    found = [(layer, part_in(layer.metadata)) for layer in viewer.layers]
    return [(part.part, layer) for layer, part in found if part is not None and part.run is run]


def _keep(layer: Layer) -> None:
    """Watch points that a run made, also when they were opened from a file."""
    if (
        isinstance(layer, Points)
        and METADATA_KEY in layer.metadata
        and {"score", "source"} <= set(layer.features)
    ):
        label = str(layer.feature_defaults["label"].iloc[0]) if "label" in layer.features else ""
        points_sync_for(layer, label)


def session_for(viewer: ViewerModel) -> Session:
    """Return the session of `viewer`, and always the same one.

    Plugins are handed short-lived proxies of the viewer; the session belongs to the real one.
    """
    real = getattr(viewer, "__wrapped__", viewer)
    session = _SESSIONS.get(real)
    if session is None:
        session = _SESSIONS[real] = Session(real)
    return session
