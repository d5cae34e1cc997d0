"""What a run over slices costs: time on the machine that `core.run_rate` compares with, and memory."""

from __future__ import annotations

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct.run_geometry import RunGeometry
from napari_sciml.techniques.microct.score_map import map_shape
from napari_sciml.techniques.microct.slices import slab_length

ELEMENT_S = {"torch": 16e-6, "onnxruntime": 3e-6, "openvino": 2.7e-6}
"""Seconds for one element of the map in floating point, by runtime."""
INTEGERS = 0.4
"""The same in integers, as a share."""
PIXEL_COPIES_BYTES = 36
"""Bytes for each pixel of a prepared plane: its copies in double and single precision and its map."""
ACTIVATION_BYTES = 900
"""Bytes for each pixel of a tile while the network runs."""


def seconds(geometry: RunGeometry, stride: int, backend: str, runtime: str) -> float:
    """Return the time of a run."""
    rows, columns = map_shape(geometry, stride)
    share = INTEGERS if backend == "int8" else 1.0
    return geometry.slicing.count * rows * columns * share * ELEMENT_S.get(runtime, ELEMENT_S["openvino"])


def memory_gb(source: ImageSource, geometry: RunGeometry, tile_px: int) -> float:
    """Return the most memory that a run holds besides the program itself."""
    rows, columns = geometry.slicing.shape
    slab = slab_length(source, geometry.slicing) * rows * columns * source.dtype.itemsize
    plane = geometry.shape[0] * geometry.shape[1] * PIXEL_COPIES_BYTES
    return (slab + plane + tile_px * tile_px * ACTIVATION_BYTES) / 1e9
