"""Particle picks for other programs: RELION and crYOLO STAR, EMAN boxes and Topaz text.

RELION and EMAN count the rows of a TIFF from the bottom, and so do the files for them (see `rows`); Topaz
does not.

No picks is a valid result: the file is written with its header and, where the form allows, says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.coordinate_tables import RLN_FILE
from napari_sciml.io.picks.micrograph_names import stem_of
from napari_sciml.io.picks.reading import HEIGHT_KEY, OPTICS_KEY
from napari_sciml.io.picks.rows import TOP_MARK, TURNED_MARK, PickGrid, is_tiff, turned_rows
from napari_sciml.io.picks.tables import (
    NO_SCORE,
    RLN_MICROGRAPH,
    RLN_SCORE,
    RLN_X,
    RLN_Y,
)
from napari_sciml.io.saving.atomic import make_folder, write_text
from napari_sciml.io.star import GROUP, OPTICS, Values, write_star_blocks

Heights = Sequence[float] | None
"""Rows of the micrograph of each frame, to turn y where it is a TIFF; NaN where y is as RELION counts
already, None if nobody knows."""
SAME = PickGrid()
LONGEST_NAME = 240
"""Bytes of a file name: 255 are allowed on all usual systems, less what is added while a file is written."""
STAR_FOLDER = "star"
NONE_NOTE = "0 particles were picked"


@dataclass(frozen=True)
class Optics:
    """What RELION calls an optics group; what is not known is None and not written."""

    pixel_size_A: float | None = None
    voltage_kV: float | None = None
    cs_mm: float | None = None
    amplitude_contrast: float | None = None

    @property
    def row(self) -> dict[str, Any]:
        """The row of the optics table; empty if nothing is known."""
        known = {
            "rlnMicrographOriginalPixelSize": self.pixel_size_A,
            "rlnMicrographPixelSize": self.pixel_size_A,
            "rlnVoltage": self.voltage_kV,
            "rlnSphericalAberration": self.cs_mm,
            "rlnAmplitudeContrast": self.amplitude_contrast,
        }
        row = {name: value for name, value in known.items() if value is not None}
        return {GROUP: 1, "rlnOpticsGroupName": "opticsGroup1", **row} if row else {}


def write_star(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    micrographs: Sequence[str] | None = None,
    optics: Optics | None = None,
    single_block: bool = False,
    grid: PickGrid = SAME,
    heights: Heights = None,
) -> Path:
    """Write picks for RELION, one row each in the order of the table.

    Parameters
    ----------
    table
        ``y, x`` and, where known, ``frame, score, micrograph``; further columns are written if their names
        begin with ``rln``. Rows of an optics table may stand in ``table.attrs["optics"]``.
    micrographs
        Name of each frame, for tables without ``micrograph``.
    optics
        What the microscope was; goes before the optics that the table brings along.
    single_block
        Write the form of RELION 3.0: one table, in which the optics are columns.
    grid
        Binning and direction of y of the file; else `heights` of the micrographs tell the direction.

    Raises
    ------
    SciMLError
        If the file cannot be written, or a name would not be read back.
    """
    heights = heights_of(table) if heights is None else heights
    grid = tiff_grid(table, micrographs, heights) if grid is SAME else grid
    particles = star_columns(table, micrographs, grid)
    groups: list[dict[str, Any]] = list(table.attrs.get(OPTICS_KEY, []))
    if optics is not None and optics.row:
        groups = [optics.row]
    blocks: dict[str, pd.DataFrame | Values]
    if single_block:
        blocks = {"": _spread(particles, groups)}
    elif groups:
        if GROUP not in particles:
            particles[GROUP] = groups[0].get(GROUP, 1)
        blocks = {OPTICS: pd.DataFrame(groups), "particles": particles}
    else:
        blocks = {"": particles}
    return write_star_blocks(blocks, path, note=_note(table, heights))


def _note(table: pd.DataFrame, heights: Heights) -> str:
    """Return what the file says of itself: that nothing was picked, and from where rows are counted."""
    return "\n".join([*([] if len(table) else [NONE_NOTE]), TOP_MARK if heights is None else TURNED_MARK])


def heights_of(table: pd.DataFrame) -> Heights:
    """Return the heights that were known when a table of picks was read."""
    height = table.attrs.get(HEIGHT_KEY)
    return None if height is None else [height] * (int(table["frame"].max()) + 1 if len(table) else 0)


def tiff_grid(table: pd.DataFrame, micrographs: Sequence[str] | None, heights: Heights) -> PickGrid:
    """Return the direction of y in files of RELION and EMAN."""
    names = names_of(table, micrographs)
    if names is None or heights is None or not any(map(is_tiff, names)):
        return SAME
    frames = table["frame"].to_numpy(int) if "frame" in table else np.zeros(len(table), int)
    inside = (frames >= 0) & (frames < len(heights))
    own = np.where(inside, np.asarray(heights, float)[np.where(inside, frames, 0)], np.nan)
    return PickGrid(flipped_rows=turned_rows(names, own))


def star_columns(
    table: pd.DataFrame, micrographs: Sequence[str] | None = None, grid: PickGrid = SAME
) -> pd.DataFrame:
    """Return a table of picks with RELION's columns."""
    y, x = grid.to_file(table["y"].to_numpy(float), table["x"].to_numpy(float))
    result = pd.DataFrame({RLN_X: x, RLN_Y: y})
    if (names := names_of(table, micrographs)) is not None:
        result[RLN_MICROGRAPH] = pd.Series(names, dtype=object)
    if "score" in table:
        score = table["score"].to_numpy(float)
        result[RLN_SCORE] = np.where(np.isfinite(score), score, NO_SCORE)
    for name in table.columns:
        if str(name).startswith("rln"):
            result[name] = table[name].to_numpy()
    return result


def names_of(table: pd.DataFrame, micrographs: Sequence[str] | None) -> list[str] | None:
    """Return the name of each row's micrograph: of its frame, else its own; None if nobody knows."""
    frames = table["frame"].astype(int).tolist() if "frame" in table else [0] * len(table)
    own = [str(name) for name in table["micrograph"]] if "micrograph" in table else None
    if micrographs is None:
        return own
    known = range(len(micrographs))
    if own is None and any(frame not in known for frame in frames):
        raise SciMLError("Some picks belong to none of the micrographs", "choose the images that were picked")
    return [
        micrographs[frame] if frame in known or own is None else own[row] for row, frame in enumerate(frames)
    ]


def write_box(
    table: pd.DataFrame, path: str | os.PathLike[str], box_px: float, *, grid: PickGrid = SAME
) -> Path:
    """Write the picks of one micrograph as EMAN boxes: corner and size, whole pixels, no header."""
    size = round(box_px / grid.binning)
    y, x = grid.to_file(table["y"].to_numpy(float), table["x"].to_numpy(float))
    corners = np.round(np.stack([x, y], axis=1) - size / 2).astype(int)
    return write_text(path, "".join(f"{left}\t{top}\t{size}\t{size}\n" for left, top in corners))


def write_boxes(
    table: pd.DataFrame,
    folder: str | os.PathLike[str],
    micrographs: Sequence[str],
    box_px: float,
    *,
    prefix: str = "",
    heights: Heights = None,
) -> list[Path]:
    """Write a ``.box`` file named after each micrograph that has picks, into a folder; made if absent.

    Files of those names are replaced; where a person may have some, write into a set (`io.saving.file_sets`).
    """
    target = make_folder(folder)
    parts = _by_micrograph(table, micrographs)
    files = file_names(list(parts), ".box", prefix)
    return [
        write_box(part, target / file, box_px, grid=tiff_grid(part, micrographs, heights))
        for part, file in zip(parts.values(), files, strict=True)
    ]


def write_star_files(
    table: pd.DataFrame,
    folder: str | os.PathLike[str],
    micrographs: Sequence[str],
    *,
    heights: Heights = None,
) -> list[Path]:
    """Write picks as RELION keeps them: a STAR file for each micrograph, listed by ``autopick.star``.

    The files lie in a folder ``star``; the table names them from where it lies itself.
    """
    target = make_folder(folder)
    parts = _by_micrograph(table, micrographs)
    files = file_names(list(parts), "_autopick.star")
    written = []
    if parts:
        make_folder(target / STAR_FOLDER)
    for part, file in zip(parts.values(), files, strict=True):
        columns = star_columns(part, micrographs, tiff_grid(part, micrographs, heights))
        blocks: dict[str, pd.DataFrame | Values] = {"": columns.drop(columns=RLN_MICROGRAPH)}
        written.append(write_star_blocks(blocks, target / STAR_FOLDER / file, note=_note(part, heights)))
    listed = pd.DataFrame(
        {RLN_MICROGRAPH: list(parts), RLN_FILE: [f"{STAR_FOLDER}/{file}" for file in files]}, dtype=object
    )
    return [write_star_blocks({"coordinate_files": listed}, target / "autopick.star"), *written]


def file_names(names: Sequence[str], ending: str, prefix: str = "") -> list[str]:
    """Return a file name for each micrograph: none twice, whatever the case, and none too long."""
    taken: dict[str, None] = {}
    found = []
    for name in names:
        stem = f"{prefix}{stem_of(name).replace('@', '_')}"
        for number in count(1):
            end = ending if number == 1 else f"_{number}{ending}"
            room = LONGEST_NAME - len(end.encode())
            file = stem.encode()[:room].decode(errors="ignore") + end
            if file.casefold() not in taken:
                break
        taken[file.casefold()] = None
        found.append(file)
    return found


def _by_micrograph(table: pd.DataFrame, micrographs: Sequence[str]) -> dict[str, pd.DataFrame]:
    names = np.array(names_of(table, micrographs), dtype=object)
    return {name: table[names == name] for name in dict.fromkeys(names)}


def write_coords(
    table: pd.DataFrame, path: str | os.PathLike[str], micrographs: Sequence[str] | None = None
) -> Path:
    """Write picks as Topaz reads them: tab-separated centres under the stem of each image's name."""
    names = names_of(table, micrographs)
    if names is None:
        raise SciMLError("Topaz needs the name of each micrograph", "say which image was picked")
    lines = pd.DataFrame(
        {
            "image_name": [stem_of(name).replace("@", "_") for name in names],
            "x_coord": table["x"].to_numpy(float),
            "y_coord": table["y"].to_numpy(float),
            **({"score": table["score"].to_numpy(float)} if "score" in table else {}),
        }
    )
    text = lines.to_csv(sep="\t", index=False, lineterminator="\n")
    return write_text(path, text)


def _spread(particles: pd.DataFrame, groups: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Put the optics into each row, as before RELION 3.1; pixel size as magnification of a detector."""
    result = particles.copy()
    chosen = {group.get(GROUP, 1): group for group in groups}
    for name in dict.fromkeys(name for group in groups for name in group):
        if name in (GROUP, "rlnOpticsGroupName") or name in result:
            continue
        own = result[GROUP] if GROUP in result else pd.Series(groups[0].get(GROUP, 1), index=result.index)
        values = [chosen.get(group, {}).get(name, np.nan) for group in own]
        if name == "rlnMicrographPixelSize":
            result["rlnMagnification"] = 10000.0
            result["rlnDetectorPixelSize"] = values
        elif name != "rlnMicrographOriginalPixelSize":
            result[name] = values
    return result.drop(columns=GROUP, errors="ignore")
