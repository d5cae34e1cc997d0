"""Detector files that fabio reads (CBF, EDF, MarCCD, SMV, Bruker, ...), one frame in memory at a time."""

from __future__ import annotations

import glob
import zlib
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import natural_key, unreadable
from napari_sciml.io.raw import RawImage
from napari_sciml.io.view import expand_index

SUFFIXES = (".cbf", ".edf", ".mccd", ".marccd", ".mar2300", ".mar3450", ".img", ".sfrm", ".esperanto")
COMPRESSED = (".gz", ".bz2")
FAULTS = (AssertionError, AttributeError, EOFError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""What fabio raises on files that are cut short or no detector files at all."""


def is_detector_file(path: Path) -> bool:
    """Whether the name is that of a detector file; Bruker's numbered endings are known by fabio alone."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES and not path.name.startswith(".")


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


def open_detector(paths: list[Path]) -> RawImage:
    """Open detector files as one series, the first axis counting frames; a single frame stays an image.

    Only the first readable file is looked into now. A later one that is damaged or of another size is told
    when its frame is read, so that the others can be used.

    Raises
    ------
    SciMLError
        If not one file can be read.
    """
    first_fault: SciMLError | None = None
    for path in paths:
        try:
            with opened(path) as image:
                per_file, shape, dtype = int(image.nframes), tuple(image.shape), image.data.dtype
        except SciMLError as error:
            first_fault = first_fault or error
            continue
        series = DetectorFrames(paths, per_file, (shape[-2], shape[-1]), np.dtype(dtype))
        if len(series) == 1:
            return RawImage(series[0], ("y", "x"))
        return RawImage(series, ("t", "y", "x"))
    raise first_fault or SciMLError("No detector file was given", "choose at least one")


class DetectorFrames:
    """Detector files behind each other as an array ``(frames, h, w)``."""

    def __init__(
        self, paths: list[Path], per_file: int, shape: tuple[int, int], dtype: np.dtype[Any]
    ) -> None:
        self._paths = paths
        self._per_file = per_file
        self.shape = (len(paths) * per_file, *shape)
        self.dtype = dtype.newbyteorder("=")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        which, *within = expand_index(index, 3)
        if isinstance(which, int):
            return self._read(which)[tuple(within)]
        numbers = range(*which.indices(len(self)))
        frames = [self._read(number)[tuple(within)] for number in numbers]
        shape = np.empty(self.shape[1:], bool)[tuple(within)].shape
        return np.stack(frames) if frames else np.empty((0, *shape), self.dtype)

    def _read(self, number: int) -> npt.NDArray[Any]:
        path = self._paths[number // self._per_file]
        with opened(path) as image:
            try:
                part = number % self._per_file
                data = np.asarray(image.data if self._per_file == 1 else image.get_frame(part).data)
            except (*FAULTS, OSError, zlib.error) as error:
                raise damaged(path, error) from error
        if data.shape != self.shape[1:]:
            raise SciMLError(
                f"{path.name} has {' x '.join(map(str, data.shape))} px, but the series has "
                f"{' x '.join(map(str, self.shape[1:]))}",
                "move it out of the series",
            )
        return data.astype(self.dtype, copy=False)


@contextmanager
def opened(path: Path) -> Any:
    """Open a file with fabio and close it again.

    Raises
    ------
    SciMLError
        If it is absent, damaged, or packed in a way that fabio does not know.
    """
    import fabio

    try:
        image = fabio.open(str(path))
    except NotImplementedError as error:
        raise SciMLError(
            f"{path} is packed in a way that cannot be read here ({error})",
            "write it again without x-CBF_PACKED compression",
        ) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise unreadable(path, error) from error
        raise damaged(path, error) from error
    except (*FAULTS, zlib.error) as error:
        raise damaged(path, error) from error
    try:
        yield image
    finally:
        image.close()


def damaged(path: Path, error: BaseException) -> SciMLError:
    """Say that a file is not whole."""
    lines = str(error).strip().splitlines()
    reason = f" ({lines[0]})" if lines else ""
    return SciMLError(
        f"{path} could not be read as a detector file{reason}",
        "it may be cut short or of another format; copy it again",
    )
