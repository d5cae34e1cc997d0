"""A saved run as a points layer: the table beside a run record, placed by the record's pixel size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY, Provenance
from napari_sciml.core.reference import load
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import RECORD_NAME
from napari_sciml.layers.points import LayerData, manual_defaults, plain_feature
from napari_sciml.layers.spatial import source_place
from napari_sciml.layers.styles import MODEL, style_for
from napari_sciml.techniques.registry import mark_of

TABLE_NAME = "points.csv"


def saved_run_layers(path: str | os.PathLike[str]) -> list[LayerData]:
    """Open the points of a saved run.

    Parameters
    ----------
    path
        ``run.json`` of a result folder, or ``<name>.run.json`` beside ``<name>.csv``.

    Raises
    ------
    SciMLError
        If the record or its table is missing or not valid.
    """
    from napari_sciml.io.record import read_record
    from napari_sciml.io.tables import read_points_csv

    file = Path(path)
    record = read_record(file)
    table = table_of(file)
    positions, features = read_points_csv(table)
    ndim = len(record.source.axes)
    if positions.shape[1] != ndim:
        raise SciMLError(
            f"{table} has {positions.shape[1]} coordinates but the image of the run has {ndim} axes",
            "choose the record that was saved with this table",
        )
    label = mark_of(record.technique).label
    style = style_for(label)
    features["label"] = features.get("label", label)
    features["source"] = features.get("source", MODEL)
    features = pd.DataFrame({name: plain_feature(features[name]) for name in features})
    arguments: dict[str, Any] = {
        "name": f"{record.source.name}: {style.many}{' (partial)' if record.partial else ''}",
        "ndim": ndim,
        "features": features,
        "feature_defaults": manual_defaults(label, features),
        "metadata": {METADATA_KEY: {**record.model_dump(mode="json"), "partial": record.partial}},
        "border_color": style.borders(features) if len(features) else style.model_color,
        "symbol": style.symbols(features) if len(features) else "disc",
        **style.constants(marker_diameter(record)),
        **source_place(_placeholder(record)),
    }
    return [(positions, arguments, "points")]


def table_of(record: Path) -> Path:
    """Give the table that belongs to a record: ``points.csv``, or the one with the record's own name."""
    if record.name.lower() == RECORD_NAME:
        return record.with_name(TABLE_NAME)
    return record.with_name(record.name[: -len(f".{RECORD_NAME}")] + ".csv")


def marker_diameter(record: Provenance) -> float:
    """Return the size of a marker in pixels, from the settings of the run.

    Raises
    ------
    SciMLError
        If the record does not say it.
    """
    diameter = mark_of(record.technique).diameter
    if isinstance(diameter, int | float):
        return float(diameter)
    return float(load(diameter)(record.settings, _placeholder(record)))


def _placeholder(record: Provenance) -> ImageSource:
    """Describe the image of the run without its pixels, which may not be at hand."""
    source = record.source
    return ImageSource(
        data=np.broadcast_to(np.zeros((), dtype=source.dtype), source.shape),
        axes=source.axes,
        pixel_size=source.pixel_size,
        unit=source.unit,
        name=source.name,
    )
