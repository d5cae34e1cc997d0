"""`Memory`: how a viewer shows its layers, to be brought back later."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from napari.components import ViewerModel
from napari.layers import Layer


@dataclass(frozen=True)
class Memory:
    """What there is to the look of a viewer beside its layers."""

    active: weakref.ref[Layer] | None
    enabled: bool
    stride: int
    shape: tuple[int, int]
    spacing: float
    ndisplay: int
    point: tuple[float, ...]
    center: tuple[float, ...]
    zoom: float
    angles: tuple[float, ...]

    @classmethod
    def of(cls, viewer: ViewerModel) -> Memory:
        """Remember how `viewer` is now."""
        active, grid, camera = viewer.layers.selection.active, viewer.canvas.grid, viewer.scene.camera
        return cls(
            active=None if active is None else weakref.ref(active),
            enabled=grid.enabled,
            stride=grid.stride,
            shape=grid.shape,
            spacing=grid.spacing,
            ndisplay=viewer.dims.ndisplay,
            point=tuple(viewer.dims.point),
            center=tuple(camera.center),
            zoom=float(camera.zoom),
            angles=tuple(camera.angles),
        )

    def put_selection(self, viewer: ViewerModel) -> None:
        """Make the same layer active, if it is still there."""
        active = None if self.active is None else self.active()
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def put_grid(self, viewer: ViewerModel) -> None:
        """Show as many cells as before."""
        grid = viewer.canvas.grid
        grid.enabled = self.enabled
        grid.stride, grid.shape, grid.spacing = self.stride, self.shape, self.spacing

    def put_dimensions(self, viewer: ViewerModel) -> None:
        """Show two dimensions or three, as before."""
        viewer.dims.ndisplay = self.ndisplay

    def put_view(self, viewer: ViewerModel) -> None:
        """Look at the same place of the same frame."""
        for axis, place in enumerate(self.point[-viewer.dims.ndim :]):
            viewer.dims.set_point(axis, place)
        camera = viewer.scene.camera
        camera.angles, camera.center, camera.zoom = self.angles, self.center, self.zoom
