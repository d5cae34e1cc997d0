"""The map of fibre probabilities of one plane, computed tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.tiling import Tile, map_length, plan_tiles
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.receptive_window import WINDOW_PX
from napari_sciml.techniques.microct.prepare import FRAME_PX
from napari_sciml.techniques.microct.run_geometry import RunGeometry

POSITIVE = "fiber"


def map_shape(geometry: RunGeometry, stride: int) -> tuple[int, int]:
    """Return rows and columns of the map of one plane."""
    rows, columns = (map_length(n + 2 * FRAME_PX, WINDOW_PX, stride) for n in geometry.shape)
    return rows, columns


def map_tiles(geometry: RunGeometry, stride: int, tile_px: int) -> list[Tile]:
    """Cut the map of one plane into tiles that see at most `tile_px` pixels each way."""
    rows, columns = geometry.shape
    return plan_tiles((rows + 2 * FRAME_PX, columns + 2 * FRAME_PX), WINDOW_PX, stride, tile_px)


def fill_map(
    scores: FloatArray, field: FloatArray, tiles: list[Tile], predictor: Predictor, stride: int
) -> Iterator[None]:
    """Write the probabilities of `field` into `scores`, yielding after each tile."""
    column = predictor.model.classes.index(POSITIVE)
    for tile in tiles:
        scores[tile.core] = predictor.field(field[tile.padded], stride).scores[..., column]
        yield


def unknown_map(geometry: RunGeometry, stride: int) -> FloatArray:
    """Return a map in which nothing is known yet: NaN everywhere."""
    return np.full(map_shape(geometry, stride), np.nan, np.float32)
