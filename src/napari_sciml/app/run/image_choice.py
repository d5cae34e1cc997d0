"""Which image layers there are and which one is meant, kept up to date with the viewer."""

from __future__ import annotations

import weakref

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.core.provenance import METADATA_KEY

WATCHED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels", "data", "name")
"""Events of the chosen image that can change what a run would do or how it is named."""


def is_input(layer: Layer) -> bool:
    """Whether a layer is an image to work on, and not one that a run has made."""
    return isinstance(layer, Image) and METADATA_KEY not in layer.metadata


class ImageChoice:
    """Follows the viewer's image layers. Until a person chooses, the newest image is taken."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._chosen: weakref.ref[Layer] | None = None
        self._pinned = False
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.events.reordered.connect(self._on_changed)
        viewer.layers.events.renamed.connect(self._on_changed)
        self._take(self._default())

    @property
    def images(self) -> tuple[Layer, ...]:
        """The image layers, in the viewer's order."""
        viewer = self._viewer()
        return () if viewer is None else tuple(layer for layer in viewer.layers if is_input(layer))

    @property
    def labels(self) -> tuple[Layer, ...]:
        """The labels layers, which can be masks, in the viewer's order."""
        viewer = self._viewer()
        return () if viewer is None else tuple(layer for layer in viewer.layers if isinstance(layer, Labels))

    @property
    def image(self) -> Layer | None:
        """The chosen image layer, or None."""
        return self._chosen() if self._chosen is not None else None

    def choose(self, layer: Layer) -> None:
        """Take `layer`, and stay with it when other images are opened."""
        self._pinned = True
        self._take(getattr(layer, "__wrapped__", layer))
        self.changed.emit()

    def _default(self) -> Layer | None:
        viewer = self._viewer()
        active = None if viewer is None else viewer.layers.selection.active
        if active is not None and is_input(active):
            return active
        images = self.images
        return images[-1] if images else None

    def _take(self, layer: Layer | None) -> None:
        previous = self.image
        if previous is layer:
            return
        for name in WATCHED:
            if previous is not None:
                getattr(previous.events, name).disconnect(self._on_changed)
            if layer is not None:
                getattr(layer.events, name).connect(self._on_changed)
        self._chosen = None if layer is None else weakref.ref(layer)

    def _on_inserted(self, event: Event) -> None:
        if is_input(event.value) and (self.image is None or not self._pinned):
            self._take(event.value)
        self.changed.emit()

    def _on_removed(self, event: Event) -> None:
        if event.value is self.image:
            self._pinned = False
            self._take(self._default())
        self.changed.emit()

    def _on_changed(self, event: Event | None = None) -> None:
        self.changed.emit()
