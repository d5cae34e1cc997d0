"""Findings on a grid of tiles as layers: the scores as a wash of colour, positive tiles outlined."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Vectors
from napari.utils.colormaps import Colormap

from napari_sciml.core.findings import FieldMap, Findings, TilesOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import LayerData, record
from napari_sciml.layers.spatial import Place, grid_place
from napari_sciml.layers.styles import BLUE, ORANGE, rgba, style_for

WASH = Colormap([[0.9, 0.62, 0.0, 0.0], [0.9, 0.62, 0.0, 0.3]], name="sciml scores")
"""From nothing to a colour through which the spots can still be seen."""
LEFT_OUT_COLOR = BLUE
TILE_COLUMNS = ("frame", "tile_row", "tile_column")
LINE_SHARE = 1 / 16
"""Width of an outline as a share of a tile: seen with the whole frame shown, not in the way near by."""


def scores_layer(findings: Findings, overlay: TilesOverlay, place: Place) -> LayerData:
    """Build the image layer with one pixel for each tile, lying exactly on the tiles."""
    field = grid_of(findings, overlay)
    arguments: dict[str, Any] = {
        "name": layer_name(findings, place, "tile scores"),
        "colormap": WASH,
        "contrast_limits": (0.0, 1.0),
        "interpolation2d": "nearest",
        "blending": "translucent",
        "metadata": {METADATA_KEY: record(findings)},
        **grid_place(place.spatial, field.scale, field.translate),
    }
    return np.asarray(field.array), arguments, "image"


def outlines_layer(findings: Findings, overlay: TilesOverlay, place: Place) -> LayerData:
    """Build the layer with the borders of all positive tiles, and of suspects in another colour.

    Lines, because thousands of rectangles would be slow to draw and slow to change.
    """
    field = grid_of(findings, overlay)
    lines, colors = outlines(findings, overlay)
    arguments: dict[str, Any] = {
        "name": layer_name(findings, place, style_for(overlay.label).tiles),
        "ndim": len(field.shape),
        "vector_style": "line",
        "opacity": 1.0,
        "edge_width": field.scale[-1] * LINE_SHARE,
        "edge_color": colors if len(lines) else ORANGE,
        "metadata": {METADATA_KEY: record(findings)},
        **place.spatial,
    }
    return lines, arguments, "vectors"


def show_outlines(layer: Vectors, findings: Findings, overlay: TilesOverlay) -> None:
    """Change the lines of a layer to what counts in `findings` now."""
    lines, colors = outlines(findings, overlay)
    layer.data = lines
    if len(lines):
        layer.edge_color = colors


def outlines(
    findings: Findings, overlay: TilesOverlay
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Return the borders of the tiles that count, and of those that would if they were not suspect.

    Returns
    -------
    ndarray
        ``(n, 2, ndim)``: start and direction in pixels of the source.
    ndarray
        ``(n, 4)``: colours.
    """
    field = grid_of(findings, overlay)
    counted, left_out = tile_flags(findings, overlay)
    # Later ones are drawn over earlier ones.
    parts = [(borders(left_out, field.scale, field.translate), LEFT_OUT_COLOR)]
    parts += [(borders(counted, field.scale, field.translate), ORANGE)]
    return (
        np.concatenate([lines for lines, _ in parts]),
        np.concatenate([np.tile(rgba(color), (len(lines), 1)) for lines, color in parts]),
    )


def tile_flags(
    findings: Findings, overlay: TilesOverlay
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return for each tile whether it counts, and whether it was left out although it scores high enough.

    Where a table of points names their tiles, that table says which count: a technique may leave out tiles
    for other reasons than their score.
    """
    scores = np.asarray(grid_of(findings, overlay).array)
    threshold = float(findings.provenance.settings["threshold"])
    # A score of zero is a tile in which nothing can be; at threshold zero it still does not count.
    high = (scores >= threshold) & (scores > 0)
    for points in findings.overlays:
        table = findings.tables[points.table]
        if set(TILE_COLUMNS) <= set(table):
            named = [table[name].to_numpy(np.int64) for name in TILE_COLUMNS]
            counted = np.zeros(scores.shape, bool)
            counted[tuple(named[-scores.ndim :])] = True
            return counted, high & ~counted
    return high, np.zeros_like(high)


def borders(
    positive: npt.NDArray[np.bool_], scale: tuple[float, ...], translate: tuple[float, ...]
) -> npt.NDArray[np.float32]:
    """Return the borders of the true elements of a stack of grids ``(..., rows, columns)``, each one once."""
    lines = []
    for axis in (-2, -1):
        along = -3 - axis
        padding = [(0, 0)] * positive.ndim
        padding[axis] = (1, 1)
        wide = np.pad(positive, padding)
        # A border is drawn where the element before or behind it counts.
        before, behind = (np.moveaxis(wide, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        index = np.argwhere(np.moveaxis(before | behind, 0, axis)).astype(np.float32)
        index[:, [-2, -1]] -= 0.5
        line = np.zeros((len(index), 2, positive.ndim), np.float32)
        line[:, 0] = index * np.asarray(scale, np.float32) + np.asarray(translate, np.float32)
        line[:, 1, along] = scale[along]
        lines.append(line)
    return np.concatenate(lines)


def grid_of(findings: Findings, overlay: TilesOverlay) -> FieldMap:
    """Return the map of an overlay with as many axes as the source has."""
    field = findings.maps[overlay.map]
    if len(field.shape) == len(findings.provenance.source.axes):
        return field
    return FieldMap(field[0], field.scale[1:], field.translate[1:])


def layer_name(findings: Findings, place: Place, what: str) -> str:
    """Name a layer after its image and what it shows; a stopped run says so."""
    return f"{place.name}: {what}{' (partial)' if findings.partial else ''}"
