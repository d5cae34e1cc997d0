"""Save a result into a new folder, without blocking the window and without overwriting anything."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.app.canvas.result import Result
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import Progress
from napari_sciml.core.provenance import METADATA_KEY, Provenance
from napari_sciml.io.record import write_record
from napari_sciml.io.tables import write_csv
from napari_sciml.layers.writer import save_points
from napari_sciml.techniques.saved_runs import save_run

CORRECTED = "corrected_points.csv"
"""The points as a person left them; written when they differ from what the network found."""


@dataclass(frozen=True)
class PointsCopy:
    """A copy of a points layer, safe to write from another thread."""

    data: np.ndarray[Any, np.dtype[np.float64]]
    meta: dict[str, Any]


def corrected_points(result: Result) -> list[PointsCopy]:
    """Copy the points of `result` if a person changed them."""
    if not result.edits:
        return []
    return [
        PointsCopy(
            layer.data.copy(),
            {
                "features": layer.features.copy(),
                "metadata": {METADATA_KEY: dict(layer.metadata[METADATA_KEY])},
            },
        )
        for layer in result.points
    ]


def new_folder(parent: str | Path, name: str) -> Path:
    """Give a path in `parent` that nothing has yet: ``name``, else ``name-2``, ``name-3`` and so on."""
    target = Path(parent) / name
    number = 2
    while target.exists():
        target = Path(parent) / f"{name}-{number}"
        number += 1
    return target


def save_work(
    findings: Findings,
    folder: Path,
    corrected: list[PointsCopy],
    beside: Mapping[str, pd.DataFrame | Provenance] | None = None,
) -> Generator[Progress, None, list[Path]]:
    """Write everything into `folder`; `beside` gives further tables and run records by the files' names.

    Raises
    ------
    SciMLError
        If it cannot be written.
    """
    yield Progress(0, 1, "folders")
    return save_run(
        findings,
        folder,
        lambda place: [*write_corrected(corrected, place), *write_beside(beside or {}, place)],
    )


def write_corrected(corrected: list[PointsCopy], folder: Path) -> list[Path]:
    """Write the points as a person left them."""
    written: list[Path] = []
    for number, points in enumerate(corrected):
        name = CORRECTED if number == 0 else CORRECTED.replace(".csv", f"_{number + 1}.csv")
        written += save_points(folder / name, points.data, points.meta)
    return written


def write_beside(beside: Mapping[str, pd.DataFrame | Provenance], folder: Path) -> list[Path]:
    """Write further tables and run records."""
    return [
        write_record(content, folder / name)
        if isinstance(content, Provenance)
        else write_csv(content, folder / name)
        for name, content in beside.items()
    ]
