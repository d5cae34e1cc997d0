"""An open image layer as an `ImageSource`, without touching its pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Layer

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import AXES_BY_NDIM, SPATIAL_AXES, ImageSource
from napari_sciml.io.axis_rules import letter_of
from napari_sciml.io.opening import open_image
from napari_sciml.layers.keys import (
    CAUTIONS_KEY,
    FINGERPRINT_KEY,
    KNOWN_KEY,
    OPENED_KEY,
    PATH_KEY,
    SAMPLE_KEY,
)

LENGTH_UNIT = "um"
"""Physical lengths leave the layers in this unit, whatever unit the layer was given."""


def source_from_layer(layer: Layer) -> ImageSource:
    """Wrap the pixels of an image layer, lazily.

    Parameters
    ----------
    layer
        An open layer. Of a multiscale image, the full resolution is taken.

    Returns
    -------
    ImageSource
        With the axes the labels name, or the usual ones for the number of dimensions, and the pixel
        size in micrometres if every spatial axis has a unit of length.

    Raises
    ------
    SciMLError
        If the layer is no image, is RGB, has channels, is complex or empty, or has not 2 to 4 dimensions.
    """
    name = str(layer.name)
    if not isinstance(layer, Image):
        raise SciMLError(f"The layer {name} holds no image", "choose an image layer")
    if layer.rgb:
        raise SciMLError(
            f"{name} is a colour image", "convert it to greyscale, for example with Layers > Split RGB"
        )
    data = full_data(layer)
    axes = meaningful_axes(layer)
    if axes is not None and "c" in axes:
        raise SciMLError(f"{name} has channels", "take one of them, for example with Layers > Split Stack")
    size = pixel_size(layer, axes) if axes is not None else None
    path, again = source_path(layer), file_of(layer)
    if again is not None and (again.axes, again.shape) == (axes, tuple(data.shape)):
        if size is None and np.all(np.asarray(layer.scale) == 1):
            # A scale that somebody gave says that pixels are no longer those of the file.
            size = again.pixel_size
    elif again is not None and again.ndim < len(data.shape):
        # napari remembers the first file of a stack; that is not where its frames are from.
        path = None
    digits, shape = layer.metadata.get(FINGERPRINT_KEY, ("", ()))
    source = ImageSource.from_array(
        data,
        axes=axes,
        pixel_size=size,
        unit=LENGTH_UNIT if size is not None else "pixel",
        name=name,
        path=path,
        known=dict(layer.metadata.get(KNOWN_KEY, {})),
        fingerprint=digits if tuple(shape) == tuple(data.shape) else "",
        cautions=tuple(layer.metadata.get(CAUTIONS_KEY, ())),
    )
    return replace(source, opened=dict(layer.metadata.get(OPENED_KEY, {})))


def meaningful_axes(layer: Layer) -> tuple[str, ...] | None:
    """Name the axes of `layer`: by its labels if all of them mean something, else by their number.

    A number of dimensions that no image has gives None.
    """
    named = tuple(letter_of(label) for label in layer.axis_labels)
    if not {"?", "s"} & set(named) and len(set(named)) == len(named):
        return named
    return AXES_BY_NDIM.get(layer.ndim)


def pixel_size(layer: Layer, axes: tuple[str, ...]) -> tuple[float, ...] | None:
    """Measure a pixel's edges in the world, in `LENGTH_UNIT` along spatial axes.

    The whole transform counts, affine included. Axes that are not spatial keep the layer's own step.
    None if a spatial axis has no unit of length: then nobody said how large a pixel is.
    """
    to_length = np.ones(layer.ndim)
    spatial = [i for i, axis in enumerate(axes) if axis in SPATIAL_AXES]
    for i in spatial:
        factor = length_factor(layer.units[i])
        if factor is None:
            return None
        to_length[i] = factor
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)))
    sizes: list[float] = []
    for i in range(layer.ndim):
        step = np.asarray(layer.data_to_world(np.eye(layer.ndim)[i])) - origin
        edges = step[spatial] * to_length[spatial] if i in spatial else step[i]
        # Scale and affine are typed in decimal; the sums above must not show as 0.6500000000000004.
        sizes.append(float(f"{np.linalg.norm(edges):.9g}"))
    return tuple(sizes)


def file_of(layer: Layer) -> ImageSource | None:
    """Return what the file of a layer holds that another reader opened, closed; None if nobody knows."""
    path = layer.source.path
    if path is None or PATH_KEY in layer.metadata:
        return None
    if layer not in _files_of:
        try:
            again = open_image(path)
        except SciMLError:
            _files_of[layer] = None
        else:
            again.close()
            _files_of[layer] = again
    return _files_of[layer]


_files_of: WeakKeyDictionary[Layer, ImageSource | None] = WeakKeyDictionary()
"""What was found, for a file is opened once."""


def full_data(layer: Layer) -> Any:
    """Return the pixels of a layer; of a multiscale image, the full resolution."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def length_factor(unit: Any) -> float | None:
    """Return how many micrometres one `unit` is, or None if it is not a length."""
    return float((1.0 * unit).to(LENGTH_UNIT).magnitude) if unit.is_compatible_with(LENGTH_UNIT) else None


def source_path(layer: Layer) -> str | None:
    """Return the path that `layer` was opened from, or None if it lives in memory only."""
    if PATH_KEY in layer.metadata:
        path = layer.metadata[PATH_KEY]
    elif layer.source.path is not None:
        path = layer.source.path
    else:
        path = layer.metadata.get(SAMPLE_KEY, {}).get("path")
    return None if path is None else str(path)
