"""The files of a fibre run: table, points for napari, record and picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sciml.core.findings import Findings
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.microct.slices import cut_slices


def write(findings: Findings, folder: Path) -> list[Path]:
    """Write ``findings.csv``, ``points.csv`` and, as long as the image is there, ``overlay.png``."""
    from napari_sciml.io.saving.tables import write_csv, write_points_csv

    columns = findings.overlays[0].columns
    drop = [name for name in ("z",) if name not in columns]
    written = [
        write_csv(findings.table, folder / "findings.csv"),
        write_points_csv(findings.table, columns, folder / "points.csv", drop=drop),
    ]
    return written if findings.source.absent else [*written, write_overlay(findings, folder / "overlay.png")]


def write_overlay(findings: Findings, path: Path) -> Path:
    """Draw the plane with the most fibres; of equals the one nearest to the middle."""
    from napari_sciml.figures.overlay import save_overlay
    from napari_sciml.io.formats.units import micrometres

    source, settings = findings.source, findings.settings
    assert isinstance(settings, MicroCTSettings)
    slicing = cut_slices(source, settings.axis)
    columns = findings.overlays[0].columns
    table = findings.table
    along = [axis for axis in (slicing.time_axis, slicing.slice_axis) if axis is not None]
    counts = np.zeros((slicing.frames, slicing.slices), np.int64)
    where = np.zeros((len(table), 2), np.int64)
    for slot, axis in ((0, slicing.time_axis), (1, slicing.slice_axis)):
        if axis is not None:
            where[:, slot] = table[columns[axis]].to_numpy().round()
    np.add.at(counts, (where[:, 0], where[:, 1]), 1)
    frame, number = fullest(counts)
    here = (where == (frame, number)).all(axis=1)
    points = table.loc[here, [columns[axis] for axis in slicing.plane_axes]].to_numpy(float)
    image = slicing.read(source, frame, number, number + 1)[0]
    record = findings.provenance
    size = None
    if settings.pixel_size_nm is not None:
        size = settings.pixel_size_nm / 1000
    elif source.pixel_size is not None:
        size = micrometres(source.pixel_size[slicing.plane_axes[1]], source.unit)
    title = f"{len(points)} fibres in {slicing.place(frame, number)}" if along else f"{len(points)} fibres"
    caption = [
        f"{source.name} · model {record.model} · threshold {settings.threshold:g}",
        f"{len(table)} fibre cross-sections in {record.units_done} of {record.units_total} {record.what}",
    ]
    if record.problems:
        more = f" (and {len(record.problems) - 1} more, see run.json)" if len(record.problems) > 1 else ""
        caption.append(f"Warning: {record.problems[0]}{more}")
    return save_overlay(
        image,
        points,
        path,
        diameter_px=findings.overlays[0].diameter_px,
        title=title,
        caption=caption,
        pixel_size_um=size,
    )


def fullest(counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> tuple[int, int]:
    """Return frame and slice with the most fibres; of equals the one nearest to the middle."""
    best = np.argwhere(counts == counts.max())
    middle = (np.array(counts.shape) - 1) / 2
    frame, number = best[np.abs(best - middle).sum(axis=1).argmin()]
    return int(frame), int(number)
