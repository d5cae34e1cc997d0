"""Which micrograph is meant by a name that other programs have changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from napari_sciml.io.formats.file_patterns import SERIES
from napari_sciml.io.formats.reader import PACKED_SUFFIXES
from napari_sciml.io.picks.which_files import PICK_SUFFIXES

KNOWN = {
    *(suffix for reader in SERIES for suffix in reader.suffixes),
    *(*PACKED_SUFFIXES, ".eer", ".npy", ".h5", ".hdf"),
    *PICK_SUFFIXES,
}
REMEMBERED = 1 << 16
"""So many names keep their stems: each file of a folder is compared with all micrographs."""
NOBODY = -1
"""Stands for no micrograph, or for more than one that a name fits."""


@lru_cache(maxsize=REMEMBERED)
def stem_of(name: str) -> str:
    """Return the name without folders and endings: ``Movies/mic_1.mrc`` is ``mic_1``.

    The number of an image in a stack stays: ``000003@a/stack.mrcs`` is ``3@stack``. Dots within a name too.
    """
    number, mark, rest = name.rpartition("@")
    path = PurePosixPath(rest.replace("\\", "/"))
    while path.suffix.lower() in KNOWN:
        path = path.with_suffix("")
    return f"{number.lstrip('0') or 0}{mark}{path.name}" if mark else path.name


def match_names(names: Sequence[str], against: Sequence[str]) -> list[int]:
    """Return for each name the position in `against` of the one it means, or -1.

    Taken are the same stem; else the longest stem that the name begins with (``mic_1_autopick`` is ``mic_1``,
    not ``mic_10``); else the one that begins with the name; else the one of which one contains the other.
    What fits several equally well is -1.
    """
    stems = [stem_of(name) for name in against]
    found = {name: _match(stem_of(name), stems) for name in dict.fromkeys(names)}
    return [found[name] for name in names]


def _match(stem: str, stems: Sequence[str]) -> int:
    same = [number for number, other in enumerate(stems) if other == stem]
    if same:
        return same[0] if len(same) == 1 else NOBODY
    begun = [number for number, other in enumerate(stems) if _begins(stem, other)]
    longest = max((len(stems[number]) for number in begun), default=0)
    for fits in (
        [number for number in begun if len(stems[number]) == longest],
        [number for number, other in enumerate(stems) if _begins(other, stem)],
        [number for number, other in enumerate(stems) if _holds(stem, other) or _holds(other, stem)],
    ):
        if fits:
            return fits[0] if len(fits) == 1 else NOBODY
    return NOBODY


def _begins(name: str, start: str) -> bool:
    """Whether a name goes on after `start` with something that does not continue its last number or word."""
    return bool(start) and name.startswith(start) and not name[len(start) : len(start) + 1].isalnum()


def _holds(name: str, part: str) -> bool:
    """Whether a name has `part` in it, not as a piece of a longer number or word."""
    return bool(part) and re.search(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", name) is not None
