"""What a run left out of an image, as a faint area over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap

from napari_sciml.core.findings import FieldMap, Findings
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import LayerData, record
from napari_sciml.layers.spatial import Place, grid_place

MASK = "mask"
"""Key into `Findings.maps`; 1 where nothing was looked for."""
LEFT_OUT = "left out"
WASH = Colormap([[0.80, 0.47, 0.65, 0.0], [0.80, 0.47, 0.65, 0.33]], name="sciml left out")
"""From nothing to a purple through which the image is still seen."""


def area_layer(findings: Findings, place: Place) -> LayerData | None:
    """Build the image layer of what was left out, lying exactly on the image; None if nothing was masked."""
    if MASK not in findings.maps:
        return None
    field = flat_where_the_image_is(findings, findings.maps[MASK])
    name = f"{place.name}: {LEFT_OUT}{' (partial)' if findings.partial else ''}"
    arguments: dict[str, Any] = {
        "name": name,
        "colormap": WASH,
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "nearest",
        "blending": "translucent",
        "metadata": {METADATA_KEY: record(findings)},
        **grid_place(place.spatial, field.scale, field.translate),
    }
    return frame_stack(field), arguments, "image"


def area_grid(findings: Findings) -> FieldMap:
    """Return how the area lies on the image, with as many axes as the image has."""
    return flat_where_the_image_is(findings, findings.maps[MASK])


def flat_where_the_image_is(findings: Findings, field: FieldMap) -> FieldMap:
    """Drop the axis of frames of a map over a single image."""
    axes = len(findings.provenance.source.axes)
    if len(field.shape) == axes:
        return field
    return FieldMap(field[0], field.scale[-axes:], field.translate[-axes:])


def frame_stack(field: FieldMap) -> Any:
    """Return the pixels: as they are, or as planes that napari asks for one by one."""
    if isinstance(field.array, np.ndarray):
        return field.array.astype(np.float32) if field.array.dtype == bool else field.array
    import dask.array as da

    chunks = (*(1,) * (len(field.shape) - 2), *field.shape[-2:])
    return da.from_array(  # type: ignore[no-untyped-call]
        field, chunks=chunks, lock=True, name=False, meta=np.empty((0,) * len(chunks), field.dtype)
    )
