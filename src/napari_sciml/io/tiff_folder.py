"""A folder or pattern of TIFF files as one stack, opened one file at a time."""

from __future__ import annotations

import glob
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import TIFF_SUFFIXES, natural_key, unreadable
from napari_sciml.io.raw import RawImage
from napari_sciml.io.tiff import open_tiff
from napari_sciml.io.view import expand_index


def tiffs_in(folder: Path) -> list[Path]:
    """List the TIFF files of a folder in natural order; hidden files do not count.

    Raises
    ------
    SciMLError
        If there are none, or the folder may not be read.
    """
    try:
        found = [path for path in folder.iterdir() if is_tiff(path)]
        entries = any(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
    if not entries:
        raise SciMLError(f"The folder {folder} is empty", "choose a folder of TIFF slices")
    if not found:
        raise SciMLError(f"The folder {folder} holds no TIFF files", "choose a folder of TIFF slices")
    return sorted(found, key=lambda path: natural_key(path.name))


def tiffs_matching(pattern: str) -> list[Path]:
    """List the files that a pattern such as ``scan_*.tif`` matches, in natural order."""
    found = [Path(path) for path in glob.glob(pattern)]
    if not found:
        raise SciMLError(f"No file matches {pattern}", "check the pattern and put quotes around it")
    return sorted(found, key=lambda path: natural_key(path.name))


def is_tiff(path: Path) -> bool:
    """Whether the name is that of a TIFF file a person can see."""
    return path.suffix.lower() in TIFF_SUFFIXES and not path.name.startswith(".")


def open_tiffs(paths: list[Path], name: str, apart: bool = False) -> RawImage:
    """Open one TIFF file as it is, several of one size behind each other, the first axis counting files.

    Every header is read now, so that a file that does not belong is named before a run and not in the
    middle of it; pixels are read when asked for. Files that stand `apart` keep their place whatever is
    wrong with them, and raise when they are read.

    Raises
    ------
    SciMLError
        If a file is damaged or differs from the others in size or type; of files that stand apart, if not
        one can be read.
    """
    if len(paths) == 1:
        return open_tiff(paths[0])
    kinds: list[Kind] = []
    wrong: list[SciMLError] = []
    for path in paths:
        try:
            kinds.append(kind_of(path))
        except SciMLError as error:
            if not apart:
                raise
            wrong.append(error)
    if not kinds:
        raise wrong[0]
    usual, count = Counter(kinds).most_common(1)[0]
    if not apart and count < len(kinds):
        path, kind = next(pair for pair in zip(paths, kinds, strict=True) if pair[1] != usual)
        raise SciMLError(
            f"{path.name} is {_size(kind)}, but {count} of the {len(paths)} files in {name} are "
            f"{_size(usual)}",
            "move it out of the folder or make all slices the same size",
        )
    if apart and len(usual[0]) == 2:
        files = TiffFiles(paths, *usual)
        return RawImage(files, ("t", "y", "x"), place=lambda number: (str(paths[number].absolute()), None))
    first = open_tiff(paths[0])
    first.close()
    inner = first.axes or ("?",) * len(usual[0])
    # Single slices make a stack; stacks make a series in time.
    outer = "t" if "z" in inner or len(inner) > 2 else "z"
    if outer == "t":
        inner = tuple("z" if letter == "?" else letter for letter in inner)
    return RawImage(TiffFiles(paths, *usual), (outer, *inner), first.pixel_um)


Kind = tuple[tuple[int, ...], str]
"""Shape and type of the pixels of a file."""


def kind_of(path: Path) -> Kind:
    """Give shape and type of a file's pixels."""
    raw = open_tiff(path)
    raw.close()
    return tuple(raw.data.shape), np.dtype(raw.data.dtype).newbyteorder("=").name


class TiffFiles:
    """Equal TIFF files as an array whose first axis counts files."""

    def __init__(self, paths: list[Path], shape: tuple[int, ...], dtype: str) -> None:
        self.shape = (len(paths), *shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._paths = paths

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        which, *within = expand_index(index, len(self.shape))
        if isinstance(which, int):
            return self._read(self._paths[which], tuple(within))
        chosen = self._paths[which]
        if not chosen:
            shape = np.empty(self.shape[1:], dtype=bool)[tuple(within)].shape
            return np.empty((0, *shape), dtype=self.dtype)
        return np.stack([self._read(path, tuple(within)) for path in chosen])

    def _read(self, path: Path, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        raw = open_tiff(path)
        try:
            kind = tuple(raw.data.shape), np.dtype(raw.data.dtype).newbyteorder("=").name
            usual = self.shape[1:], self.dtype.name
            if kind != usual:
                raise SciMLError(
                    f"{path.name} is {_size(kind)}, but the series is {_size(usual)}",
                    "move it out of the series",
                )
            return np.array(raw.data[index], dtype=self.dtype)
        finally:
            raw.close()


def _size(kind: Kind) -> str:
    return f"{' x '.join(str(n) for n in kind[0])} {kind[1]}"
