"""Results stay on their image when a person sets its scale or units after the run."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from napari.layers import Layer

from napari_sciml.layers.spatial import spatial_kwargs

SPATIAL = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


class Follower:
    """Copies every spatial change of one layer to others. Keep a reference to it.

    A person who notices after the run that the pixel size was missing sets it on the image; without
    this, the points would stay behind.
    """

    def __init__(self, leader: Layer, followers: Iterable[Layer]) -> None:
        self._leader = weakref.ref(leader)
        self._followers = weakref.WeakSet(followers)
        for name in SPATIAL:
            # Before the viewer looks at the layers, so that it never sees them disagree.
            getattr(leader.events, name).connect(self._on_moved, position="first")

    def _on_moved(self, event: Any) -> None:
        leader = self._leader()
        if leader is None:
            return
        place = spatial_kwargs(leader)
        for layer in self._followers:
            if layer.ndim == leader.ndim:
                setattr(layer, event.type, place[event.type])
