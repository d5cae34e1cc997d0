"""A 3-D map as a volume layer, in the unit of the images beside it: napari drops units that disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Layer

from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.core.source import SPATIAL_AXES
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.source import length_factor, meaningful_axes

UM_PER_A = 1e-4
"""Micrometres in an Angstrom."""
SHARE_SHOWN = 0.22
"""The surface of a map is drawn at this share of its densest voxel until a person moves it."""


def volume_layer(
    density: npt.NDArray[np.float32],
    pixel_size_A: float,
    name: str,
    neighbour: Layer,
    neighbour_pixel_A: float,
    said: dict[str, Any],
) -> LayerData:
    """Build the layer of a map ``(n, n, n)`` as z, y, x.

    Parameters
    ----------
    density
        Density; larger is denser.
    pixel_size_A
        Edge of a voxel.
    name
        What to call the layer.
    neighbour
        The micrographs that the map was made from.
    neighbour_pixel_A
        Edge of one of their pixels, for layers whose unit is the pixel.
    said
        The run record; it also tells that the layer is no image to work on.
    """
    scale, unit = voxel_edge(pixel_size_A, neighbour, neighbour_pixel_A)
    low, high = contrast(density)
    arguments: dict[str, Any] = {
        "name": name,
        "scale": (scale,) * 3,
        # Frames are counted along the first axis of a stack; only layers whose units are alike keep them.
        "units": tuple(str(one) for one in neighbour.units) if neighbour.ndim == 3 else (unit,) * 3,
        "axis_labels": ("z", "y", "x"),
        "rendering": "iso",
        "iso_threshold": low + SHARE_SHOWN * (high - low),
        "contrast_limits": (low, high),
        "colormap": "gray",
        "blending": "translucent",
        "metadata": {METADATA_KEY: said},
    }
    return density, arguments, "image"


def voxel_edge(pixel_size_A: float, neighbour: Layer, neighbour_pixel_A: float) -> tuple[float, str]:
    """Return the edge of a voxel in the unit of the layer `neighbour`, and that unit."""
    axes = meaningful_axes(neighbour) or ("z", "y", "x")[-neighbour.ndim :]
    spatial = [i for i, axis in enumerate(axes) if axis in SPATIAL_AXES]
    unit = neighbour.units[spatial[-1]] if spatial else neighbour.units[-1]
    factor = length_factor(unit)
    if factor is None:
        # Without a unit of length the world is counted in pixels of the micrograph.
        return pixel_size_A / neighbour_pixel_A * float(neighbour.scale[-1]), str(unit)
    return pixel_size_A * UM_PER_A / factor, str(unit)


def show_density(layer: Image, density: npt.NDArray[np.float32]) -> None:
    """Replace the density of a layer, with a contrast and a surface that suit it."""
    low, high = contrast(density)
    layer.data = density
    layer.contrast_limits_range = (low, high)
    layer.contrast_limits = (low, high)
    layer.iso_threshold = low + SHARE_SHOWN * (high - low)


def contrast(density: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return what is drawn as nothing and as all: the background and the densest voxel."""
    low, high = float(np.median(density)), float(density.max())
    return (low, high) if high > low else (low, low + 1.0)
