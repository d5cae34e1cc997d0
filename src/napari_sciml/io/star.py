"""STAR files as tables, through gemmi; every fault of a file as a sentence."""

from __future__ import annotations

import linecache
import os
import re
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
NOT_KNOWN = ("nan", "NaN", "<NA>")
"""What stands for a number that is not known; starfile takes these words for it in names too."""
MISSING = (*NOT_KNOWN, "NA", "None", "null", ".", "?")
"""The same, as all programs write it."""
BARE = re.compile(r"(?!data_|save_|(loop|stop|global)_$|[.?]$)[A-Za-z0-9/.+@~%-][!$-~]*", re.IGNORECASE)
"""Words that every reader takes without quotation marks; not all readers take those off."""
HINT = "choose a STAR file of RELION or crYOLO; it may be cut short"


def read_star(path: str | os.PathLike[str]) -> Blocks:
    """Read all tables of a STAR file, by name and in the order of the file; a list of values is one row.

    Raises
    ------
    SciMLError
        If it is absent or no STAR file.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(file, error) from error
    except UnicodeDecodeError:
        # Of an older system: every byte is a letter.
        text = file.read_text(encoding="latin-1")
    if "\0" in text:
        raise SciMLError(f"{file} is not a STAR file", HINT)
    blocks = _through_gemmi(text)
    if blocks is None:
        blocks = _through_starfile(file, text)
    if not blocks:
        raise SciMLError(f"{file} is not a STAR file: it has no table", HINT)
    return blocks


def _through_gemmi(text: str) -> Blocks | None:
    """Return the tables, or None if the text is stricter CIF's no, which other programs may still mean."""
    from gemmi import cif

    # Letters beyond ASCII it takes between quotation marks only, and RELION writes them without.
    mark = "%u"
    while mark in text:
        mark += "u"
    letters = re.compile(f"{mark}([0-9a-f]+);")
    plain = re.sub(r"[^\x00-\x7f]", lambda letter: f"{mark}{ord(letter[0]):x};", text)
    try:
        document = cif.read_string(plain)
    except (ValueError, RuntimeError):
        return None
    blocks: Blocks = {}
    for block in document:
        items: list[Any] = list(block)
        pairs = {item.pair[0][1:]: [item.pair[1]] for item in items if item.pair is not None}
        loops = [item.loop for item in items if item.loop is not None]
        tables: list[dict[str, list[str]]] = [pairs] if pairs else []
        for loop in loops:
            width, values = loop.width(), loop.values
            tables.append({tag[1:]: values[n::width] for n, tag in enumerate(loop.tags)})
        for columns in tables:
            table = pd.DataFrame({name: _column(name, values, letters) for name, values in columns.items()})
            # A second table of one block, which RELION does not write, is kept under a name of its own.
            name = block.name.strip()
            blocks[name if name not in blocks else f"{name} {len(blocks) + 1}"] = table
    return blocks


def _column(name: str, values: list[str], letters: re.Pattern[str]) -> pd.Series:
    """Return a column as numbers if all that is known in it are numbers, else as text."""
    words = pd.Series(values, dtype=object)
    if name not in NAMES:
        numbers = pd.to_numeric(words, errors="coerce")
        unknown = numbers.isna()
        allowed = MISSING if not unknown.all() else NOT_KNOWN
        if words[unknown].isin(allowed).all():
            return numbers
    return words.map({word: _text(word, letters) for word in set(values)})


def _text(word: str, letters: re.Pattern[str]) -> str:
    from gemmi import cif

    text = word if word in (".", "?") else cif.as_string(word)
    return letters.sub(lambda letter: chr(int(letter[1], 16)), text)


def _through_starfile(file: Path, text: str) -> Blocks:
    """Read what is no CIF, such as names that begin like a keyword; not if the library would cut it short."""
    import starfile

    # The library remembers lines of a file that it could not read before.
    linecache.clearcache()
    if cut := re.search(r"^[^_#].*?(\S*\S#\S*)", text, re.MULTILINE):
        raise SciMLError(f"{file} could not be read as STAR: it has '#' within a word ({cut[1]})", HINT)
    try:
        with warnings.catch_warnings():
            # It names tables by an attribute, of which pandas warns.
            warnings.simplefilter("ignore", UserWarning)
            found: Mapping[str, Any] = starfile.read(file, always_dict=True, parse_as_string=list(NAMES))
    except (ValueError, IndexError, TypeError) as error:
        raise SciMLError(f"{file} could not be read as STAR ({_first_line(error)})", HINT) from error
    return {
        name: block if isinstance(block, pd.DataFrame) else pd.DataFrame([block])
        for name, block in found.items()
        if block is not None
    }


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
        Remarks for the first lines.
    missing
        What stands for a number that is not known.

    Raises
    ------
    SciMLError
        If the file cannot be written, or holds text that not all programs would read back.
    """
    parts = [f"# {line}\n" for line in note.splitlines()]
    for name, block in blocks.items():
        parts.append(f"\n{VERSION_MARK}\n" if OPTICS in blocks else "")
        parts.append(f"\ndata_{name}\n\n")
        if isinstance(block, pd.DataFrame):
            parts.append("loop_\n")
            parts.extend(f"_{column} #{number}\n" for number, column in enumerate(block.columns, 1))
            cells = [_cells(block[column], missing) for column in block.columns]
            parts.extend("\t".join(row) + "\n" for row in zip(*cells, strict=True))
        else:
            cells = [_cells(pd.Series([value]), missing) for value in block.values()]
            parts.extend(f"_{key}\t{cell[0]}\n" for key, cell in zip(block, cells, strict=True))
    return write_text(path, "".join(parts) + "\n")


def _cells(column: pd.Series, missing: str) -> list[str]:
    """Return a column as it stands in a file: short numbers, text in quotation marks if it needs them."""
    if column.dtype.kind == "f":
        return [NUMBER_FORMAT % value if value == value else missing for value in column.tolist()]
    values = column.tolist()
    cells = {value: missing if pd.isna(value) else _cell(value) for value in set(values)}
    return [cells[value] for value in values]


def _cell(value: object) -> str:
    from gemmi import cif

    if isinstance(value, str):
        if fault := name_fault(value):
            raise SciMLError(f"'{value}' has {fault}, so STAR files cannot hold it", "rename it")
        return value if BARE.fullmatch(value) else cif.quote(value)
    if isinstance(value, float):
        return NUMBER_FORMAT % value
    return str(value)


def name_fault(name: str) -> str:
    """Return what in a name keeps RELION, starfile and gemmi from reading it back alike; empty if nothing.

    starfile takes one quotation mark for the other, and all read a line at a time.
    """
    if any(mark in name for mark in "'\""):
        return "a quotation mark in it"
    if any(end in name for end in "\n\r\0"):
        return "a line end in it"
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return "bytes that are no UTF-8 in it"
    return "the form of a missing number" if name in NOT_KNOWN else ""


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
