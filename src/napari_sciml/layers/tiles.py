"""Findings on a grid of tiles as layers: the scores as a wash of colour, positive tiles outlined."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.utils.colormaps import Colormap

from napari_sciml.core.findings import FieldMap, Findings, TilesOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import LayerData, record
from napari_sciml.layers.spatial import Place, grid_place
from napari_sciml.layers.styles import ORANGE, style_for

WASH = Colormap([[0.9, 0.62, 0.0, 0.0], [0.9, 0.62, 0.0, 0.3]], name="sciml scores")
"""From nothing to a colour through which the spots can still be seen."""
LINE_SHARE = 1 / 16
"""Width of an outline as a share of a tile: seen with the whole frame in view, not in the way near by."""


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
    """Build the layer with the borders of all positive tiles.

    Lines, because thousands of rectangles would be slow to draw and slow to change.
    """
    field = grid_of(findings, overlay)
    arguments: dict[str, Any] = {
        "name": layer_name(findings, place, style_for(overlay.label).tiles),
        "ndim": len(field.shape),
        "vector_style": "line",
        "edge_width": field.scale[-1] * LINE_SHARE,
        "edge_color": ORANGE,
        "metadata": {METADATA_KEY: record(findings)},
        **place.spatial,
    }
    return outlines(findings, overlay), arguments, "vectors"


def outlines(findings: Findings, overlay: TilesOverlay) -> npt.NDArray[np.float32]:
    """Give the borders of the tiles that count at the threshold of `findings`, each one once.

    Returns
    -------
    ndarray
        ``(n, 2, ndim)``: start and direction in pixels of the source.
    """
    field = grid_of(findings, overlay)
    scores = np.asarray(field.array)
    threshold = float(findings.provenance.settings["threshold"])
    # A score of zero is a tile in which no spot can be; at threshold zero it still does not count.
    positive = (scores >= threshold) & (scores > 0)
    return borders(positive, field.scale, field.translate)


def borders(
    positive: npt.NDArray[np.bool_], scale: tuple[float, ...], translate: tuple[float, ...]
) -> npt.NDArray[np.float32]:
    """Give the borders of the true elements of a stack of grids ``(..., rows, columns)``, each one once."""
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
    """Give the map of an overlay with as many axes as the source has."""
    field = findings.maps[overlay.map]
    if len(field.shape) == len(findings.provenance.source.axes):
        return field
    return FieldMap(field[0], field.scale[1:], field.translate[1:])


def layer_name(findings: Findings, place: Place, what: str) -> str:
    """Name a layer after its image and what it shows; a stopped run says so."""
    return f"{place.name}: {what}{' (partial)' if findings.partial else ''}"
