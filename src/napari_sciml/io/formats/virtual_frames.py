"""Virtual datasets of HDF5, which show other files' frames, read from the files where they really lie.

HDF5 itself gives the fill value where a source is missing or still shorter than announced, takes a source of
the same name from the current folder, and ends a dataset of numbered files at the first gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LazyArray, Within, expand_index
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree

Numbers = npt.NDArray[np.int64]
Box = tuple[slice, ...]


@dataclass(frozen=True)
class Piece:
    """A box of a virtual dataset and the box of a source that it shows.

    Attributes
    ----------
    file, name
        The source's file as the dataset calls it, and the path of the source in it.
    shown, taken
        Frames of the dataset, and the frames of the source that they show.
    box, source_box
        The part of a frame, and the part of the source's frame.
    """

    file: str
    name: str
    shown: Numbers
    taken: Numbers
    box: Box
    source_box: Box


class VirtualFrames(LazyArray):
    """A virtual dataset ``(frames, ...)``; a frame whose source is not there raises when it is read.

    Attributes
    ----------
    missing
        Frame -> the file that should have it.

    Raises
    ------
    SciMLError
        If no frame has all its sources, or it is put together in a way that is not known here.
    """

    def __init__(self, dataset: Any, tree: Hdf5Tree) -> None:
        self._tree = tree
        self._master = Path(dataset.file.filename)
        self.dtype: np.dtype[Any] = dataset.dtype
        self._fill = dataset.fillvalue
        self._pieces = [
            piece for source in dataset.virtual_sources() for piece in self._read(source, dataset)
        ]
        ends = [int(piece.shown.max()) + 1 for piece in self._pieces if len(piece.shown)]
        numbered = any("%b" in source.file_name + source.dset_name for source in dataset.virtual_sources())
        count = max(ends, default=0) if numbered else int(dataset.shape[0])
        self.shape = (count, *(int(n) for n in dataset.shape[1:]))
        self.missing = self._find_missing()
        if numbered:
            self._end_where_nothing_follows()
        if not self.shape[0] or len(self.missing) == self.shape[0]:
            raise self._absent(0)

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        which, *rest = expand_index(index, self.ndim)
        within = tuple(rest)
        numbers = np.arange(len(self))[which]
        wanted = np.atleast_1d(numbers)
        for number in wanted.tolist():
            if number in self.missing:
                raise self._absent(number)
        shape = np.empty(self.shape[1:], bool)[within].shape
        pixels = np.full((len(wanted), *shape), self._fill, self.dtype)
        with self._tree.lock:
            for piece in self._pieces:
                self._copy(piece, wanted, within, pixels)
        return pixels[0] if numbers.ndim == 0 else pixels

    def _copy(self, piece: Piece, wanted: Numbers, within: Within, pixels: npt.NDArray[Any]) -> None:
        """Put what a piece shows of the wanted frames where it belongs."""
        _, here, there = np.intersect1d(piece.shown, wanted, assume_unique=True, return_indices=True)
        if not len(here):
            return
        source = self._source(piece)
        whole_frame = tuple(slice(0, length) for length in self.shape[1:])
        for run in np.split(np.arange(len(here)), np.flatnonzero(np.diff(piece.taken[here]) != 1) + 1):
            taken = slice(int(piece.taken[here[run[0]]]), int(piece.taken[here[run[-1]]]) + 1)
            if piece.box == whole_frame and not piece.source_box and source.ndim == self.ndim:
                pixels[there[run]] = np.asarray(source[(taken, *within)]).reshape(len(run), *pixels.shape[1:])
                continue
            frame = np.full((len(run), *self.shape[1:]), self._fill, self.dtype)
            part = np.asarray(source[(taken, *piece.source_box)])
            frame[(slice(None), *piece.box)] = part.reshape(frame[(slice(None), *piece.box)].shape)
            seen = np.zeros(self.shape[1:], bool)
            seen[piece.box] = True
            pixels[there[run]] = np.where(seen[within], frame[(slice(None), *within)], pixels[there[run]])

    def _source(self, piece: Piece) -> Any:
        """Return the dataset that a piece shows; raises as `Hdf5Tree.node` does."""
        return pixels_of(self._tree.node(piece.name, self._file(piece.file)["/"]), self._tree)

    @property
    def files(self) -> set[Path]:
        """The files in which the frames lie."""
        return {Path(self._file(piece.file).filename).resolve() for piece in self._pieces}

    def _file(self, stated: str) -> Any:
        return self._tree.file(self._master.name if stated == "." else stated, self._master)

    def _read(self, source: Any, dataset: Any) -> Iterator[Piece]:
        """Yield the pieces of one mapping; of one of numbered files, one for each number."""
        stated = source.file_name + source.dset_name
        if "%b" not in stated:
            yield self._piece(source, dataset, source.file_name, source.dset_name, None)
            return
        for number in range(self._last_number(source.file_name, source.dset_name) + 1):
            file, name = (text.replace("%b", str(number)) for text in (source.file_name, source.dset_name))
            yield self._piece(source, dataset, file, name, number)

    def _last_number(self, file: str, name: str) -> int:
        """Return the largest number for which a numbered file or dataset is there; -1 for none."""
        try:
            if "%b" in file:
                where = self._master.parent / file
                return largest(where.name, [entry.name for entry in where.parent.iterdir()])
            group, _, last = name.strip("/").rpartition("/")
            return largest(last, self._tree.node(group, self._file(file)["/"]))
        except (OSError, SciMLError, KeyError):
            return -1

    def _piece(self, source: Any, dataset: Any, file: str, name: str, number: int | None) -> Piece:
        start, stride, count, block = hyperslab(source.vspace, dataset.shape)
        shown = selected(start[0], stride[0], count[0], block[0], int(dataset.shape[0]), number)
        sizes = [b * c if s == b or c == 1 else -1 for s, c, b in zip(stride, count, block, strict=True)][1:]
        box = tuple(slice(s, s + n) for s, n in zip(start[1:], sizes, strict=True))
        source_box: Box = ()
        if whole(source.src_space):
            taken = np.arange(len(shown))
        else:
            start, stride, count, block = hyperslab(source.src_space, ())
            taken = selected(start[0], stride[0], count[0], block[0], start[0] + len(shown), None)[
                : len(shown)
            ]
            inner = [b * c if s == b or c == 1 else -1 for s, c, b in zip(stride, count, block, strict=True)]
            source_box = tuple(slice(s, s + n) for s, n in zip(start[1:], inner[1:], strict=True))
            if source_box == tuple(slice(0, length) for length in source.src_space.shape[1:]):
                source_box = ()
            sizes += inner[1:]
        if -1 in sizes or len(taken) != len(shown):
            raise SciMLError(
                f"{self._master.name} puts {dataset.name} together from parts of {file} in a way that cannot "
                "be read here",
                "open that file itself",
            )
        return Piece(file, name, shown, taken, box, source_box)

    def _find_missing(self) -> dict[int, str]:
        missing: dict[int, str] = {}
        for piece in self._pieces:
            try:
                with self._tree.lock:
                    source = self._source(piece)
                    lost = piece.taken >= int(source.shape[0])
                    for frame in getattr(source, "missing", ()):
                        lost |= piece.taken == frame
            except (SciMLError, KeyError, AttributeError):
                lost = np.ones(len(piece.shown), bool)
            missing |= dict.fromkeys(piece.shown[lost].tolist(), piece.file)
        return dict(sorted(missing.items()))

    def _end_where_nothing_follows(self) -> None:
        """Leave out frames at the end that the last of the numbered files has not got."""
        count = len(self)
        while count and count - 1 in self.missing:
            count -= 1
            del self.missing[count]
        self.shape = (count, *self.shape[1:])

    def _absent(self, number: int) -> SciMLError:
        file = self.missing.get(number, "other files")
        return SciMLError(
            f"{self._master.name} takes these pixels from {file}, where they are not",
            "put the data file beside it, or wait until it is written",
        )


def pixels_of(dataset: Any, tree: Hdf5Tree) -> Any:
    """Return a dataset as it is, or what shows a virtual one's frames from where they really lie."""
    return VirtualFrames(dataset, tree) if dataset.is_virtual else dataset


def largest(pattern: str, names: Iterable[str]) -> int:
    """Return the largest number among names of a pattern with ``%b`` in it; -1 if there is none."""
    known = re.compile(re.escape(pattern).replace("%b", r"(\d+)"))
    return max((int(match[1]) for name in names if (match := known.fullmatch(name))), default=-1)


def whole(space: Any) -> bool:
    """Whether a selection is all of a dataset."""
    import h5py

    return bool(space.get_select_type() == h5py.h5s.SEL_ALL)


def hyperslab(space: Any, shape: tuple[int, ...]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return start, stride, count and block of a selection along each axis; -1 where a count has no end."""
    import h5py

    if whole(space):
        ones = [1] * len(shape)
        return [0] * len(shape), list(shape), ones, list(shape)
    if space.get_select_type() == h5py.h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
        start, stride, count, block = (list(map(int, part)) for part in space.get_regular_hyperslab())
        endless = int(h5py.h5s.UNLIMITED)
        count = [-1 if n == endless or n == 2**64 - 1 else n for n in count]
        block = [-1 if n == endless or n == 2**64 - 1 else n for n in block]
        return start, stride, count, block
    low, high = space.get_select_bounds()
    size = [int(h) - int(lo) + 1 for lo, h in zip(low, high, strict=True)]
    if int(np.prod(size)) != space.get_select_npoints():
        return list(map(int, low)), [2] * len(size), [2] * len(size), [1] * len(size)
    return list(map(int, low)), size, [1] * len(size), size


def selected(start: int, stride: int, count: int, block: int, length: int, number: int | None) -> Numbers:
    """Return the indices along the first axis that a selection covers; one without end reaches to `length`.

    Parameters
    ----------
    number
        Which block of a selection without end a numbered file has; None of any other file.
    """
    if block < 0:
        return np.arange(start, length)
    if count < 0 and number is not None:
        return np.arange(start + number * stride, start + number * stride + block)
    if count < 0:
        count = max(0, -(-(length - start) // stride))
    return (start + np.arange(count)[:, None] * stride + np.arange(block)).ravel()
