"""STAR files as tables, through starfile; every fault of a file as a sentence."""

from __future__ import annotations

import linecache
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import unreadable
from napari_sciml.io.saving.atomic import write_text

Blocks = dict[str, pd.DataFrame]
Values = dict[str, Any]
"""A table of one row, written as a list of names and values."""
NAMES = (
    *("rlnMicrographName", "rlnImageName", "rlnImageOriginalName", "rlnOpticsGroupName", "rlnGroupName"),
    *("rlnReferenceImage", "rlnMicrographMovieName", "rlnCtfImage", "rlnBodyMaskName"),
)
"""Columns that hold names, which stay text even where they look like numbers."""
OPTICS, GROUP = "optics", "rlnOpticsGroup"
NUMBER_FORMAT = "%.9g"
VERSION_MARK = "# version 30001"
"""How RELION 3.1 and later mark their tables."""


def read_star(path: str | os.PathLike[str]) -> Blocks:
    """Read all tables of a STAR file, by name and in the order of the file; a list of values is one row.

    Raises
    ------
    SciMLError
        If it is absent or no STAR file.
    """
    import starfile

    file = Path(path)
    hint = "choose a STAR file of RELION or crYOLO; it may be cut short"
    # The library remembers lines of a file that it could not read before.
    linecache.clearcache()
    try:
        with file.open(encoding="utf-8") as text:
            if "\0" in text.read(4096):
                raise SciMLError(f"{file} is not a STAR file", hint)
        with warnings.catch_warnings():
            # It names tables by an attribute, of which pandas warns.
            warnings.simplefilter("ignore", UserWarning)
            found: Mapping[str, Any] = starfile.read(file, always_dict=True, parse_as_string=list(NAMES))
    except OSError as error:
        raise unreadable(file, error) from error
    except (ValueError, IndexError, TypeError) as error:
        raise SciMLError(f"{file} could not be read as STAR ({_first_line(error)})", hint) from error
    blocks = {
        name: block if isinstance(block, pd.DataFrame) else pd.DataFrame([block])
        for name, block in found.items()
        if block is not None
    }
    if not blocks:
        raise SciMLError(f"{file} is not a STAR file: it has no table", hint)
    return blocks


def write_star_blocks(
    blocks: Mapping[str, pd.DataFrame | Values],
    path: str | os.PathLike[str],
    *,
    note: str = "",
    missing: str = "nan",
) -> Path:
    """Write tables in the order given; those with an optics table marked as RELION 3.1 marks its own.

    Parameters
    ----------
    note
        A remark for the first line.
    missing
        What stands for a number that is not known.

    Raises
    ------
    SciMLError
        If the file cannot be written.
    """
    import starfile

    text: str = starfile.to_string(dict(blocks), float_format=NUMBER_FORMAT, na_rep=missing)
    if OPTICS in blocks:
        text = text.replace("\ndata_", f"\n{VERSION_MARK}\n\ndata_")
    if note:
        text = f"# {note}\n{text}"
    return write_text(path, text)


def table_with(blocks: Blocks, needed: Sequence[str], path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the table that has all needed columns.

    Raises
    ------
    SciMLError
        If none has; the sentence names what is missing and what is there.
    """
    for table in blocks.values():
        if set(needed) <= set(table.columns):
            return table
    best = max(blocks.values(), key=lambda table: (len(set(needed) & set(table.columns)), len(table)))
    missing = [name for name in needed if name not in best.columns]
    raise SciMLError(
        f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
        f"it has {', '.join(map(str, best.columns)) or 'none'}",
        "choose another file, or write it with these columns",
    )


def with_optics(table: pd.DataFrame, blocks: Blocks) -> pd.DataFrame:
    """Return the table with the columns of each row's optics group, where the file has a table of them.

    What a row says itself goes first. A table may name groups that are described nowhere (common).
    """
    optics = blocks.get(OPTICS)
    if optics is None or optics is table or not len(optics):
        return table
    further = optics[[name for name in optics.columns if name not in table.columns]]
    if GROUP not in optics.columns or GROUP not in table.columns:
        if len(optics) > 1:
            return table
        return table.assign(**{str(name): further[name].iloc[0] for name in further.columns})
    rows = further.set_index(optics[GROUP].to_numpy()).reindex(table[GROUP].to_numpy())
    return pd.concat([table, rows.set_axis(table.index)], axis=1)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
