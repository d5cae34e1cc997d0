"""Which files are picks of particles: by the name, and by the first lines where a name says too little."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PickFormat:
    """A format of particle picks.

    Attributes
    ----------
    name
        What people call it.
    suffixes
        How names of its files end, in lower case.
    variants
        Which kinds of these files are read, in the words of the page on formats.
    written
        What this program writes in the format.
    in_window
        Whether napari is offered to open such files here.
    """

    name: str
    suffixes: tuple[str, ...]
    variants: str
    written: str = ""
    in_window: bool = True


PICK_FORMATS = (
    PickFormat(
        "RELION and crYOLO STAR",
        (".star",),
        "particles of RELION 3.0 and later, coordinates of one micrograph, autopick.star",
        "picks.star, particles.star, autopick.star with one file a micrograph in star/",
    ),
    PickFormat("EMAN boxes", (".box",), "one file a micrograph", "box/"),
    PickFormat("crYOLO boxes", (".cbox",), "CBOX as STAR, and the older form"),
    PickFormat("cryoSPARC", (".cs",), "particles with their location"),
    PickFormat(
        "Topaz and other tables", (".txt", ".tsv", ".coords"), "with or without a header", "coords.txt"
    ),
    PickFormat("comma-separated tables", (".csv",), "columns x and y", "findings.csv", in_window=False),
)
"""What is read as picks; napari itself opens comma-separated tables of points."""
PICK_SUFFIXES = tuple(suffix for kind in PICK_FORMATS for suffix in kind.suffixes)
"""How names of files with picks end, in lower case."""
HEAD_BYTES = 65536
"""So much of a file is looked at to see whether it holds picks: optics and column names of a STAR file lie
well within."""
SIGNS = {
    ".star": re.compile(rb"_rlnCoordinateX|_CoordinateX|_rlnMicrographCoordinates"),
    ".cs": re.compile(rb"location/center_x_frac"),
}
"""What a file has to hold at its beginning to be picks, where others end in the same letters."""
NUMBERS = re.compile(r"\s*[-+\d.eE]+([\s,;]+[-+\d.eE]+)+\s*")
"""A line of at least two numbers."""
X_NAME, Y_NAME = (re.compile(rf"(^|[_\s,;-]|\b){axis}([_\s,;-]|\b|$)") for axis in "xy")
"""Names of columns for x and y, in a line in lower case."""


def is_pick_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds picks, as far as its name and its beginning tell. Never raises.

    A STAR file without coordinates, a ``.cs`` file without locations and a text that is no table are none.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in PICK_SUFFIXES:
        return False
    if suffix in (".box", ".cbox"):
        return True
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False
    if suffix in SIGNS:
        return SIGNS[suffix].search(head) is not None
    return _has_places(head.decode("utf-8-sig", errors="replace"))


def _has_places(text: str) -> bool:
    """Whether the first line of a table has two numbers or names x and y."""
    lines = (line.lower() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(lines, "")
    return bool(NUMBERS.fullmatch(first) or (X_NAME.search(first) and Y_NAME.search(first)))
