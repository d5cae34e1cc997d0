"""Save a points layer as a table, with the record of the run that it came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.notify import tell


def write_points(path: str | os.PathLike[str], data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a points layer for napari's save dialog; what is wrong is told in one sentence."""
    try:
        return [str(file) for file in save_points(path, data, meta)]
    except SciMLError as error:
        tell(error)
        return []


def save_points(path: str | os.PathLike[str], data: Any, meta: dict[str, Any]) -> list[Path]:
    """Write positions and features as CSV, and the run record beside it as ``<name>.run.json``.

    Parameters
    ----------
    path
        The CSV file.
    data
        Positions (n, ndim) in pixels of the image.
    meta
        The layer's arguments, as napari hands them to writers; ``features`` and ``metadata`` are used.

    Raises
    ------
    SciMLError
        If a file cannot be written.
    """
    from napari_sciml.io.saving.atomic import write_text
    from napari_sciml.io.saving.tables import write_points_csv

    positions = np.asarray(data, dtype=float)
    columns = [f"position-{axis}" for axis in range(positions.shape[1])]
    features = pd.DataFrame(meta.get("features", {})).reset_index(drop=True)
    table = pd.concat([pd.DataFrame(positions, columns=columns), features], axis=1)
    written = [write_points_csv(table, columns, path)]
    record = meta.get("metadata", {}).get(METADATA_KEY)
    if record is not None:
        import json

        beside = Path(path).with_suffix(".run.json")
        written.append(write_text(beside, json.dumps(record, indent=2, ensure_ascii=False) + "\n"))
    return written
