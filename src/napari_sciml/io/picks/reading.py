"""Particle picks of other programs as one table: RELION and crYOLO STAR, EMAN boxes, Topaz and CSV text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import natural_key
from napari_sciml.io.picks.micrograph_names import NOBODY, match_names, stem_of
from napari_sciml.io.picks.tables import RawPicks, read_box, read_cbox, read_star_picks, read_text

READERS = {
    ".star": read_star_picks,
    ".box": read_box,
    ".cbox": read_cbox,
    ".csv": read_text,
    ".txt": read_text,
    ".tsv": read_text,
    ".coords": read_text,
}
COLUMNS = ("frame", "y", "x", "score", "micrograph")
NOTES, OPTICS_KEY, BOX_KEY = "notes", "optics", "box_px"
"""Keys of `DataFrame.attrs` of a table of picks: remarks, rows of the optics table, edge of the boxes."""


@dataclass(frozen=True)
class PickGrid:
    """How coordinates in a file lie on the micrograph.

    Attributes
    ----------
    binning
        The file counts in pixels that are so many times larger. Coordinates are multiplied, as is right for
        images that were cropped in Fourier space, which RELION, MotionCor and Topaz do.
    flipped_rows
        Number of rows of the micrograph if the file counts rows from the bottom; None if from the top.
    """

    binning: float = 1.0
    flipped_rows: int | None = None

    def to_image(
        self, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Turn coordinates of the file into pixels of the micrograph."""
        y, x = y * self.binning, x * self.binning
        return (y if self.flipped_rows is None else self.flipped_rows - 1 - y), x

    def to_file(
        self, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Turn pixels of the micrograph into coordinates of the file."""
        y = y if self.flipped_rows is None else self.flipped_rows - 1 - y
        return y / self.binning, x / self.binning


def read_picks(
    path: str | os.PathLike[str],
    *,
    shape: tuple[int, int] | None = None,
    micrographs: Sequence[str] | None = None,
    binning: float = 1.0,
    flip_y: bool = False,
    outside: Literal["keep", "drop"] = "keep",
) -> pd.DataFrame:
    """Read picks from a file, or from all files of one kind in a folder.

    Parameters
    ----------
    path
        RELION STAR, EMAN ``.box``, crYOLO ``.cbox``, Topaz text, CSV with named columns, or a folder of them
        with one file for each micrograph.
    shape
        Rows and columns of the micrographs, to tell picks that lie outside.
    micrographs
        Names of the frames in their order. Picks are given to frames by the stems of the names; a file that
        names no micrographs belongs to the one of its own name.
    binning, flip_y
        See `PickGrid`; flipping needs `shape`.
    outside
        Whether picks whose centre lies outside of the image are kept (the default) or dropped. Either way a
        note counts them.

    Returns
    -------
    DataFrame
        ``frame, y, x, score, micrograph`` and whatever else a STAR file says, in the order of the file.
        Pixel centres of the micrograph are integers. ``frame`` is 0 if there is one micrograph, -1 where it
        is none of `micrographs`; a score that nobody gave is NaN. ``attrs["notes"]`` holds remarks in
        sentences, ``attrs["optics"]`` the rows of the optics table, ``attrs["box_px"]`` the edge of boxes.

    Raises
    ------
    SciMLError
        If the file is absent, of no known form, lacks columns, or has coordinates that are no numbers.
    """
    if flip_y and shape is None:
        raise SciMLError("Flipping y needs the height of the image", "choose the image that was picked")
    if not 0 < binning < float("inf"):
        raise SciMLError(f"A binning of {binning} is not possible", "give a positive number")
    grid = PickGrid(binning, shape[0] if flip_y and shape is not None else None)
    parts = [(file, READERS[file.suffix.lower()](file)) for file in pick_files(path)]
    tables = [_arranged(raw, file, micrographs, grid) for file, raw in parts]
    if micrographs is None and len(tables) > 1:
        # Files of a folder, each of one micrograph.
        tables = [table.assign(frame=number) for number, table in enumerate(tables)]
    table = tables[0] if len(tables) == 1 else pd.concat([t for t in tables if len(t)] or tables[:1])
    table = table.reset_index(drop=True)
    notes: list[str] = []
    name = Path(path).name
    if not len(table):
        notes.append(f"{name} holds no picks")
    lost = sorted(set(table.loc[table["frame"] == NOBODY, "micrograph"]))
    if lost:
        count = int((table["frame"] == NOBODY).sum())
        names = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        notes.append(f"{count} of {len(table)} picks in {name} belong to no open micrograph: {names}")
    if shape is not None:
        out = outside_of(table, shape)
        if out.any():
            done = "were kept" if outside == "keep" else "were left out"
            notes.append(
                f"{int(out.sum())} of {len(table)} picks in {name} lie outside the image of {shape[0]} x "
                f"{shape[1]} px and {done}; see whether binning or the direction of y is right"
            )
            if outside == "drop":
                table = table[~out].reset_index(drop=True)
    first = parts[0][1]
    table.attrs = {NOTES: notes, OPTICS_KEY: first.optics, BOX_KEY: _boxes(first, binning)}
    return table


def pick_files(path: str | os.PathLike[str]) -> list[Path]:
    """Return the file, or those of a folder in natural order.

    Raises
    ------
    SciMLError
        If it is of no known form, or the folder holds none or several kinds.
    """
    place = Path(path)
    known = ", ".join(READERS)
    if not place.is_dir():
        if place.suffix.lower() not in READERS:
            raise SciMLError(f"{place} is not a file of picks that can be read here", f"use one of {known}")
        return [place]
    files = [file for file in place.iterdir() if file.suffix.lower() in READERS and file.name[0] != "."]
    kinds = sorted({file.suffix.lower() for file in files})
    if not files:
        raise SciMLError(f"The folder {place} holds no files of picks", f"they end in {known}")
    if len(kinds) > 1:
        raise SciMLError(
            f"The folder {place} holds picks in {' and '.join(kinds)} files", "keep one kind in a folder"
        )
    return sorted(files, key=lambda file: natural_key(file.name))


def outside_of(table: pd.DataFrame, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return for each pick whether its centre lies outside an image of so many rows and columns."""
    y, x = table["y"].to_numpy(float), table["x"].to_numpy(float)
    inside = (y >= -0.5) & (y < shape[0] - 0.5) & (x >= -0.5) & (x < shape[1] - 0.5)
    result: npt.NDArray[np.bool_] = ~inside
    return result


def _arranged(raw: RawPicks, file: Path, micrographs: Sequence[str] | None, grid: PickGrid) -> pd.DataFrame:
    """Put the columns in order, on the pixels of the micrograph and on its frame."""
    count = len(raw.x)
    y, x = grid.to_image(raw.y, raw.x)
    table = pd.DataFrame({"frame": np.zeros(count, int), "y": y, "x": x, "score": raw.score})
    names = list(raw.micrograph) if raw.micrograph is not None else [stem_of(file.name)] * count
    if raw.frame is not None:
        known = len(micrographs) if micrographs is not None else int(raw.frame.max(initial=0)) + 1
        table["frame"] = np.where((raw.frame >= 0) & (raw.frame < known), raw.frame, NOBODY)
    elif micrographs is not None and not (len(micrographs) == 1 and raw.micrograph is None):
        # One picture and one list without names belong together: a person has chosen both.
        table["frame"] = match_names(names, micrographs)
    elif raw.micrograph is not None:
        table["frame"] = pd.factorize(np.array(names, dtype=object))[0]
    if raw.micrograph is None and micrographs is not None:
        frames = table["frame"].to_numpy()
        names = [micrographs[frame] if frame >= 0 else own for frame, own in zip(frames, names, strict=True)]
    table["micrograph"] = pd.Series(names, dtype=object)
    return table if raw.further.empty else pd.concat([table, raw.further.set_axis(table.index)], axis=1)


def _boxes(raw: RawPicks, binning: float) -> float | None:
    return None if raw.box_px is None else raw.box_px * binning
