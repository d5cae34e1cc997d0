"""Things found in an image that are more than points: lines as a shapes layer, peaks as a points layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.findings import Findings, PathsOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import LayerData, plain_feature, record
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.styles import FEATURE_COLORS, YELLOW, rgba

FEATURE = "feature"
KIND = "kind"
LINE_PX = 1.0
"""Width of a line in pixels of the image."""
PEAK_PX = 7.0
"""Diameter of a peak's marker in pixels of the image."""
MOST_PATHS = 3000
"""Shapes are slow to build; beyond these a person sees the strongest only, and the table has them all."""


def paths_layers(findings: Findings, overlay: PathsOverlay, place: Place) -> list[LayerData]:
    """Build the layers of an overlay on the image at `place`: one with its lines, one with its points.

    Each is left out if it would be empty.
    """
    paths, lines = polylines(findings, overlay)
    points, peaks = lone_points(findings, overlay)
    suffix = " (partial)" if findings.partial else ""
    common: dict[str, Any] = {
        "ndim": len(overlay.columns),
        "metadata": {METADATA_KEY: record(findings)},
        **place.spatial,
    }
    layers: list[LayerData] = []
    if paths:
        arguments = {
            "name": f"{place.name}: {overlay.label} lines{suffix}",
            "shape_type": "path",
            "edge_width": LINE_PX,
            "edge_color": colors(lines),
            "face_color": "transparent",
            "opacity": 0.9,
            "features": lines,
        }
        layers.append((paths, {**common, **arguments}, "shapes"))
    if len(points):
        arguments = {
            "name": f"{place.name}: {overlay.label} peaks{suffix}",
            "symbol": "diamond",
            "size": PEAK_PX,
            "canvas_size_limits": (6, 10000),
            "face_color": "transparent",
            "border_color": colors(peaks),
            "border_width": 0.14,
            "features": peaks,
        }
        layers.append((points, {**common, **arguments}, "points"))
    return layers


def polylines(
    findings: Findings, overlay: PathsOverlay
) -> tuple[list[npt.NDArray[np.float64]], pd.DataFrame]:
    """Return the lines ``(corners, ndim)`` in pixels of the source, and the row of the thing that each shows.

    A thing may have several lines: a ring is cut where the detector has a gap.
    """
    corners, things = findings.tables[overlay.table], findings.tables[overlay.things]
    keys = [name for name in ("line",) if name in corners]
    parts = [
        (int(rows[FEATURE].iloc[0]), rows[list(overlay.columns)].to_numpy(np.float64))
        for _, rows in corners.groupby([FEATURE, *keys], sort=True)
        if len(rows) > 1
    ]
    if len(parts) > MOST_PATHS and "strength" in things:
        strength = things["strength"].to_numpy(float)
        parts = sorted(sorted(parts, key=lambda part: -strength[part[0]])[:MOST_PATHS], key=lambda p: p[0])
    owners = [row for row, _ in parts]
    return [path for _, path in parts], described(things.iloc[owners], overlay)


def lone_points(findings: Findings, overlay: PathsOverlay) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Return the things without a line as points ``(n, ndim)`` in pixels of the source, and their rows."""
    corners, things = findings.tables[overlay.table], findings.tables[overlay.things]
    alone = ~np.isin(np.arange(len(things)), corners[FEATURE].to_numpy())
    rows = things[alone & things[["y", "x"]].notna().all(axis=1).to_numpy()]
    return rows[list(overlay.columns)].to_numpy(np.float64), described(rows, overlay)


def described(things: pd.DataFrame, overlay: PathsOverlay) -> pd.DataFrame:
    """Return what a table says about things, apart from where they are, as features of a layer."""
    left = [name for name in things if name not in overlay.columns and name != "frame"]
    return pd.DataFrame({name: plain_feature(things[name]) for name in left})


def colors(features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the colour ``(n, 4)`` RGBA of each thing, by its kind."""
    return np.array([rgba(FEATURE_COLORS.get(str(kind), YELLOW)) for kind in features[KIND]])
