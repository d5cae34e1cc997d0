"""Frames that lie in several datasets behind each other: linked data files, or one dataset for each event."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.virtual_frames import pixels_of
from napari_sciml.io.paths import natural_key

NUMBER = re.compile(r"\d+")
DETECTOR_BLOCK = re.compile(r"data_\d+")
"""What detectors call the datasets and links that hold their frames in turn."""
MEASURED = 64
"""Of more single images than this, the first, the last and some between are measured; each costs 40 us."""


@dataclass(frozen=True)
class Family:
    """Datasets or links whose paths differ in one number, in its order.

    Attributes
    ----------
    part
        How to name them all: the group that they lie in, or the path with ``*`` for the number.
    names
        Their paths.
    """

    part: str
    names: tuple[str, ...]

    @property
    def in_one_group(self) -> bool:
        """Whether they lie side by side."""
        return "*" not in self.part

    def event(self, name: str) -> str:
        """Return the part of a path in which it differs from the others."""
        pieces = zip(self.part.split("/"), name.split("/"), strict=False)
        return next((own for common, own in pieces if "*" in common), name.rpartition("/")[2])

    @property
    def detector_blocks(self) -> bool:
        """Whether they are named as detectors name theirs."""
        return bool(DETECTOR_BLOCK.fullmatch(self.names[0].rpartition("/")[2]))


def families(names: Iterable[str]) -> list[Family]:
    """Sort paths into families; what has no relatives is one of its own if a detector may have named it."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if NUMBER.search(name):
            alike[NUMBER.sub("#", name)].append(name)
    found: list[Family] = []
    for members in alike.values():
        parts = [name.split("/") for name in members]
        values = [len({part[level] for part in parts}) for level in range(len(parts[0]))]
        # The level with the most names counts events; others tell detectors or scans.
        level = max(range(len(values)), key=lambda at: (values[at], at))
        split: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for part in parts:
            split[(*part[:level], NUMBER.sub("*", part[level]), *part[level + 1 :])].append("/".join(part))
        for pattern, group in split.items():
            last = level == len(pattern) - 1
            part_name = "/".join(pattern[:-1] if last else pattern) or "/"
            family = Family(part_name, tuple(sorted(group, key=natural_key)))
            if len(group) > 1 or (last and family.detector_blocks):
                found.append(family)
    return found


@dataclass(frozen=True)
class Kind:
    """How many frames a dataset has, their rows and columns, and their type."""

    frames: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    single: bool

    @classmethod
    def of(cls, block: Any) -> Kind:
        """Look at a dataset of two or three dimensions."""
        *count, rows, columns = (int(n) for n in block.shape)
        return cls(count[0] if count else 1, (rows, columns), np.dtype(block.dtype), not count)


class BlockFrames(FrameArray):
    """A family as an array ``(frames, h, w)``; a dataset of two dimensions is one frame.

    A missing file, or one whose frames have another size, keeps its place: reading one of its frames
    raises, so that the rest can be used. How many frames a missing one had is taken from the first that is
    there.

    Attributes
    ----------
    single
        Whether every dataset is one frame.
    missing
        Files that are not there, in order.

    Raises
    ------
    SciMLError
        If not one of the datasets is there.
    """

    def __init__(self, family: Family, tree: Hdf5Tree) -> None:
        self._tree, self._family = tree, family
        self.missing: list[str] = []
        names = family.names
        kinds = self._measure(names[:: max(1, len(names) // MEASURED)])
        self.single = all(kind is None or kind.single for kind in kinds.values())
        if not self.single or not any(kinds.values()):
            kinds |= self._measure([name for name in names if name not in kinds])
        known = [kind for kind in kinds.values() if kind is not None]
        usual = known[0].frames
        found = [kinds.get(name, known[0]) for name in names]
        self._ends = np.cumsum([usual if kind is None else kind.frames for kind in found])
        shape, self.dtype = Counter((kind.shape, kind.dtype) for kind in known).most_common(1)[0][0]
        self.shape = (int(self._ends[-1]), *shape)

    def _measure(self, names: Sequence[str]) -> dict[str, Kind | None]:
        """Look at datasets; None for those that are not there."""
        kinds: dict[str, Kind | None] = {}
        wrong: list[SciMLError] = []
        for name in names:
            try:
                kinds[name] = Kind.of(self._block(name))
            except SciMLError as error:
                wrong.append(error)
                kinds[name] = None
                self.missing.append(self._tree.missing.get(name, name))
        if len(wrong) == len(self._family.names):
            raise wrong[0]
        return kinds

    def place(self, number: int) -> tuple[str, int | str | None]:
        """Return the data file of a frame, and its number or the name of its event there."""
        part, within = self._find(number)
        name = self._family.names[part]
        file = self._file(name)
        if file != self._tree.path:
            return str(file.absolute()), within
        event = self._family.event(name)
        return str(file.absolute()), number if self._family.in_one_group or event.isdigit() else event

    def _file(self, name: str) -> Path:
        """Return the file that a dataset lies in, or should."""
        with self._tree.lock:
            try:
                return Path(self._tree.node(name).file.filename)
            except (SciMLError, KeyError):
                return self._tree.path.parent / self._tree.missing.get(name, "").partition("::")[0]

    def _block(self, name: str) -> Any:
        try:
            block = pixels_of(self._tree.node(name), self._tree)
        except KeyError as error:
            raise SciMLError(
                f"{self._tree.path.name} links to {self._tree.missing.get(name, name)}, which is not there",
                "put the data file beside it",
            ) from error
        if getattr(block, "ndim", 0) not in (2, 3):
            raise SciMLError(f"{self._tree.path.name}::{name} holds no frames", "name the frames themselves")
        return block

    def _find(self, number: int) -> tuple[int, int]:
        part = int(np.searchsorted(self._ends, number, side="right"))
        return part, number - (int(self._ends[part - 1]) if part else 0)

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame; raise `SciMLError` if its file is missing or of another kind."""
        part, inside = self._find(number)
        name = self._family.names[part]
        with self._tree.lock:
            block = self._block(name)
            kind = Kind.of(block)
            if (kind.shape, kind.dtype) != (self.shape[1:], self.dtype):
                file = self._file(name)
                where = file.name if file != self._tree.path else f"{file.name}::{name}"
                raise SciMLError(
                    f"The frames of {where} are {kind.shape} {kind.dtype}, but most are "
                    f"{self.shape[1:]} {self.dtype}",
                    "move it out of the series",
                )
            return np.asarray(block[within if kind.single else (inside, *within)])


def dimensions_in(family: Family, tree: Hdf5Tree) -> set[int]:
    """Return the numbers of dimensions that datasets of a family have: of a few, spread over it."""
    present = [name for name in family.names if name not in tree.missing]
    found = (tree.node(name) for name in present[:: max(1, len(present) // MEASURED)])
    return {len(node.shape or ()) for node in found}


def one_series(family: Family, tree: Hdf5Tree, dimensions: set[int]) -> bool:
    """Whether a family is one series of frames: single images, or what a detector or numbered links hold."""
    if dimensions <= {2}:
        return bool(dimensions) or family.detector_blocks
    present = [name for name in family.names[:MEASURED] if name not in tree.missing]
    linked = all(Path(tree.node(name).file.filename) != tree.path for name in present)
    return family.in_one_group and (family.detector_blocks or linked) and dimensions <= {2, 3}
