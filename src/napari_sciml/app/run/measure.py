"""Measure the diameter of a particle by drawing a line across it."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Layer, Shapes

from napari_sciml.layers.spatial import spatial_kwargs
from napari_sciml.layers.styles import BLUE

LINE = "diameter"
SHORTEST_PX = 2.0
"""A shorter stroke is a click and no measurement."""
WIDTH_SHARE = 1 / 300
"""Width of the line as a share of the image."""


def measure_diameter(viewer: Any, image: Image) -> dict[str, Any]:
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
        layer.mouse_drag_callbacks.append(ruler(viewer, layer))
    layer.mode = "add_line"
    viewer.layers.selection.active = layer
    return {}


def ruler(viewer: Any, layer: Layer) -> Any:
    """Give a callback of napari's mouse that takes the length of every stroke in `layer`."""
    held_viewer, held_layer = weakref.ref(viewer), weakref.ref(layer)

    def on_drag(_: Any, event: Any) -> Generator[None, None, None]:
        start = tuple(event.position)
        yield
        while event.type == "mouse_move":
            yield
        shown, line = held_viewer(), held_layer()
        if shown is None or line is None or line.mode != "add_line":
            return
        take(
            shown,
            length_px(np.array(line.world_to_data(start)), np.array(line.world_to_data(event.position))),
        )

    return on_drag


def length_px(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> float:
    """Give the distance of two places ``(ndim,)`` in the plane of the image, in pixels."""
    return float(np.linalg.norm((end - start)[-2:]))


def take(viewer: Any, length: float) -> None:
    """Make a measured length in pixels the diameter, unless it is a mere click."""
    from napari_sciml.app.session import session_for

    if length < SHORTEST_PX:
        return
    runs = session_for(viewer).runs
    values = {name: value for name, value in runs.state.values.items() if name != "particle_diameter_A"}
    runs.change_values({**values, "particle_diameter_px": round(length, 1)})
