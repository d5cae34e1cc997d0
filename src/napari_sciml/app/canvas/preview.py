"""`Preview`: a result of the slice in view only, in the place of the one on screen."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from napari.layers import Layer

from napari_sciml.app.canvas.result import Result
from napari_sciml.app.codebook.work import View
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.spatial import Place, grid_place, spatial_kwargs

NAME = "edited codebook"


class Preview:
    """Shows findings of one slice where that lies in the image; what it stands in for comes back after."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._result: Result | None = None
        self._hidden: list[weakref.ref[Layer]] = []

    @property
    def is_up(self) -> bool:
        """Whether it is shown."""
        return self._result is not None

    @property
    def findings(self) -> Findings | None:
        """What is shown, as decided now."""
        return None if self._result is None else self._result.findings

    def show(self, image: Layer, findings: Findings, view: View, instead_of: Sequence[Layer]) -> None:
        """Show `findings` of a slice of `image` and hide other layers."""
        viewer = self._viewer()
        if viewer is None:
            return
        active = viewer.layers.selection.active
        self._remove(viewer)
        for layer in instead_of:
            if layer.visible:
                layer.visible = False
                self._hidden.append(weakref.ref(layer))
        whole = spatial_kwargs(image)
        spatial = grid_place(whole, (1.0,) * image.ndim, view.offset)
        self._result = Result.deliver(viewer, findings, Place(NAME, spatial), None)
        for layer in self._result.layers:
            # What somebody painted here would be gone with the next change.
            layer.editable = False
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def decide(self, threshold: float, **live: Any) -> None:
        """Decide again."""
        if self._result is not None:
            self._result.decide(threshold, **live)

    def leave(self) -> None:
        """Take it away and bring back what it stood in for."""
        viewer = self._viewer()
        if viewer is None:
            return
        self._remove(viewer)
        for ref in self._hidden:
            if (layer := ref()) is not None:
                layer.visible = True
        self._hidden = []

    def _remove(self, viewer: Any) -> None:
        result, self._result = self._result, None
        for layer in [] if result is None else result.layers:
            if layer in viewer.layers:
                viewer.layers.remove(layer)


def view_of(viewer: Any, image: Layer, source: ImageSource, settings: RunSettings) -> View:
    """Find the slice or frame of `image` that the viewer shows.

    Of a volume one slice across the slicing axis of the run is taken, of a series one frame.
    """
    spatial = [i for i, axis in enumerate(source.axes) if axis in SPATIAL_AXES]
    across = spatial[int(getattr(settings, "axis", 0))] if len(spatial) == 3 else None
    single = [i for i in range(source.ndim) if i not in spatial or i == across]
    point = viewer.dims.point[-source.ndim :]
    at = image.world_to_data(point)
    index = [slice(0, n) for n in source.shape]
    for i in single:
        number = min(max(round(float(at[i])), 0), source.shape[i] - 1)
        index[i] = slice(number, number + 1)
    return View(tuple(index))
