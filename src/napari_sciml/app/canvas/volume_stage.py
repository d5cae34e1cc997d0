"""`Stage`: shows a 3-D map in place of the flat images, and brings those back as they were.

A volume stretches the axis of frames of the images beside it even while it is hidden, so it is taken out of
the viewer for as long as the images are looked at. It is kept, and comes back with one click.
"""

from __future__ import annotations

import weakref

from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.app.canvas.lease import Canvas, CanvasLease, Part

CAMERA_ANGLES = (12.0, -22.0, 150.0)
"""Of the camera at first: seen from the side shows more than one along an axis."""


class Stage:
    """Holds one volume and turns between it and the flat images."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel, canvas: Canvas) -> None:
        self._viewer = weakref.ref(viewer)
        self._canvas = canvas
        self._lease: CanvasLease | None = None
        self._turning = False
        self.volume: Image | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_up(self) -> bool:
        """Whether the volume is what the viewer shows."""
        return self._lease is not None

    def put(self, volume: Image) -> None:
        """Take another volume; if the old one is shown, the new one takes its place."""
        viewer, lease = self._viewer(), self._lease
        self.volume = volume
        if viewer is None or lease is None:
            return
        self._turning = True
        lease.dismiss()
        self._turning = False
        viewer.add_layer(volume)
        lease.host([volume])

    def show_volume(self) -> None:
        """Show the volume in three dimensions and nothing else."""
        viewer, volume = self._viewer(), self.volume
        if viewer is None or volume is None or self.is_up:
            return
        lease = self._canvas.borrow(self.show_images, Part.SELECTION | Part.CAMERA)
        assert lease is not None, "the viewer is there"
        self._lease = lease
        lease.hide(viewer.layers)
        viewer.add_layer(volume)
        lease.host([volume])
        volume.visible = True
        viewer.dims.ndisplay = 3
        viewer.reset_view(layers=[volume])
        viewer.scene.camera.angles = CAMERA_ANGLES
        self.changed.emit()

    def show_images(self) -> None:
        """Bring the flat images back as they were, at the same place of the same frame."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.give_back()
            self.changed.emit()

    def _on_removed(self, event: Event) -> None:
        if self.is_up and not self._turning and event.value is self.volume:
            # Who deletes the volume wants the images back, not an empty window.
            self.show_images()
