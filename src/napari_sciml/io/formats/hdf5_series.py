"""Several HDF5 files as one series: runs behind each other, or the modules of one detector."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.io.formats.file_stack import open_files
from napari_sciml.io.formats.frame_blocks import NUMBER
from napari_sciml.io.formats.hdf5_dataset import MODULE, open_hdf5
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.virtual_frames import VirtualFrames
from napari_sciml.io.raw_image import RawImage

HELD_OPEN = 8
"""Files of a series that are held open at once; set by hand."""


def open_hdf5_series(paths: Sequence[Path], part: str, name: str, independent_frames: bool) -> RawImage:
    """Open HDF5 files, in the order given, as one series.

    Frames are put behind each other, however many each file has. Volumes of one size become a series in
    time, unless `independent_frames` says that they are frames. Data files whose master is among the files
    are read through it. A file that is damaged or of another size keeps its place and is told when it is
    read.

    Raises
    ------
    SciMLError
        If not one file can be read, or they hold images of which nobody said which is meant.
    """
    paths = without_linked(paths)
    runs = [MODULE.fullmatch(path.name) for path in paths]
    if len(paths) > 1 and all(runs) and len({run["run"] for run in runs if run}) < len(paths):
        return open_modules(paths, part)
    if len(paths) == 1:
        return open_hdf5(paths[0], part)
    first = open_first(paths, part)
    part, volumes = first.part, not independent_frames and is_volume(first)
    first.close()
    if volumes:
        reader = Reader("HDF5", partial(open_hdf5, part=part))
        return open_files(reader, list(paths), name, independent_frames=False)
    frames = FileFrames(paths, part)
    cautions = (*first.cautions, *frames.cautions)
    return RawImage(
        frames, ("t", "y", "x"), first.pixel_um, first.part, frames.close, frames.place, first.known, cautions
    )


def open_first(paths: Sequence[Path], part: str) -> RawImage:
    """Open the first file that can be opened; raise what is wrong with the first if none can."""
    wrong: list[SciMLError] = []
    for path in paths:
        try:
            return open_hdf5(path, part)
        except SciMLError as error:
            wrong.append(error)
    raise wrong[0]


def is_volume(raw: RawImage) -> bool:
    """Whether a file holds a volume rather than frames, as far as it says so."""
    said = "z" in (raw.axes or raw.pixel_um)
    return raw.data.ndim == 3 and (said or (raw.axes is None and np.dtype(raw.data.dtype).kind == "f"))


def without_linked(paths: Sequence[Path]) -> list[Path]:
    """Leave out data files that another of the files links to."""
    if len({NUMBER.sub("#", path.name) for path in paths}) == 1:
        return list(paths)
    linked: set[Path] = set()
    for path in paths:
        try:
            tree = Hdf5Tree(path)
        except SciMLError:
            continue
        try:
            for name in tree.datasets():
                if name not in tree.missing:
                    linked |= files_behind(tree, name) - {path.resolve()}
        finally:
            tree.close()
    return [path for path in paths if path.resolve() not in linked] or list(paths)


def files_behind(tree: Hdf5Tree, name: str) -> set[Path]:
    """Return the files in which the pixels of a dataset lie."""
    dataset = tree.node(name)
    files = {Path(dataset.file.filename).resolve()}
    if dataset.is_virtual:
        with suppress(SciMLError):
            files |= VirtualFrames(dataset, tree).files
    return files


class FileFrames(FrameArray):
    """Frames of HDF5 files behind each other as an array ``(frames, h, w)``.

    Attributes
    ----------
    cautions
        What was wrong with files when they were opened.
    """

    def __init__(self, paths: Sequence[Path], part: str) -> None:
        self._paths, self._part = list(paths), part
        # One thread must not close the file that another reads.
        self._lock = threading.RLock()
        self._open: OrderedDict[int, RawImage] = OrderedDict()
        self._wrong: dict[int, SciMLError] = {}
        kinds: dict[int, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}
        for number in range(len(paths)):
            try:
                data = self._file(number).data
            except SciMLError as error:
                self._wrong[number] = error
                continue
            kinds[number] = (1 if data.ndim == 2 else len(data), tuple(data.shape[-2:]), np.dtype(data.dtype))
        (shape, self.dtype), _ = Counter(kind[1:] for kind in kinds.values()).most_common(1)[0]
        usual = next(kind[0] for kind in kinds.values())
        self._ends = np.cumsum([kinds[n][0] if n in kinds else usual for n in range(len(paths))])
        self.shape = (int(self._ends[-1]), *(int(n) for n in shape))
        self.cautions = tuple(error.message for error in list(self._wrong.values())[:1])

    def close(self) -> None:
        """Release all files until frames are read again."""
        while self._open:
            self._open.popitem()[1].close()

    def place(self, number: int) -> tuple[str, int | str | None]:
        """Return the file of a frame, and its number there."""
        file, inside = self._find(number)
        raw = self._file(file) if file not in self._wrong else None
        if raw is not None and raw.place is not None:
            return raw.place(inside)
        return str(self._paths[file].absolute()), inside

    def _find(self, number: int) -> tuple[int, int]:
        number %= len(self)
        file = int(np.searchsorted(self._ends, number, side="right"))
        return file, number - (int(self._ends[file - 1]) if file else 0)

    def _file(self, number: int) -> RawImage:
        if number not in self._open:
            raw = open_hdf5(self._paths[number], self._part)
            if raw.data.ndim not in (2, 3) or (raw.axes is not None and raw.axes[-2:] != ("y", "x")):
                raw.close()
                raise SciMLError(
                    f"{self._paths[number].name} holds no frames (shape {tuple(raw.data.shape)})",
                    "move it out of the series, or name the part that holds them",
                )
            self._open[number] = raw
        self._open.move_to_end(number)
        while len(self._open) > HELD_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[number]

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame; raise `SciMLError` if its file is damaged or of another size."""
        with self._lock:
            return self._read(number, within)

    def _read(self, number: int, within: Within) -> npt.NDArray[Any]:
        file, inside = self._find(number)
        data = self._file(file).data
        kind = (tuple(data.shape[-2:]), np.dtype(data.dtype))
        if kind != (self.shape[1:], self.dtype):
            raise SciMLError(
                f"The frames of {self._paths[file].name} are {kind[0]} {kind[1]}, but most are "
                f"{self.shape[1:]} {self.dtype}",
                "move it out of the series",
            )
        return np.asarray(data[within if data.ndim == 2 else (inside, *within)])


def open_modules(paths: Sequence[Path], part: str) -> RawImage:
    """Open the files of a detector's modules, each with the same frames, as one picture a frame.

    Raises
    ------
    SciMLError
        If the modules do not fit together.
    """
    runs: dict[str, list[Path]] = {}
    for path in paths:
        match = MODULE.fullmatch(path.name)
        runs.setdefault(match["run"] if match else "", []).append(path)
    columns = [FileFrames(column, part) for column in zip(*runs.values(), strict=False)]
    modules = max(len(files) for files in runs.values())
    if any(len(files) != modules for files in runs.values()) or len({column.shape for column in columns}) > 1:
        raise SciMLError(
            f"The files of the modules of {next(iter(runs))} do not fit together",
            "give each run the files of all its modules, or open one module",
        )
    rows, width = columns[0].shape[1:]
    caution = (
        f"{modules} modules of {rows} x {width} px are shown below each other: where they lie on the "
        "detector is not used"
    )
    frames = ModuleFiles(columns)
    return RawImage(frames, ("t", "y", "x"), part=part, close=frames.close, cautions=(caution,))


class ModuleFiles(FrameArray):
    """Series of frames of modules below each other: ``(frames, modules * y, x)``."""

    def __init__(self, columns: Sequence[FileFrames]) -> None:
        self._columns = columns
        frames, rows, width = columns[0].shape
        self.shape = (frames, rows * len(columns), width)
        self.dtype = columns[0].dtype

    def close(self) -> None:
        """Release all files until frames are read again."""
        for column in self._columns:
            column.close()

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame."""
        everything = (slice(None), slice(None))
        frame = np.concatenate([column.read(number, everything) for column in self._columns])
        part: npt.NDArray[Any] = frame[within]
        return part
