"""Particle picks for other programs: RELION and crYOLO STAR, EMAN boxes and Topaz text.

No picks is a valid result: the file is written with its header and, where the form allows, says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.micrograph_names import stem_of
from napari_sciml.io.picks.reading import OPTICS_KEY, PickGrid
from napari_sciml.io.picks.tables import (
    NO_SCORE,
    RLN_MICROGRAPH,
    RLN_SCORE,
    RLN_X,
    RLN_Y,
)
from napari_sciml.io.saving.atomic import make_folder, write_text
from napari_sciml.io.star import GROUP, OPTICS, Values, write_star_blocks

SAME = PickGrid()
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
        Binning and direction of y of the file.

    Raises
    ------
    SciMLError
        If the file cannot be written.
    """
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
    return write_star_blocks(blocks, path, note="" if len(table) else NONE_NOTE)


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
    frames = table["frame"].to_numpy(int) if "frame" in table else np.zeros(len(table), int)
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
) -> list[Path]:
    """Write a ``.box`` file named after each micrograph that has picks, into a folder; made if absent.

    Files of those names are replaced; where a person may have some, write into a set (`io.saving.file_sets`).
    """
    target = make_folder(folder)
    names = np.array(names_of(table, micrographs), dtype=object)
    written: list[Path] = []
    for name in dict.fromkeys(names):
        path = target / f"{prefix}{stem_of(name).replace('@', '_')}.box"
        if path in written:
            # Micrographs of one name from two folders.
            path = path.with_stem(f"{path.stem}_{len(written) + 1}")
        written.append(write_box(table[names == name], path, box_px))
    return written


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
