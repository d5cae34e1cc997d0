"""`LayerMask`: a Labels layer meant as a mask; a run takes its pixels when it starts."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_sciml.core.source import ImageSource
from napari_sciml.layers.spatial import spatial_kwargs

BRUSH_PX = 40
"""About as wide as a beamstop."""
MASK_NAME = "mask"


class LayerMask:
    """Stands for the pixels of a layer among the settings of a run. Two are equal if their layers are."""

    def __init__(self, layer: Layer) -> None:
        self._layer = weakref.ref(layer)
        self.name = str(layer.name)

    @property
    def layer(self) -> Labels | None:
        """The layer, or None once it is gone."""
        return self._layer()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerMask) and self.layer is not None and self.layer is other.layer

    def __hash__(self) -> int:
        return hash(self._layer)

    def problem(self, source: ImageSource, layers: Collection[Layer]) -> str:
        """Return why the mask cannot be used on `source`, or an empty string. Reads no pixels.

        Parameters
        ----------
        source
            The image.
        layers
            The layers that the viewer still shows.
        """
        layer = self.layer
        if layer is None or layer not in layers:
            return f"The mask layer {self.name} was removed; choose another mask."
        shape = tuple(layer.data.shape)
        if len(shape) != 2:
            return (
                f"The mask layer {layer.name} has {len(shape)} dimensions; "
                "press New mask layer and paint on that one, which is flat and holds for every frame."
            )
        if shape != source.shape[-2:]:
            height, width = source.shape[-2:]
            return (
                f"The mask layer {layer.name} has {shape[0]} x {shape[1]} px, the frames {height} x {width}."
            )
        return ""

    def pixels(self) -> npt.NDArray[np.bool_]:
        """Copy which pixels are painted ``(h, w)``; painting goes on while a run works."""
        layer = self.layer
        assert layer is not None, "problem() says so before a run starts"
        painted: npt.NDArray[np.bool_] = np.asarray(layer.data) != 0
        return painted


def with_pixels(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace every `LayerMask` among `values` by the pixels it stands for."""
    return {name: value.pixels() if isinstance(value, LayerMask) else value for name, value in values.items()}


def without_layers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out every `LayerMask`, for a plan that reads no pixels."""
    return {name: value for name, value in values.items() if not isinstance(value, LayerMask)}


def new_mask_layer(viewer: ViewerModel, image: Image, change: Callable[[dict[str, Any]], None]) -> None:
    """Add an empty flat Labels layer on the frames of `image`, ready to paint, and choose it as the mask."""
    data = image.data[0] if image.multiscale else image.data
    flat = [image.ndim - 2, image.ndim - 1]
    layer = viewer.add_labels(
        np.zeros(data.shape[-2:], np.uint8),
        name=f"{image.name}: {MASK_NAME}",
        opacity=0.5,
        **spatial_kwargs(image, flat),
    )
    layer.brush_size = BRUSH_PX
    layer.mode = "paint"
    viewer.layers.selection.active = layer
    change({"mask": LayerMask(layer)})
