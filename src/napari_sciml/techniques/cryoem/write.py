"""The files of a run over micrographs: picks for other programs, averages, map, record and picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.frames import frame_count, raw_frame
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.decide import FSC, VIEWS
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.pick_scale import PickScale
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.mirror_views import mirror_directions

A_PER_UM = 1e4
"""Angstrom in a micrometre."""
PRODUCTS = {"averages": "averages.mrcs", "references": "references.mrcs", "map": "map.mrc"}
"""What a run makes beside tables -> its file."""


def write(findings: Findings, folder: Path) -> list[Path]:
    """Write picks for other programs, averages, map and picture.

    Always ``findings.csv, points.csv, picks.star, autopick.star, coords.txt``, ``star/`` and ``box/`` with a
    file for each micrograph that has picks, and ``overlay.png`` as long as the micrographs are there; after
    sorting also ``particles.star, views.csv, averages.mrcs, references.mrcs``, and with a map ``map.mrc,
    fsc.csv``.
    """
    from napari_sciml.io.formats.mrc import write_mrc
    from napari_sciml.io.picks.rows import is_tiff
    from napari_sciml.io.picks.writing import Optics, write_boxes, write_coords, write_star, write_star_files
    from napari_sciml.io.saving.tables import write_csv, write_points_csv

    table, names, scale = findings.table, micrograph_names(findings.source), scale_of(findings)
    optics = Optics(pixel_size_A=scale.pixel_size_A)
    picks = table[["frame", "y", "x", "score"]]
    heights = [findings.source.shape[-2]] * len(names)
    columns = findings.overlays[0].columns
    dropped = () if "frame" in columns else ("frame",)
    written = [
        write_csv(table, folder / "findings.csv"),
        write_points_csv(table, columns, folder / "points.csv", drop=dropped),
        write_star(picks, folder / "picks.star", micrographs=names, optics=optics, heights=heights),
        *write_star_files(picks, folder, names, heights=heights),
        write_coords(picks, folder / "coords.txt", names),
        *write_boxes(picks, folder / "box", names, scale.box_px, heights=heights),
    ]
    if "view" in table.columns:
        path, pixel = folder / "particles.star", box_pixel_A(findings)
        rows = sorted_picks(table, pixel, [is_tiff(names[frame]) for frame in table["frame"]])
        written.append(write_star(rows, path, micrographs=names, optics=optics, heights=heights))
    for name in (VIEWS, FSC):
        if name in findings.tables:
            written.append(write_csv(findings.tables[name], folder / f"{name}.csv"))
    for name, product in findings.products.items():
        file = folder / PRODUCTS.get(name, f"{name}.mrc")
        written.append(write_mrc(file, product.array, product.pixel_size_A))
    if not findings.source.absent:
        written.append(write_overlay(findings, folder / "overlay.png"))
    return written


def scale_of(findings: Findings) -> PickScale:
    """Return the lengths of the run."""
    assert isinstance(findings.context, CryoEMContext)
    return findings.context.scale


def micrograph_names(source: ImageSource) -> list[str]:
    """Name the micrograph of each frame: its file, or number and file as ``000003@stack.mrcs``.

    Folders are left out: they differ between the machines on which a project lives.
    """
    from napari_sciml.io.events import scattered

    count = frame_count(source)
    whole = only_file(Path((source.path or source.name).partition("::")[0])).name
    place = scattered(source) if count > 1 or source.place else None
    if place is None:
        return [f"{frame + 1:06d}@{whole}" for frame in range(count)] if source.ndim == 3 else [whole]
    return [_named(*place(frame)) for frame in range(count)]


def only_file(path: Path) -> Path:
    """Return the one image in a folder, or the path as it is."""
    from napari_sciml.io.formats.file_patterns import files_in

    if not path.is_dir():
        return path
    try:
        _, files = files_in(path)
    except SciMLError:
        return path
    return files[0] if len(files) == 1 else path


def _named(file: str, inside: int | str | None) -> str:
    if isinstance(inside, str):
        return f"{inside}@{Path(file).name}"
    return Path(file).name if inside is None else f"{inside + 1:06d}@{Path(file).name}"


def sorted_picks(
    table: pd.DataFrame, box_pixel_A: float | None, turned: Sequence[bool] | None = None
) -> pd.DataFrame:
    """Return picks that lie in a view with RELION's columns for it; those in none are left out of this file.

    Classes count from 1. Origins are in Angstrom and point from the particle's centre to that of its box.
    Where RELION sees a micrograph with its rows `turned`, it sees the particle's mirror image.
    """
    if turned is not None and any(turned):
        mirrored = table["mirrored"].to_numpy(bool) if "mirrored" in table else np.zeros(len(table), bool)
        table = table.assign(mirrored=mirrored ^ np.asarray(turned, bool))
    rows = table[table["view"] != NO_VIEW].reset_index(drop=True)
    view = rows["view"].to_numpy(int)
    angles = view_angles()[view].reshape(-1, 2)
    rows, angles = as_seen(rows, angles)
    result = rows[["frame", "y", "x", "score"]].assign(
        rlnClassNumber=view + 1, rlnAngleRot=angles[:, 0], rlnAngleTilt=angles[:, 1]
    )
    if "psi_deg" in rows:
        result["rlnAnglePsi"] = rows["psi_deg"].to_numpy(float)
    if {"shift_y", "shift_x"} <= set(rows.columns) and box_pixel_A is not None:
        result["rlnOriginXAngst"] = -rows["shift_x"].to_numpy(float) * box_pixel_A
        result["rlnOriginYAngst"] = -rows["shift_y"].to_numpy(float) * box_pixel_A
    if "view_probability" in rows:
        result["rlnMaxValueProbDistribution"] = rows["view_probability"].to_numpy(float)
    return result


def as_seen(
    rows: pd.DataFrame, angles: npt.NDArray[np.float64]
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Return particles with angle and shift of their images as they are, and their viewing directions.

    Those of mirrored particles were those of the mirror image.
    """
    mirror = rows["mirrored"].to_numpy(bool) if "mirrored" in rows else np.zeros(len(rows), bool)
    if not mirror.any():
        return rows, angles
    psi = rows["psi_deg"].to_numpy(float) if "psi_deg" in rows else np.zeros(len(rows))
    whole = np.c_[angles, psi]
    whole[mirror] = mirror_directions(whole[mirror])
    if "psi_deg" in rows:
        rows = rows.assign(psi_deg=whole[:, 2])
    if "shift_y" in rows:
        rows = rows.assign(shift_y=np.where(mirror, -1.0, 1.0) * rows["shift_y"])
    return rows, whole[:, :2]


def box_pixel_A(findings: Findings) -> float | None:
    """Return the edge of a pixel of the boxes that were sorted, in which shifts are counted."""
    averages = findings.products.get("averages")
    return None if averages is None else averages.pixel_size_A


def crowded_frames(table: pd.DataFrame, count: int) -> Sequence[int]:
    """Order the frames by their number of picks, the most first."""
    picks = np.bincount(table["frame"].to_numpy(int), minlength=count)
    return [int(frame) for frame in np.argsort(-picks, kind="stable")]


def write_overlay(findings: Findings, path: Path) -> Path:
    """Draw the micrograph with the most picks, each of them circled at the size of a particle.

    Raises
    ------
    SciMLError
        If no micrograph can be read, or the file cannot be written.
    """
    from napari_sciml.figures.overlay import save_overlay

    record, table, source = findings.provenance, findings.table, findings.source
    scale, count = scale_of(findings), frame_count(source)
    number, image, problem = (
        0,
        None,
        SciMLError(f"{source.name} could not be read", "see whether it is there"),
    )
    for number in crowded_frames(table, count):
        try:
            image = raw_frame(source, number)
            break
        except SciMLError as error:
            # A micrograph that is damaged has no picks; another one can be shown.
            problem = error
    if image is None:
        raise problem
    here = table.loc[table["frame"] == number, ["y", "x"]].to_numpy(float)
    size = scale.pixel_size_A
    diameter = f"{scale.diameter_px:.0f} px" if size is None else f"{scale.diameter_px * size:.0f} Å"
    limit = f"threshold {findings.settings.threshold:g}"
    return save_overlay(
        image,
        here,
        path,
        diameter_px=scale.diameter_px,
        title=f"{micrograph_names(source)[number]}: {len(here)} particle{'' if len(here) == 1 else 's'}",
        caption=[
            f"{source.name} · {record.model} · {limit} · diameter {diameter}",
            f"{len(table)} particles in {record.units_done} of {record.units_total} {record.what}",
        ],
        pixel_size_um=None if size is None else size / A_PER_UM,
    )
