"""Save a result into a new folder, without blocking the window and without overwriting anything."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.app.canvas.derived_result import Files
from napari_sciml.app.canvas.result import Result
from napari_sciml.core.corrections import Corrections
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import Progress
from napari_sciml.core.provenance import METADATA_KEY, Provenance
from napari_sciml.io.saving.record import write_record
from napari_sciml.io.saving.tables import write_csv
from napari_sciml.layers.writer import save_points
from napari_sciml.techniques.saved_runs import save_run

CORRECTED = "corrected_points.csv"
"""The points as a person left them; written when they differ from what the network found."""


@dataclass(frozen=True)
class PointsCopy:
    """What a person made of the points of an overlay, safe to write from another thread.

    Attributes
    ----------
    table
        The overlay's table.
    corrections
        What was changed, also in points that the threshold hides.
    data, meta
        A copy of the points on screen, as napari hands layers to writers; None if they are as they were.
    """

    table: str
    corrections: Corrections
    data: npt.NDArray[np.float64] | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def corrected_points(result: Result) -> list[PointsCopy]:
    """Copy the points of `result` that a person changed."""
    copies = []
    for overlay, sync in result.syncs:
        layer, corrections = sync.layer, sync.corrections
        if layer is None or not (corrections or overlay.table in result.findings.corrections):
            continue
        if not sync.edits:
            copies.append(PointsCopy(overlay.table, corrections))
            continue
        said = {METADATA_KEY: dict(layer.metadata[METADATA_KEY])}
        meta = {"features": layer.features.copy(), "metadata": said}
        copies.append(PointsCopy(overlay.table, corrections, layer.data.copy(), meta))
    return copies


def save_work(
    findings: Findings,
    folder: Path,
    corrected: list[PointsCopy],
    further_files: Files = MappingProxyType({}),
) -> Generator[Progress, None, list[Path]]:
    """Write everything into `folder`, with what a person `corrected`.

    `further_files` gives further tables and run records by the files' names.

    Raises
    ------
    SciMLError
        If it cannot be written.
    """
    yield Progress(0, 1, "folders")
    corrections = {**findings.corrections, **{points.table: points.corrections for points in corrected}}
    return save_run(
        replace(findings, corrections={table: changed for table, changed in corrections.items() if changed}),
        folder,
        lambda place: [*write_corrected(corrected, place), *write_further_files(further_files, place)],
    )


def write_corrected(corrected: list[PointsCopy], folder: Path) -> list[Path]:
    """Write the points as a person left them."""
    written: list[Path] = []
    for points in corrected:
        if points.data is not None:
            number = sum(path.suffix == ".csv" for path in written)
            name = CORRECTED if not number else CORRECTED.replace(".csv", f"_{number + 1}.csv")
            written += save_points(folder / name, points.data, points.meta)
    return written


def write_further_files(further_files: Files, folder: Path) -> list[Path]:
    """Write further tables and run records."""
    return [
        write_record(content, folder / name)
        if isinstance(content, Provenance)
        else write_csv(content, folder / name)
        for name, content in further_files.items()
    ]
