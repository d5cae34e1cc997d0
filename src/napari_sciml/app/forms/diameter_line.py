"""Measure the diameter of a particle by drawing a line across it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Layer, Shapes
from napari.utils.events import Event

from napari_sciml.layers.spatial import spatial_kwargs
from napari_sciml.layers.styles import BLUE

Change = Callable[[dict[str, Any]], None]
LINE = "diameter"
SHORTEST_PX = 2.0
"""A shorter stroke is a click and no measurement."""
WIDTH_SHARE = 1 / 300
"""Width of the line as a share of the image."""


def measure_diameter(viewer: ViewerModel, image: Image, change: Change) -> None:
    """Add a layer to draw a line in; the length of the last line becomes the diameter."""
    name = f"{image.name}: {LINE}"
    layer = next((one for one in viewer.layers if isinstance(one, Shapes) and one.name == name), None)
    if layer is None:
        layer = viewer.add_shapes(
            name=name,
            ndim=image.ndim,
            edge_color=BLUE,
            edge_width=max(image.extent.data[1][-1] * WIDTH_SHARE, 1.0),
            **spatial_kwargs(image),
        )
        layer.mouse_drag_callbacks.append(ruler(layer, change))
    layer.mode = "add_line"
    viewer.layers.selection.active = layer


def ruler(layer: Layer, change: Change) -> Callable[[Any, Any], Generator[None, None, None]]:
    """Return a callback of napari's mouse that takes the length of every stroke in `layer`."""
    held_layer = weakref.ref(layer)

    def on_drag(_: Any, event: Event) -> Generator[None, None, None]:
        start = tuple(event.position)
        yield
        while event.type == "mouse_move":
            yield
        line = held_layer()
        if line is None or line.mode != "add_line":
            return
        ends = (np.array(line.world_to_data(place)) for place in (start, event.position))
        if (length := length_px(*ends)) >= SHORTEST_PX:
            change({"particle_diameter_A": None, "particle_diameter_px": round(length, 1)})

    return on_drag


def length_px(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> float:
    """Return the distance of two places ``(ndim,)`` in the plane of the image, in pixels."""
    return float(np.linalg.norm((end - start)[-2:]))
