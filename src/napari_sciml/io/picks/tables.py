"""What each form of a list of picks says, in its own coordinates and the order of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import unreadable
from napari_sciml.io.star import OPTICS, read_star, table_with

Numbers = npt.NDArray[np.float64]
RLN_X, RLN_Y = "rlnCoordinateX", "rlnCoordinateY"
RLN_SCORE, RLN_MICROGRAPH = "rlnAutopickFigureOfMerit", "rlnMicrographName"
NO_SCORE = -999.0
"""What RELION writes for picks of a person."""
CBOX_BLOCK = "cryolo"
ALIASES = {
    "x": ("x", "x_px", "x_coord", "x-coordinate", "coordinate_x", "center_x", "rlncoordinatex"),
    "y": ("y", "y_px", "y_coord", "y-coordinate", "coordinate_y", "center_y", "rlncoordinatey"),
    "score": ("score", "confidence", "probability", "fom"),
    "micrograph": ("micrograph", "image_name", "micrograph_name", "image", "rlnmicrographname"),
    "frame": ("frame",),
}
"""Names of columns in text files, in lower case."""


@dataclass(frozen=True)
class RawPicks:
    """Centres as a file gives them.

    Attributes
    ----------
    x, y, score
        ``(n,)``; a score that nobody gave is NaN.
    micrograph
        Name of each row's micrograph, or None if the file names none.
    frame
        Number of each row's frame, or None.
    further
        Further columns that are worth keeping, n rows.
    optics
        Rows of the optics table.
    box_px
        Edge of the boxes.
    sizes
        Rows and columns of each row's micrograph ``(n, 2)``, where a file has fractions of them.
    relion_rows
        Whether the rows of a TIFF are counted as RELION does, see `rows`.
    notes
        What of the file was not used or had to be guessed, in sentences without a stop.
    """

    x: Numbers
    y: Numbers
    score: Numbers
    micrograph: Sequence[str] | None = None
    frame: npt.NDArray[np.int64] | None = None
    further: pd.DataFrame = field(default_factory=pd.DataFrame)
    optics: list[dict[str, Any]] = field(default_factory=list)
    box_px: float | None = None
    sizes: Numbers | None = None
    relion_rows: bool = False
    notes: tuple[str, ...] = ()


def read_star_picks(path: Path) -> RawPicks:
    """Read centres from a RELION STAR file, 3.0 or 3.1; all its columns are kept."""
    blocks = read_star(path)
    if CBOX_BLOCK in blocks:
        return read_cbox(path)
    table = table_with(blocks, (RLN_X, RLN_Y), path)
    score = (
        numbers(table[RLN_SCORE], RLN_SCORE, path, missing=True)
        if RLN_SCORE in table
        else np.full(len(table), np.nan)
    )
    names = [str(name) for name in table[RLN_MICROGRAPH]] if RLN_MICROGRAPH in table else None
    optics = blocks.get(OPTICS)
    return RawPicks(
        numbers(table[RLN_X], RLN_X, path),
        numbers(table[RLN_Y], RLN_Y, path),
        np.where(score <= NO_SCORE + 1, np.nan, score),
        names,
        further=table.drop(columns=[RLN_X, RLN_Y, RLN_SCORE, RLN_MICROGRAPH], errors="ignore"),
        optics=[] if optics is None or optics is table else records(optics),
        relion_rows=True,
        notes=_unused(
            path, [name for name in blocks if name != OPTICS and blocks[name] is not table], "table"
        ),
    )


def read_cbox(path: Path) -> RawPicks:
    """Read crYOLO's boxes, which are STAR tables of corners with a confidence, before 1.8 lines of them."""
    if "data_" not in _text(path):
        return read_box(path, confidence=True)
    needed = ("CoordinateX", "CoordinateY", "Width", "Height")
    table = table_with(read_star(path), needed, path)
    x, y, width, height = (numbers(table[name], name, path) for name in needed)
    score = (
        numbers(table["Confidence"], "Confidence", path, missing=True)
        if "Confidence" in table
        else np.full(len(table), np.nan)
    )
    flat = table.get("CoordinateZ", pd.Series(dtype=float))
    deep = numbers(flat, "CoordinateZ", path, missing=True)
    notes = ("boxes in a tomogram: their third coordinate was not used",) if np.isfinite(deep).any() else ()
    return RawPicks(
        x + width / 2, y + height / 2, score, box_px=_median(width), relion_rows=True, notes=notes
    )


def read_box(path: Path, *, confidence: bool = False) -> RawPicks:
    """Read EMAN boxes: corner and size in pixels, one box a line, no header; perhaps a `confidence` after."""
    lines = [line.split() for line in _text(path).splitlines() if line.strip() and not line.startswith("#")]
    short = next((number for number, line in enumerate(lines, 1) if len(line) < 4), None)
    if short is not None:
        raise SciMLError(
            f"Line {short} of {path} has {len(lines[short - 1])} numbers, not 4",
            "an EMAN box is the corner's x and y, width and height",
        )
    columns = pd.DataFrame([line[:4] for line in lines], columns=["x", "y", "width", "height"])
    x, y, width, height = (numbers(columns[name], str(name), path) for name in columns)
    more = [line[4] if len(line) > 4 else "" for line in lines]
    scored = numbers(pd.Series(more, dtype=object), "confidence", path, missing=True)
    return RawPicks(
        x + width / 2,
        y + height / 2,
        scored if confidence else np.full(len(x), np.nan),
        box_px=_median(width),
        relion_rows=True,
        notes=_unused(path, ["5"] if any(more) and not confidence else [], "column"),
    )


def read_text(path: Path) -> RawPicks:
    """Read centres from a table with named columns (CSV, Topaz), or from bare lines of x and y."""
    # A name may begin with '#': only lines before the header are remarks.
    lines = list(dropwhile(lambda line: not line.strip() or line.startswith("#"), _text(path).split("\n")))
    if not lines:
        raise SciMLError(f"{path} is empty", "a list without picks has at least its header")
    separator = next((mark for mark in ("\t", ",", ";") if mark in lines[0]), r"\s+")
    words = re.split(separator, lines[0].strip())
    bare = path.suffix.lower() != ".csv" and len(words) >= 2 and _all_numbers(words)
    try:
        table = pd.read_csv(
            StringIO("\n".join(lines)),
            sep=separator,
            header=None if bare else "infer",
            names=["x", "y", "score", *range(3, len(words))][: len(words)] if bare else None,
            dtype=str,
            # "NA" may be the name of a micrograph.
            keep_default_na=False,
            index_col=False,
            comment="#" if bare else None,
            engine="python",
        )
    except ValueError as error:
        raise SciMLError(f"{path} could not be read as a table ({error})", "save it as CSV again") from error
    found = _named(table)
    if missing := [name for name in ("x", "y") if name not in found]:
        raise SciMLError(
            f"{path} has no column {' and no '.join(missing)}; it has {', '.join(map(str, table.columns))}",
            "name the columns of the centres x and y in its first line",
        )
    get = {key: table[name] for key, name in found.items()}
    none = np.full(len(table), np.nan)
    return RawPicks(
        numbers(get["x"], "x", path),
        numbers(get["y"], "y", path),
        numbers(get["score"], "score", path, missing=True) if "score" in get else none,
        [str(name) for name in get["micrograph"]] if "micrograph" in get else None,
        numbers(get["frame"], "frame", path).astype(np.int64) if "frame" in get else None,
        notes=_unused(
            path, [str(name) for name in table.columns if name not in {*found.values(), "index"}], "column"
        ),
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def numbers(column: pd.Series, name: str, path: Path, *, missing: bool = False) -> Numbers:
    """Return a column as numbers; unless some may be `missing`, all have to be finite.

    Raises
    ------
    SciMLError
        If it holds anything else; the sentence counts.
    """
    values: Numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    bad = np.zeros(len(values), bool) if missing else ~np.isfinite(values)
    if bad.any():
        raise SciMLError(
            f"{int(bad.sum())} of {len(values)} values of {name} in {path} are no finite numbers, the "
            f"first in row {int(bad.argmax()) + 1}",
            "correct or remove these rows",
        )
    return values


def _unused(path: Path, names: Sequence[str], what: str) -> tuple[str, ...]:
    """Return the remark on what of a file was left aside."""
    if not names:
        return ()
    more = ", ..." if len(names) > 3 else ""
    plural = "s were" if len(names) > 1 else " was"
    return (f"{len(names)} {what}{plural} not used of {path.name}: {', '.join(map(str, names[:3]))}{more}",)


def _named(table: pd.DataFrame) -> Mapping[str, Any]:
    """Find the columns by the names that programs give them."""
    lower = {str(name).strip().lower(): name for name in reversed(table.columns)}
    found = {}
    for key, aliases in ALIASES.items():
        name = next((lower[alias] for alias in aliases if alias in lower), None)
        if name is not None:
            found[key] = name
    axes = [f"axis-{number}" for number in range(3) if f"axis-{number}" in lower]
    if len(axes) >= 2 and "x" not in found:
        # napari's own table of points.
        found |= {"y": lower[axes[-2]], "x": lower[axes[-1]]}
        if len(axes) == 3:
            found["frame"] = lower[axes[0]]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise SciMLError(f"{path} is not a text file", "choose a file of picks") from error


def _all_numbers(words: Sequence[str]) -> bool:
    return all(re.fullmatch(r"[-+]?[\d.]+([eE][-+]?\d+)?", word.strip()) for word in words)


def _median(values: Numbers) -> float | None:
    return float(np.median(values)) if len(values) else None
