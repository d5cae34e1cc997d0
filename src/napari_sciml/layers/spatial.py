"""Where a layer lies in the world. Every output layer gets its place from here and from nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

from napari_sciml.core.source import SPATIAL_AXES, ImageSource


def spatial_kwargs(layer: Layer, axes: Sequence[int] | None = None) -> dict[str, Any]:
    """Return all seven spatial arguments of `layer`, ready for another layer's constructor.

    One output layer without units would switch unit handling off for the whole viewer, so an output
    takes all of them or none.

    Parameters
    ----------
    layer
        The layer whose place is wanted. Nothing of it is referenced by the result.
    axes
        Axes that the output keeps, in order, for outputs of fewer dimensions (a slice or projection).
        None keeps all.

    Returns
    -------
    dict
        ``scale, translate, rotate, shear, affine, units, axis_labels``.
    """
    keep = list(range(layer.ndim)) if axes is None else list(axes)
    square = np.ix_(keep, keep)
    homogeneous = [*keep, layer.ndim]
    return {
        "scale": np.array(layer.scale, dtype=float)[keep],
        "translate": np.array(layer.translate, dtype=float)[keep],
        "rotate": np.array(layer.rotate, dtype=float)[square],
        "shear": shear_matrix(layer)[square],
        "affine": np.array(layer.affine.affine_matrix, dtype=float)[np.ix_(homogeneous, homogeneous)],
        "units": tuple(layer.units[axis] for axis in keep),
        "axis_labels": tuple(layer.axis_labels[axis] for axis in keep),
    }


def source_place(source: ImageSource) -> dict[str, Any]:
    """Return the spatial arguments of a layer that shows `source`: axis labels, scale, units."""
    place: dict[str, Any] = {"axis_labels": source.axes}
    if source.pixel_size is not None:
        place["scale"] = source.pixel_size
        place["units"] = tuple(source.unit if axis in SPATIAL_AXES else "pixel" for axis in source.axes)
    return place


def grid_place(
    spatial: Mapping[str, Any], scale: Sequence[float], translate: Sequence[float]
) -> dict[str, Any]:
    """Place a grid on an image: element ``i`` along an axis lies at pixel ``i * scale + translate``.

    Parameters
    ----------
    spatial
        What `spatial_kwargs` gave for the image.
    scale, translate
        Of the grid in pixels of the image, along each axis of it.
    """
    steps = np.asarray(spatial["scale"], float)
    # napari scales first, then shears, then rotates, then moves.
    linear = np.asarray(spatial["rotate"]) @ np.asarray(spatial["shear"]) @ np.diag(steps)
    moved: npt.NDArray[np.float64] = np.asarray(spatial["translate"], float) + linear @ np.asarray(translate)
    return {**spatial, "scale": steps * np.asarray(scale), "translate": moved}


def shear_matrix(layer: Layer) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the shear of `layer` as an upper triangular matrix, which can be cut by axes."""
    shear = np.array(layer.shear, dtype=float)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, k=1)] = shear
    return matrix


@dataclass(frozen=True)
class Place:
    """The name and the place of an image layer, remembered so that a result survives its removal."""

    name: str
    spatial: dict[str, Any]

    @classmethod
    def of(cls, layer: Layer) -> Place:
        """Remember where `layer` lies now."""
        return cls(name=str(layer.name), spatial=spatial_kwargs(layer))

    @classmethod
    def of_source(cls, source: ImageSource) -> Place:
        """Return where a layer lies that shows `source` and that nobody has moved."""
        count = source.ndim
        still = {
            "scale": np.ones(count),
            "translate": np.zeros(count),
            "rotate": np.eye(count),
            "shear": np.eye(count),
            "affine": np.eye(count + 1),
            "units": ("pixel",) * count,
        }
        return cls(name=source.name, spatial={**still, **source_place(source)})
