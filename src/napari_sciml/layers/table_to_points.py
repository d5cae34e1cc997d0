"""A table of points as a layer on the image that it belongs to: the record beside the table says which."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Layer

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.fingerprint import is_image
from napari_sciml.core.lazy_import import load
from napari_sciml.core.provenance import METADATA_KEY, Provenance
from napari_sciml.layers.keys import RECORD_NAME
from napari_sciml.layers.points import LayerData, manual_defaults, plain_feature
from napari_sciml.layers.saved_run import open_images
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.styles import MODEL, style_for
from napari_sciml.techniques.registry import mark_of

FINDINGS_NAME = "findings.csv"
TABLE_NAME = "points.csv"


def points_table_layers(path: str | os.PathLike[str], images: Iterable[Layer] = ()) -> list[LayerData]:
    """Open a table of points, one that a run saved or that was saved from a layer of a run.

    Parameters
    ----------
    path
        The table, or its record ``<name>.run.json``. The record beside it says pixel size and axes; if the
        image of the run is among the open ones, the points lie on that.
    images
        The layers that are open.

    Raises
    ------
    SciMLError
        If the record or the table is missing, not valid, or holds no positions.
    """
    from napari_sciml.io.saving.record import read_record

    file = table_of(Path(path))
    record_file = record_of(file)
    if record_file is None:
        return [plain_points(file)]
    record = read_record(record_file)
    positions, features = read_points(file, record)
    place = place_of(record, fingerprint_in(record_file), images)
    label = mark_of(record.technique).label
    style = style_for(label)
    features["label"] = features.get("label", label)
    features["source"] = features.get("source", MODEL)
    features = pd.DataFrame({name: plain_feature(features[name]) for name in features})
    arguments: dict[str, Any] = {
        "name": f"{place.name}: {style.many}{' (partial)' if record.partial else ''}",
        "ndim": positions.shape[1],
        "features": features,
        "feature_defaults": manual_defaults(label, features),
        "metadata": {METADATA_KEY: {**record.model_dump(mode="json"), "partial": record.partial}},
        "border_color": style.borders(features) if len(features) else style.model_color,
        "symbol": style.symbols(features) if len(features) else "disc",
        **style.constants(marker_diameter(record)),
        **place.spatial,
    }
    return [(positions, arguments, "points")]


def table_of(path: Path) -> Path:
    """Return the table that a path means: itself, or the one that belongs to a record."""
    name = path.name.lower()
    if name == RECORD_NAME:
        return path.with_name(TABLE_NAME)
    return path.with_name(path.name[: -len(f".{RECORD_NAME}")] + ".csv") if is_own_record(name) else path


def is_own_record(name: str) -> bool:
    """Whether a file's name is that of the record of one table."""
    return name.lower().endswith(f".{RECORD_NAME}")


def record_of(table: Path) -> Path | None:
    """Return the record that belongs to a table: with its own name, else that of its folder; None without."""
    for record in (table.with_suffix(f".{RECORD_NAME}"), table.with_name(RECORD_NAME)):
        if record.is_file():
            return record
    return None


def read_points(file: Path, record: Provenance) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Read positions ``(n, axes)`` in pixels of the image, and what else the table says of each.

    Raises
    ------
    SciMLError
        If it cannot be read or does not fit the image of the run.
    """
    from napari_sciml.io.saving.tables import read_csv, read_points_csv

    count = len(record.source.axes)
    if file.name.lower() != FINDINGS_NAME:
        positions, features = read_points_csv(file)
        if positions.shape[1] != count:
            raise SciMLError(
                f"{file} has {positions.shape[1]} coordinates but the image of the run has {count} axes",
                "choose the record that was saved with this table",
            )
        return positions, features
    table = read_csv(file)
    # Images of a series are counted, slices of a volume are not.
    names = [name for name in ("frame", "z", "y", "x") if name in table][-count:]
    if len(names) < count or "y" not in names:
        raise SciMLError(f"{file} says nothing of positions", f"open {TABLE_NAME} or {RECORD_NAME} beside it")
    return table[names].to_numpy(np.float64), table.drop(columns=names)


def place_of(record: Provenance, digits: str, images: Iterable[Layer]) -> Place:
    """Return where the image of a run is: on the open layer that is it, else as the record says."""
    shape = record.source.shape
    known = [(layer, source) for layer, source in open_images(images) if source.shape == shape]
    # By its pixels, and only where nobody knows them by its name.
    for layer, source in known:
        if is_image(source, digits) if digits else source.name == record.source.name:
            return Place.of(layer)
    return Place.of_source(record.source.absent(f"{record.source.name} is not open"))


def fingerprint_in(record: Path) -> str:
    """Return the fingerprint that a record states, or nothing."""
    return str(json.loads(record.read_bytes()).get("fingerprint", ""))


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
    return float(load(diameter)(record.settings, record.source.absent("only described")))


def plain_points(file: Path) -> LayerData:
    """Open a table of points that nobody knows anything else of, as napari does."""
    from napari_sciml.io.saving.tables import read_points_csv

    positions, features = read_points_csv(file)
    return positions, {"name": file.stem, "features": features}, "points"
