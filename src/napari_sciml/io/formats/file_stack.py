"""Files of one image each (TIFF, MRC, pictures) as one stack, opened one file at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.raw_image import RawImage


def open_files(
    reader: Reader, paths: list[Path], name: str, independent_frames: bool, part: str = ""
) -> RawImage:
    """Open one file as it is, several of one size behind each other, the first axis counting files.

    Every header is read now, so that a file that does not belong is named before a run and not in the
    middle of it; pixels are read when asked for. Independent frames keep their place whatever is wrong
    with them, and raise when they are read.

    Where `Reader.outer` leaves it open, single slices make a stack ``z``, stacks a series in time ``t``.

    Raises
    ------
    SciMLError
        If a file is damaged or differs from the others in size or type; of independent frames, if not
        one can be read. If they state different pixel sizes.
    """
    paths = reader.alone(paths)
    if reader.series is not None:
        return reader.series(paths, part, name, independent_frames)
    if part:
        raise SciMLError(f"{name} has no parts to choose {part} from", "leave the part out")
    if len(paths) == 1:
        return reader.opener(paths[0])
    seen: list[FileHeader] = []
    wrong: list[SciMLError] = []
    for path in paths:
        try:
            seen.append(FileHeader.of(path, reader))
        except SciMLError as error:
            if not independent_frames:
                raise
            wrong.append(error)
    if not seen:
        raise wrong[0]
    usual, count = Counter(header.kind for header in seen).most_common(1)[0]
    if not independent_frames and count < len(seen):
        odd = next(header for header in seen if header.kind != usual)
        raise SciMLError(
            f"{odd.path.name} is {_size(odd.kind)}, but {count} of the {len(paths)} files in {name} are "
            f"{_size(usual)}",
            "move it out of the folder or make all slices the same size",
        )
    alike = [header for header in seen if header.kind == usual]
    one_pixel_size(alike)
    files = EqualFiles(paths, *usual, reader)

    def place(number: int) -> tuple[str, int | None]:
        return str(paths[number].absolute()), None

    first, outer = alike[0], reader.outer
    cautions = tuple(dict.fromkeys(caution for header in alike for caution in header.cautions))
    flat = len(usual[0]) == 2
    if flat and (independent_frames or outer == "t"):
        return RawImage(
            files, ("t", "y", "x"), first.pixel_um, place=place, known=first.known, cautions=cautions
        )
    inner = first.axes or ("?",) * len(usual[0])
    if not outer:
        outer = "t" if "z" in inner or len(inner) > 2 else "z"
    if outer == "t":
        # The images of a stack are counted by the file, the stacks by the series.
        inner = tuple("z" if letter in "?t" else letter for letter in inner)
    return RawImage(files, (outer, *inner), first.pixel_um, known=first.known, cautions=cautions)


Kind = tuple[tuple[int, ...], str]
"""Shape and type of the pixels of a file."""


@dataclass(frozen=True)
class FileHeader:
    """What the header of a file says."""

    path: Path
    kind: Kind
    axes: tuple[str, ...] | None
    pixel_um: Mapping[str, float]
    known: Mapping[str, Any]
    cautions: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, reader: Reader) -> FileHeader:
        """Look into a file."""
        raw = reader.opener(path)
        kind = kind_of(raw)
        raw.close()
        return cls(path, kind, raw.axes, raw.pixel_um, raw.known, raw.cautions)


def kind_of(raw: RawImage) -> Kind:
    """Return shape and type of a file's pixels."""
    return tuple(raw.data.shape), np.dtype(raw.data.dtype).newbyteorder("=").name


def one_pixel_size(files: Sequence[FileHeader]) -> None:
    """Raise `SciMLError` if files state pixel sizes that differ by more than a hundredth."""
    known = [(file.path.name, file.pixel_um["x"]) for file in files if "x" in file.pixel_um]
    for name, size in known[1:]:
        if abs(size / known[0][1] - 1) > 0.01:
            raise SciMLError(
                f"{name} has pixels of {size:.4g} µm, but {known[0][0]} of {known[0][1]:.4g} µm",
                "the images of a series must have one magnification; move it out of the series",
            )


class EqualFiles(FrameArray):
    """Equal files as an array whose first axis counts files."""

    def __init__(self, paths: list[Path], shape: tuple[int, ...], dtype: str, reader: Reader) -> None:
        self.shape = (len(paths), *shape)
        self.dtype = np.dtype(dtype)
        self._paths = paths
        self._reader = reader

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one file; raise `SciMLError` if it is damaged or of another size."""
        path = self._paths[number]
        raw = self._reader.opener(path)
        try:
            kind = kind_of(raw)
            usual = self.shape[1:], self.dtype.name
            if kind != usual:
                raise SciMLError(
                    f"{path.name} is {_size(kind)}, but the series is {_size(usual)}",
                    "move it out of the series",
                )
            return np.array(raw.data[within], dtype=self.dtype)
        finally:
            raw.close()


def _size(kind: Kind) -> str:
    return f"{' x '.join(str(n) for n in kind[0])} {kind[1]}"
