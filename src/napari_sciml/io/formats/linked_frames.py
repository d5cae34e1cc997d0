"""Frames of a detector that writes a master file with links to numbered data files."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within

GROUPS = ("/entry/data", "/entry")
NAMED = re.compile(r"^data_\d+$")


def find_linked(file: Any, path: Path) -> LinkedFrames | None:
    """Return the frames behind the links ``data_000001, ...`` of an open HDF5 file, or None if it has none.

    Raises
    ------
    SciMLError
        If not one of the linked files is there.
    """
    for place in GROUPS:
        group = file.get(place)
        names = sorted(name for name in group if NAMED.match(name)) if hasattr(group, "keys") else []
        if names:
            return LinkedFrames(group, names, path)
    return None


class LinkedFrames(FrameArray):
    """Linked datasets behind each other as an array ``(frames, h, w)``.

    A missing file, or one whose frames have another size, keeps its place: reading one of its frames
    raises, so that the rest can be used. How many frames a missing one had is taken from the first that is
    there.
    """

    def __init__(self, group: Any, names: list[str], path: Path) -> None:
        self._path = path
        self.parts = [follow(group, name) for name in names]
        self._targets = [target_of(group, name) for name in names]
        present = [part for part in self.parts if part is not None and part.ndim == 3]
        if not present:
            raise SciMLError(
                f"{path} links to {self._targets[0]}, which is not there", "put the data files beside it"
            )
        usual = int(present[0].shape[0])
        counts = [usual if part is None or part.ndim != 3 else int(part.shape[0]) for part in self.parts]
        self._ends = np.cumsum(counts)
        kinds = Counter((part.shape[1:], part.dtype) for part in present)
        shape, self.dtype = kinds.most_common(1)[0][0]
        self.shape = (int(self._ends[-1]), *(int(n) for n in shape))
        self.name = group.name

    def place(self, number: int) -> tuple[str, int | None]:
        """Return the data file of a frame, and its number there."""
        part, within = self._find(number)
        target = self._targets[part]
        return str((self._path.parent / target).absolute()) if target else str(self._path), within

    def _find(self, number: int) -> tuple[int, int]:
        part = int(np.searchsorted(self._ends, number, side="right"))
        return part, number - (int(self._ends[part - 1]) if part else 0)

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame; raise `SciMLError` if its file is missing or of another kind."""
        part, inside = self._find(number)
        dataset, target = self.parts[part], self._targets[part]
        if dataset is None:
            raise SciMLError(
                f"{self._path.name} links to {target}, which is not there", "put the data file beside it"
            )
        if (dataset.shape[1:], dataset.dtype) != (self.shape[1:], self.dtype):
            raise SciMLError(
                f"The frames of {target} are {dataset.shape[1:]} {dataset.dtype}, but most are "
                f"{self.shape[1:]} {self.dtype}",
                "move it out of the series",
            )
        return np.asarray(dataset[(inside, *within)])


def follow(group: Any, name: str) -> Any:
    """Return the dataset behind a link, or None if its file is missing."""
    try:
        return group[name]
    except (KeyError, OSError):
        return None


def target_of(group: Any, name: str) -> str:
    """Name the file that a link points at; empty for what lies in the file itself."""
    return str(getattr(group.get(name, getlink=True), "filename", ""))
