"""RELION's tables of coordinate files: ``autopick.star``, one row and one file for each micrograph."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.which_files import HEAD_BYTES
from napari_sciml.io.star import read_star

RLN_FILE, RLN_NAME = "rlnMicrographCoordinates", "rlnMicrographName"
TABLE_NAMES = ("autopick.star", "manualpick.star")
"""What RELION calls its tables."""
FIRST = 3
"""So many names are written out."""


def coordinate_files(table_file: Path) -> tuple[list[tuple[Path, str | None]], list[str]] | None:
    """Return the files that a table lists with their micrographs, and remarks; None if it is no such table.

    Raises
    ------
    SciMLError
        If it is no STAR file, or none of its files is there.
    """
    if table_file.name.startswith("coords_suffix_"):
        raise SciMLError(
            f"{table_file} only says how RELION 3 calls its files of picks",
            "choose the folder that holds a STAR file for each micrograph",
        )
    if not _lists_files(table_file):
        return None
    table = next((block for block in read_star(table_file).values() if RLN_FILE in block), None)
    if table is None:
        return None
    names: list[str | None] = (
        [str(name) for name in table[RLN_NAME]] if RLN_NAME in table else [None] * len(table)
    )
    places = [
        (_place(str(entry), table_file), name) for entry, name in zip(table[RLN_FILE], names, strict=True)
    ]
    found = [(place, name) for place, name in places if place is not None]
    absent = [str(entry) for entry, (place, _) in zip(table[RLN_FILE], places, strict=True) if place is None]
    if absent and not found:
        raise SciMLError(
            f"None of the {len(absent)} files that {table_file} lists is there ({absent[0]})",
            "keep it in its RELION project, or beside the files",
        )
    if not absent:
        return found, []
    more = ", ..." if len(absent) > FIRST else ""
    note = (
        f"{len(absent)} of {len(places)} files that {table_file.name} lists are not there: "
        f"{', '.join(absent[:FIRST])}{more}; RELION writes none where nothing was picked"
    )
    return found, [note]


def _lists_files(file: Path) -> bool:
    """Whether the beginning of a file names the column; a file that cannot be read is left to its reader."""
    try:
        with file.open("rb") as stream:
            return RLN_FILE.encode() in stream.read(HEAD_BYTES)
    except OSError:
        return False


def _place(entry: str, table_file: Path) -> Path | None:
    """Find a file by its path in the project, in which the table lies somewhere; or beside a moved table."""
    path, here = PurePosixPath(entry.replace("\\", "/")), table_file.resolve().parent
    for depth in range(1, len(path.parts)):
        if here.parts[-depth:] == path.parts[:depth]:
            # The table lies in the folder of the job that is named: no other project is meant.
            own = here.joinpath(*path.parts[depth:])
            return own if own.is_file() else None
    within = [folder / path for folder in (here, *here.parents)]
    moved = [here.joinpath(*path.parts[n:]) for n in range(1, len(path.parts))]
    return next((place for place in (*within, *moved) if place.is_file()), None)
