"""Results stay on their image when a person sets its scale or units after the run."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from napari.layers import Layer

from napari_sciml.layers.spatial import grid_place, spatial_kwargs

SPATIAL = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")

Grid = tuple[tuple[float, ...], tuple[float, ...]]
"""Scale and translation of a coarser grid in pixels of its image."""


class TransformSync:
    """Copies every spatial change of one layer to others. Keep a reference to it.

    A person who notices after the run that the pixel size was missing sets it on the image; without
    this, the points would stay behind.

    Parameters
    ----------
    leader
        The image.
    following
        Layers whose pixels are those of the image.
    grids
        Layers whose pixels are elements of a grid on the image, and how that lies on it.
    """

    def __init__(
        self, leader: Layer, following: Iterable[Layer], grids: Mapping[Layer, Grid] | None = None
    ) -> None:
        self._leader = weakref.ref(leader)
        self._following = weakref.WeakSet(following)
        self._grids = weakref.WeakKeyDictionary(grids or {})
        for name in SPATIAL:
            # Before the viewer looks at the layers, so that it never sees them disagree.
            getattr(leader.events, name).connect(self._on_moved, position="first")

    def _on_moved(self, event: Any) -> None:
        leader = self._leader()
        if leader is None:
            return
        place = spatial_kwargs(leader)
        for layer in self._following:
            if layer.ndim == leader.ndim:
                setattr(layer, event.type, place[event.type])
        for layer, (scale, translate) in self._grids.items():
            if layer.ndim == leader.ndim:
                on_grid = grid_place(place, scale, translate)
                setattr(layer, event.type, on_grid[event.type])
                # Where its first element lies depends on how large and how turned a pixel is.
                if event.type in ("scale", "rotate", "shear"):
                    layer.translate = on_grid["translate"]
