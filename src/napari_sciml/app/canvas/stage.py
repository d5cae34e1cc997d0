"""`Stage`: shows a 3-D map in place of the flat images, and brings those back as they were.

A volume stretches the axis of frames of the images beside it even while it is hidden, so it is taken out of
the viewer for as long as the images are looked at. It is kept, and comes back with one click.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from napari.layers import Image, Layer
from psygnal import Signal

VIEW_ANGLES = (12.0, -22.0, 150.0)
"""Of the camera at first: a view from the side shows more than one along an axis."""


@dataclass(frozen=True)
class Before:
    """How the viewer showed the flat images."""

    visible: list[weakref.ref[Layer]]
    center: tuple[float, ...]
    zoom: float
    angles: tuple[float, ...]
    point: tuple[float, ...]
    active: weakref.ref[Layer] | None


class Stage:
    """Holds one volume and turns between it and the flat images."""

    changed = Signal()
    rising = Signal()
    """Emitted before the volume takes the place of the images."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._before: Before | None = None
        self._turning = False
        self.volume: Image | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_up(self) -> bool:
        """Whether the volume is what the viewer shows."""
        return self._before is not None

    def put(self, volume: Image) -> None:
        """Take another volume; if the old one is shown, the new one takes its place."""
        up, viewer = self.is_up, self._viewer()
        if up and viewer is not None and self.volume is not None and self.volume in viewer.layers:
            self._turning = True
            viewer.layers.remove(self.volume)
            self._turning = False
        self.volume = volume
        if up and viewer is not None:
            viewer.add_layer(volume)

    def show_volume(self) -> None:
        """Show the volume in three dimensions and nothing else."""
        viewer = self._viewer()
        if viewer is None or self.volume is None or self.is_up:
            return
        self.rising.emit()
        camera, active = viewer.scene.camera, viewer.layers.selection.active
        self._before = Before(
            [weakref.ref(layer) for layer in viewer.layers if layer.visible],
            tuple(camera.center),
            camera.zoom,
            tuple(camera.angles),
            tuple(viewer.dims.point),
            None if active is None else weakref.ref(active),
        )
        for layer in viewer.layers:
            layer.visible = False
        viewer.add_layer(self.volume)
        self.volume.visible = True
        viewer.dims.ndisplay = 3
        viewer.reset_view(layers=[self.volume])
        camera.angles = VIEW_ANGLES
        self.changed.emit()

    def show_images(self) -> None:
        """Bring the flat images back as they were, at the same place of the same frame."""
        viewer, before = self._viewer(), self._before
        if viewer is None or before is None:
            return
        self._before = None
        self._turning = True
        if self.volume is not None and self.volume in viewer.layers:
            viewer.layers.remove(self.volume)
        self._turning = False
        viewer.dims.ndisplay = 2
        for ref in before.visible:
            if (layer := ref()) is not None:
                layer.visible = True
        active = None if before.active is None else before.active()
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        for axis, place in enumerate(before.point[-viewer.dims.ndim :]):
            viewer.dims.set_point(axis, place)
        camera = viewer.scene.camera
        camera.angles, camera.center, camera.zoom = before.angles, before.center, before.zoom
        self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        if self.is_up and not self._turning and event.value is self.volume:
            # Who deletes the volume wants the images back, not an empty window.
            self.show_images()
