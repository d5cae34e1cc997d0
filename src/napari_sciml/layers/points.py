"""Findings as points layers that sit exactly on their image."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.corrections import Corrections
from napari_sciml.core.findings import Findings, PointsOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.merge_corrections import lay_over
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.styles import FOUND, MANUAL, MODEL, style_for

LayerData = tuple[Any, dict[str, Any], str]
"""What napari readers and writers pass around: data, arguments, type of layer."""


def points_layer(findings: Findings, overlay: PointsOverlay, place: Place) -> LayerData:
    """Build one points layer: features ``score, label, source`` and the run record in its metadata.

    Predicted points also say whether they were found, and carry whatever else their table knows.

    Positions are pixels of the source; `place` carries them into the world, so the points lie exactly
    on the image whatever its scale, translation, affine, units and axis labels.
    """
    positions, features = corrected_points(findings, overlay)
    style = style_for(overlay.label)
    arguments: dict[str, Any] = {
        "name": result_name(findings, overlay, place.name),
        "ndim": len(overlay.columns),
        "features": features,
        "feature_defaults": manual_defaults(overlay.label, features),
        "metadata": {METADATA_KEY: record(findings)},
        **style.constants(overlay.diameter_px),
        **place.spatial,
    }
    if len(positions):
        arguments["border_color"] = style.borders(features)
        arguments["symbol"] = style.symbols(features)
    else:
        arguments["border_color"] = style.model_color
        arguments["symbol"] = "disc"
    return positions, arguments, "points"


def corrected_points(
    findings: Findings, overlay: PointsOverlay
) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Return positions (n, ndim) and features of the points as a person left them."""
    found = overlay_positions(findings, overlay), model_features(findings, overlay)
    return lay_over(*found, findings.corrections.get(overlay.table, Corrections.none(len(overlay.columns))))


def overlay_positions(findings: Findings, overlay: PointsOverlay) -> npt.NDArray[np.float64]:
    """Return the positions (n, ndim) in pixels of the source, in its axis order."""
    table = findings.tables[overlay.table]
    return np.ascontiguousarray(table[list(overlay.columns)].to_numpy(dtype=np.float64))


def model_features(findings: Findings, overlay: PointsOverlay) -> pd.DataFrame:
    """Return the features of the points that the network found, in the order of its table."""
    table = findings.tables[overlay.table]
    features = pd.DataFrame(
        {
            "score": table["score"].to_numpy(dtype=np.float64),
            "label": np.full(len(table), overlay.label, dtype=object),
            "source": np.full(len(table), MODEL, dtype=object),
        }
    )
    if overlay.found:
        named = table.rename(columns={overlay.found: FOUND})
        further = [name for name in named if name not in overlay.columns and name not in ("frame", "score")]
        for name in further:
            features[name] = plain_feature(named[name])
    return features


def plain_feature(values: pd.Series) -> npt.NDArray[Any]:
    """Return the values of a feature so that a point of a person can leave them out."""
    array: npt.NDArray[Any] = values.to_numpy()
    return array.astype(np.float64 if array.dtype.kind in "iuf" else object)


def manual_defaults(label: str, features: Iterable[Hashable] = ()) -> dict[str, Any]:
    """Return the `features` of a point that a person adds: no score, because no network gave one."""
    return {**{str(name): np.nan for name in features}, "score": np.nan, "label": label, "source": MANUAL}


def result_name(findings: Findings, overlay: PointsOverlay, image_name: str) -> str:
    """Name the layer after what it holds and where it came from; a stopped run says so."""
    name = f"{image_name}: {style_for(overlay.label).many}"
    return f"{name} (partial)" if findings.partial else name


def record(findings: Findings) -> dict[str, Any]:
    """Return the run record as plain values, so that writers can store it."""
    return {**findings.provenance.model_dump(mode="json"), "partial": findings.partial}
