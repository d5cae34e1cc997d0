"""What a Zarr array without OME metadata says of its axes: Zarr 3, xarray, ilastik, FIB-SEM exports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_sciml.io.axis_rules import letters_of
from napari_sciml.io.formats.units import micrometres

EVEN_STEPS = 0.01
"""By what share the steps of a coordinate may differ and still be pixels of one size."""


def axis_names(array: Any) -> list[Any]:
    """Return how an array calls its axes, or an empty list if it does not, or not all of them."""
    attributes = dict(array.attrs)
    transform = attributes.get("transform")
    stated = (
        getattr(array.metadata, "dimension_names", None),
        attributes.get("_ARRAY_DIMENSIONS"),
        axistags(attributes.get("axistags")),
        transform.get("axes") if isinstance(transform, Mapping) else None,
        attributes.get("axes"),
    )
    for names in stated:
        if isinstance(names, Sequence) and len(names) == array.ndim and letters_of(names):
            return list(names)
    return []


def axistags(stated: object) -> list[str]:
    """Return the axis names in the tags that vigra and ilastik write, as JSON or already read.

    Examples
    --------
    >>> axistags('{"axes": [{"key": "z"}, {"key": "y"}, {"key": "x"}]}')
    ['z', 'y', 'x']
    """
    try:
        tags = json.loads(stated) if isinstance(stated, str | bytes) else stated
        return [str(axis["key"]) for axis in tags["axes"]]  # type: ignore[index]
    except (ValueError, KeyError, TypeError):
        return []


def pixel_sizes(array: Any, names: Sequence[Any], group: Any) -> dict[str, float]:
    """Return the edges of a pixel in micrometres by letter, where the array or its coordinates say them.

    Parameters
    ----------
    array
        The array.
    names
        Its axes.
    group
        The group in which it lies, with the coordinates of xarray; None if there is none.
    """
    letters = letters_of(names) or ()
    transform = array.attrs.get("transform")
    steps: dict[str, tuple[float, str]] = {}
    if isinstance(transform, Mapping):
        stated = zip(*(transform.get(key, ()) for key in ("axes", "scale", "units")), strict=False)
        steps = {str(name): (float(scale), str(unit)) for name, scale, unit in stated}
    for name, length in zip(names, array.shape, strict=True):
        if group is not None and str(name) not in steps and str(name) in group:
            steps[str(name)] = _step(group[str(name)], length)
    edges = {
        letter: micrometres(*steps[str(name)])
        for letter, name in zip(letters, names, strict=True)
        if str(name) in steps and letter in ("z", "y", "x")
    }
    return {letter: edge for letter, edge in edges.items() if edge is not None}


def _step(coordinate: Any, length: int) -> tuple[float, str]:
    """Return the distance between the points of a coordinate and its unit; 0 if they are not even."""
    shape = getattr(coordinate, "shape", None)
    if shape != (length,) or length < 2 or np.dtype(coordinate.dtype).kind not in "iuf":
        return 0.0, ""
    steps = np.abs(np.diff(np.asarray(coordinate[:], dtype=float)))
    even = bool(np.ptp(steps) <= EVEN_STEPS * np.median(steps))
    unit = coordinate.attrs.get("units", coordinate.attrs.get("unit", ""))
    return (float(np.median(steps)) if even else 0.0), str(unit)
