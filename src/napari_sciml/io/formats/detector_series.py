"""Detector files (CBF, EDF, MarCCD, SMV, Bruker, ...) as one series, one frame in memory at a time."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.io.formats.detector_file import FileKind, measure, read_frame
from napari_sciml.io.formats.reader import has_suffix
from napari_sciml.io.paths import natural_key, unreadable
from napari_sciml.io.raw_image import RawImage

SUFFIXES = (".cbf", ".edf", ".mccd", ".marccd", ".mar2300", ".mar3450", ".img", ".sfrm", ".esperanto")
MEASURED_FILES = 9
"""Files of a series that are measured when it is opened, spread over it; set by hand: each costs a read."""


def is_detector_file(path: Path) -> bool:
    """Whether the name is that of a detector file; Bruker's numbered endings are known by fabio alone."""
    return has_suffix(path, SUFFIXES, packed=True) and not path.name.startswith(".")


def detector_files(where: str) -> list[Path]:
    """List the detector files that a file, folder or pattern stands for, in natural order; none if others."""
    path = Path(where).expanduser()
    found: Iterable[Path]
    if path.is_dir():
        try:
            found = list(path.iterdir())
        except OSError as error:
            raise unreadable(path, error) from error
        found = [entry for entry in found if is_detector_file(entry)]
    elif path.exists():
        found = [path]
    else:
        found = [Path(entry) for entry in glob.glob(where)] if glob.has_magic(where) else []
    files = sorted(found, key=lambda entry: natural_key(entry.name))
    return files if files and all(is_detector_file(entry) for entry in files) else []


def open_detector(paths: Sequence[Path]) -> RawImage:
    """Open detector files as one series, the first axis counting frames; a single frame stays an image.

    A few files spread over the series say how large its frames are, or all of them if one holds several
    frames. A file that is damaged or of another size keeps its place and is told when it is read, so that
    the others can be used.

    Raises
    ------
    SciMLError
        If not one file can be read.
    """
    kinds = measure_some(
        paths, np.unique(np.linspace(0, len(paths) - 1, MEASURED_FILES).astype(int)).tolist()
    )
    if not any(isinstance(kind, FileKind) for kind in kinds.values()) or any(
        isinstance(kind, FileKind) and kind.frames > 1 for kind in kinds.values()
    ):
        kinds |= measure_some(paths, [number for number in range(len(paths)) if number not in kinds])
    readable = [kind for kind in kinds.values() if isinstance(kind, FileKind)]
    if not readable:
        raise next(kind for kind in kinds.values() if isinstance(kind, SciMLError))
    shape = Counter(kind.shape for kind in readable).most_common(1)[0][0]
    alike = [kind for kind in readable if kind.shape == shape]
    usual = Counter(kind.frames for kind in alike).most_common(1)[0][0]
    found = [kinds.get(number) for number in range(len(paths))]
    counts = [kind.frames if isinstance(kind, FileKind) else usual for kind in found]
    series = DetectorFrames(paths, counts, shape, np.result_type(*(kind.dtype for kind in alike)))
    known = alike[0].known
    if len(series) == 1:
        return RawImage(series[0], ("y", "x"), known=known)
    return RawImage(series, ("t", "y", "x"), place=series.place, known=known)


def measure_some(paths: Sequence[Path], numbers: Iterable[int]) -> dict[int, FileKind | SciMLError]:
    """Measure some of the files, keeping what is wrong with those that cannot be read."""
    kinds: dict[int, FileKind | SciMLError] = {}
    for number in numbers:
        try:
            kinds[number] = measure(paths[number])
        except SciMLError as error:
            kinds[number] = error
    return kinds


class DetectorFrames(FrameArray):
    """Detector files behind each other as an array ``(frames, h, w)``.

    Parameters
    ----------
    paths, counts
        The files, and how many frames each has.
    shape, dtype
        What most of the frames have.
    """

    def __init__(
        self, paths: Sequence[Path], counts: Sequence[int], shape: tuple[int, int], dtype: np.dtype[Any]
    ) -> None:
        self._paths = paths
        self._ends = np.cumsum(counts)
        self._counts = counts
        self.shape = (int(self._ends[-1]), *shape)
        self.dtype = dtype.newbyteorder("=")

    def place(self, number: int) -> tuple[str, int | None]:
        """Return the file of a frame, and its number in a file of several."""
        file, part = self._find(number)
        return str(self._paths[file].absolute()), part if self._counts[file] > 1 else None

    def _find(self, number: int) -> tuple[int, int]:
        if not -len(self) <= number < len(self):
            raise IndexError(f"frame {number} of {len(self)}")
        number %= len(self)
        file = int(np.searchsorted(self._ends, number, side="right"))
        return file, number - int(self._ends[file]) + self._counts[file]

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame; raise `SciMLError` if its file is damaged or of another kind."""
        file, part = self._find(number)
        data = read_frame(self._paths[file], part, self._counts[file])
        name = self._paths[file].name
        if data.shape != self.shape[1:]:
            raise SciMLError(
                f"{name} has {' x '.join(map(str, data.shape))} px, but the series has "
                f"{' x '.join(map(str, self.shape[1:]))}",
                "move it out of the series",
            )
        if not np.can_cast(data.dtype, self.dtype):
            raise SciMLError(
                f"{name} holds {data.dtype} values, but the series {self.dtype}", "move it out of the series"
            )
        return data.astype(self.dtype, copy=False)[within]
