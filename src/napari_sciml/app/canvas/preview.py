"""`Preview`: a result of the displayed slice only, in the place of the one on screen."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.canvas.lease import Canvas, CanvasLease
from napari_sciml.app.canvas.live_settings import Live
from napari_sciml.app.canvas.result import Result
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.spatial import Place, grid_place, spatial_kwargs

NAME = "edited codebook"


@dataclass(frozen=True)
class InSight:
    """The slice or frame that is looked at: an index into the source that keeps its axes."""

    index: tuple[slice, ...]

    @property
    def offset(self) -> tuple[float, ...]:
        """Where its first pixel lies in the whole image."""
        return tuple(float(part.start or 0) for part in self.index)


class Preview:
    """Shows findings of one slice where that lies in the image; what it stands in for comes back after."""

    asked_to_leave = Signal()
    """Emitted when another wants the canvas."""

    def __init__(self, viewer: ViewerModel, canvas: Canvas) -> None:
        self._viewer = weakref.ref(viewer)
        self._canvas = canvas
        self._result: Result | None = None
        self._lease: CanvasLease | None = None

    @property
    def is_up(self) -> bool:
        """Whether it is shown."""
        return self._result is not None

    @property
    def findings(self) -> Findings | None:
        """What is shown, as decided now."""
        return None if self._result is None else self._result.findings

    def show(
        self, image: Layer, findings: Findings, seen: InSight, instead_of: Sequence[Layer]
    ) -> CanvasLease:
        """Show `findings` of a slice of `image`, hide other layers, and return the lease of the canvas."""
        viewer = self._viewer()
        assert viewer is not None, "its image is there"
        active = viewer.layers.selection.active
        lease = self._lease or self._canvas.borrow(self.asked_to_leave.emit)
        assert lease is not None, "the viewer is there"
        self._lease = lease
        lease.dismiss()
        lease.hide(instead_of)
        spatial = grid_place(spatial_kwargs(image), (1.0,) * image.ndim, seen.offset)
        self._result = Result.deliver(viewer, findings, Place(NAME, spatial), None)
        lease.host(self._result.layers)
        for layer in self._result.layers:
            # What somebody painted here would be gone with the next change.
            layer.editable = False
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        return lease

    def decide(self, threshold: float, live: Live) -> None:
        """Decide again."""
        if self._result is not None:
            self._result.decide(threshold, live)

    def leave(self) -> None:
        """Take it away and bring back what it stood in for."""
        lease, self._lease, self._result = self._lease, None, None
        if lease is not None:
            lease.give_back()


def in_sight(viewer: ViewerModel, image: Layer, source: ImageSource, settings: RunSettings) -> InSight:
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
    return InSight(tuple(index))
