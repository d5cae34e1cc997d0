"""Particle picks of other programs as one table: RELION, crYOLO, EMAN, cryoSPARC, Topaz and CSV."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import natural_key
from napari_sciml.io.picks.coordinate_tables import TABLE_NAMES, coordinate_files
from napari_sciml.io.picks.cryosparc import read_cs
from napari_sciml.io.picks.micrograph_names import NOBODY, match_names, stem_of
from napari_sciml.io.picks.rows import PickGrid, counts_from_top, is_tiff
from napari_sciml.io.picks.tables import RawPicks, read_box, read_cbox, read_star_picks, read_text

READERS = {
    ".star": read_star_picks,
    ".box": read_box,
    ".cbox": read_cbox,
    ".cs": read_cs,
    ".csv": read_text,
    ".txt": read_text,
    ".tsv": read_text,
    ".coords": read_text,
}
REASON = "RELION, IMOD and EMAN2 count the rows of a TIFF from the bottom"
COLUMNS = ("frame", "y", "x", "score", "micrograph")
NOTES, OPTICS_KEY, BOX_KEY, HEIGHT_KEY = "notes", "optics", "box_px", "height"
"""Keys of `DataFrame.attrs` of a table of picks: remarks, rows of the optics table, edge of the boxes, height
of the micrographs: NaN if y is still as RELION counts it, as that was not known; None if y was never so."""


def read_picks(
    path: str | os.PathLike[str],
    *,
    shape: tuple[int, int] | None = None,
    micrographs: Sequence[str] | None = None,
    binning: float = 1.0,
    flip_y: bool | None = None,
    outside: Literal["keep", "drop"] = "keep",
) -> pd.DataFrame:
    """Read picks from a file, or from all files of one kind in a folder.

    Parameters
    ----------
    path
        RELION STAR with picks or with a table of coordinate files (``autopick.star``), EMAN ``.box``, crYOLO
        ``.cbox``, cryoSPARC ``.cs``, Topaz text, CSV with named columns, or a folder of them with one file
        for each micrograph.
    shape
        Rows and columns of the micrographs, to tell picks that lie outside, and to turn y.
    micrographs
        Names of the frames in their order. Picks are given to frames by the stems of the names; a file that
        names no micrographs belongs to the one of its own name.
    binning
        See `PickGrid`.
    flip_y
        Whether the file counts rows from the bottom, which needs `shape`. By default that is so where the
        micrograph is a TIFF and the file one of RELION, EMAN or crYOLO, see `rows`.
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
    files, notes = pick_files(path)
    parts = [(file, _named(READERS[file.suffix.lower()](file), name)) for file, name in files]
    # A table may list no files.
    parts = parts or [(Path(path), RawPicks(*np.empty((3, 0))))]
    tables = []
    for file, raw in parts:
        table = _arranged(raw, file, micrographs)
        notes += [
            *raw.notes,
            *_taken_for(raw, file, micrographs),
            *_place(table, raw, file, micrographs, shape, binning, flip_y),
        ]
        tables.append(table)
    table = tables[0] if len(tables) == 1 else pd.concat([t for t in tables if len(t)] or tables[:1])
    table = table.reset_index(drop=True)
    if micrographs is None and len(tables) > 1:
        # Each of one micrograph.
        table["frame"] = pd.factorize(table["micrograph"])[0]
    notes = list(dict.fromkeys(notes))
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
    table.attrs = {
        NOTES: notes,
        OPTICS_KEY: first.optics,
        BOX_KEY: _boxes(first, binning),
        HEIGHT_KEY: _height(*parts[0], shape),
    }
    return table


def pick_files(path: str | os.PathLike[str]) -> tuple[list[tuple[Path, str | None]], list[str]]:
    """Return the file, those that it lists, or those of a folder in natural order, and remarks.

    Each comes with its micrograph if that is known; the remarks say which files are missing.

    Raises
    ------
    SciMLError
        If it is of no known form, or the folder holds none or several kinds.
    """
    place = Path(path)
    known = ", ".join(READERS)
    if place.is_dir():
        # Beside a table of them, the files may lie in folders of their own.
        place = next((place / name for name in TABLE_NAMES if (place / name).is_file()), place)
    if not place.is_dir():
        if place.suffix.lower() not in READERS:
            raise SciMLError(f"{place} is not a file of picks that can be read here", f"use one of {known}")
        listed = coordinate_files(place) if place.suffix.lower() == ".star" else None
        return listed or ([(place, None)], [])
    files = [file for file in place.iterdir() if file.suffix.lower() in READERS and file.name[0] != "."]
    kinds = sorted({file.suffix.lower() for file in files})
    if not files:
        raise SciMLError(f"The folder {place} holds no files of picks", f"they end in {known}")
    if len(kinds) > 1:
        raise SciMLError(
            f"The folder {place} holds picks in {' and '.join(kinds)} files", "keep one kind in a folder"
        )
    return [(file, None) for file in sorted(files, key=lambda file: natural_key(file.name))], []


def outside_of(table: pd.DataFrame, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return for each pick whether its centre lies outside an image of so many rows and columns."""
    y, x = table["y"].to_numpy(float), table["x"].to_numpy(float)
    inside = (y >= -0.5) & (y < shape[0] - 0.5) & (x >= -0.5) & (x < shape[1] - 0.5)
    result: npt.NDArray[np.bool_] = ~inside
    return result


def _named(raw: RawPicks, micrograph: str | None) -> RawPicks:
    """Return picks of one micrograph with its name, unless they name theirs."""
    if micrograph is None or raw.micrograph is not None:
        return raw
    return replace(raw, micrograph=[micrograph] * len(raw.x))


def _arranged(raw: RawPicks, file: Path, micrographs: Sequence[str] | None) -> pd.DataFrame:
    """Put the columns in order, and each pick on its frame; in coordinates of the file."""
    count = len(raw.x)
    score = np.where(np.isfinite(raw.score), raw.score, np.nan)
    table = pd.DataFrame({"frame": np.zeros(count, int), "y": raw.y, "x": raw.x, "score": score})
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


def _taken_for(raw: RawPicks, file: Path, micrographs: Sequence[str] | None) -> list[str]:
    """Return the remark if picks were given to the only micrograph though their file is called otherwise."""
    if raw.micrograph is not None or raw.frame is not None or micrographs is None or len(micrographs) != 1:
        return []
    if match_names([file.name], micrographs)[0] != NOBODY:
        return []
    return [f"{file.name} names no micrograph and was taken for picks of {micrographs[0]}, which is open"]


def _place(
    table: pd.DataFrame,
    raw: RawPicks,
    file: Path,
    micrographs: Sequence[str] | None,
    shape: tuple[int, int] | None,
    binning: float,
    flip_y: bool | None,
) -> list[str]:
    """Move picks from the coordinates of a file to the pixels of their micrographs; return remarks."""
    y, x = table["y"].to_numpy(float), table["x"].to_numpy(float)
    notes: list[str] = []
    if raw.sizes is not None:
        y, x, notes = _scaled(y, x, raw.sizes, shape, file)
    rows: npt.NDArray[np.float64] | float | None
    if flip_y is not None or not raw.relion_rows:
        rows = float(shape[0]) if flip_y and shape is not None else None
    else:
        rows, further = _tiff_rows(table, file, micrographs, shape)
        notes += further
    table["y"], table["x"] = PickGrid(binning, rows).to_image(y, x)
    return notes


def _tiff_rows(
    table: pd.DataFrame, file: Path, micrographs: Sequence[str] | None, shape: tuple[int, int] | None
) -> tuple[npt.NDArray[np.float64] | None, list[str]]:
    """Return for each pick the height of its micrograph if y has to be turned, and say what was done.

    What RELION makes of a TIFF has the rows as RELION saw them. So the file that is open decides, not the one
    that is named: picks of a TIFF are right over an MRC that RELION made of it.
    """
    named = [str(name) for name in table["micrograph"]]
    frames = table["frame"].to_numpy(int)
    shown = named
    if micrographs is not None:
        shown = [micrographs[frame] if frame >= 0 else "" for frame in frames]
    of_tiff, named_tiff = (np.array([is_tiff(name) for name in names], bool) for names in (shown, named))
    bare = np.array([Path(name).suffix == "" for name in named], bool)
    # A name without an ending, as of a layer, means the file that is open.
    named_tiff = np.where(bare, of_tiff, named_tiff)
    if not (of_tiff | named_tiff).any():
        return None, []
    turn = of_tiff ^ named_tiff if counts_from_top(file) else of_tiff
    count = int(turn.sum())
    if not count:
        return None, []
    if shape is None:
        note = (
            f"y of {count} picks in {file.name} counts rows from the bottom of TIFF micrographs and was not"
        )
        return None, [f"{note} turned, since these are not open"]
    notes = [f"y of {count} picks in {file.name} was turned: {REASON}"]
    other = np.flatnonzero(of_tiff & ~named_tiff)
    if len(other):
        first = other[0]
        notes.append(
            f"{file.name} was made on {Path(named[first]).name} and {shown[first]} is open: if the TIFF was "
            "written by a program that keeps the order of rows, the picks lie upside down"
        )
    return np.where(turn, float(shape[0]), np.nan), notes


def _scaled(
    y: npt.NDArray[np.float64],
    x: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.float64],
    shape: tuple[int, int] | None,
    file: Path,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[str]]:
    """Bring fractions of micrographs to the size of those that are open."""
    if shape is None:
        if (sizes == 1).all() and len(sizes):
            raise SciMLError(
                f"{file} does not say how large its micrographs are", "open the micrographs first"
            )
        return y, x, []
    other = (sizes != shape).any(axis=1) & (sizes != 1).any(axis=1)
    notes = []
    if other.any():
        rows, columns = sizes[other.argmax()]
        own = f"{rows:.0f} x {columns:.0f} px"
        notes = [
            f"{file.name} is of micrographs of {own}; the picks were scaled to {shape[0]} x {shape[1]} px"
        ]
    return y / sizes[:, 0] * shape[0], x / sizes[:, 1] * shape[1], notes


def _height(file: Path, raw: RawPicks, shape: tuple[int, int] | None) -> float | None:
    if shape is not None:
        return shape[0]
    return float("nan") if raw.relion_rows and not counts_from_top(file) else None


def _boxes(raw: RawPicks, binning: float) -> float | None:
    return None if raw.box_px is None else raw.box_px * binning
