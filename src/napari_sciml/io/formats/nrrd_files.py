"""NRRD volumes (.nrrd, .nhdr with its data beside): mapped where flat, unpacked as a whole otherwise."""

from __future__ import annotations

import math
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LoadedOnce
from napari_sciml.io.axis_rules import letter_of
from napari_sciml.io.formats.flat_volume import by_custom, mapped, turned
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.units import micrometres
from napari_sciml.io.raw_image import RawImage

DAMAGED = "it may be truncated or still being written; copy it again"
COLOURS = ("RGB-color", "RGBA-color", "3-color", "4-color", "HSV-color", "XYZ-color")
"""Kinds of an axis along which the values of one coloured pixel lie."""


def open_nrrd(path: Path) -> RawImage:
    """Open a volume without reading its pixels.

    Raises
    ------
    SciMLError
        If its header is damaged, its data are not there or cut short, or stored in several files.
    """
    import nrrd

    try:
        with path.open("rb") as file:
            header = dict(nrrd.read_header(file))
            start = file.tell()
        shape = tuple(int(n) for n in header["sizes"])[::-1]
        data = _pixels(path, header, start, shape)
        return _described(path, header, data)
    except (nrrd.NRRDError, KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise SciMLError(f"{path} could not be read as NRRD ({error})", DAMAGED) from error


def _pixels(path: Path, header: dict[str, Any], start: int, shape: tuple[int, ...]) -> Any:
    from nrrd.reader import _determine_datatype  # the library's table of types; reading needs a whole file

    dtype = np.dtype(_determine_datatype(header))
    detached = str(header.get("data file", header.get("datafile", "")))
    if len(detached.split()) > 1 and not (path.parent / detached).exists():
        raise SciMLError(f"{path} has its data in several files ({detached})", "save it as one file")
    file = path.parent / detached if detached else path
    lines = int(header.get("line skip", header.get("lineskip", 0)))
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    if header["encoding"] != "raw" or lines:
        return LoadedOnce(shape, dtype.newbyteorder("="), partial(_unpacked, path, file))
    nbytes = math.prod(shape) * dtype.itemsize
    offset = (
        file.stat().st_size - nbytes if skip == -1 and file.exists() else skip + (0 if detached else start)
    )
    return mapped(file, dtype, shape, max(offset, 0))


def _unpacked(path: Path, file: Path) -> npt.NDArray[Any]:
    import nrrd

    try:
        return np.asarray(nrrd.read(str(path), index_order="C")[0])
    except (nrrd.NRRDError, OSError, EOFError, zlib.error, ValueError) as error:
        raise SciMLError(f"{file} could not be unpacked ({error})", DAMAGED) from error


def _described(path: Path, header: dict[str, Any], data: Any) -> RawImage:
    """Attach axes and pixel size; the header counts axes from the one along which pixels are neighbours."""
    count = len(data.shape)
    kinds = [str(kind) for kind in header.get("kinds", ["domain"] * count)]
    labels = [letter_of(label) for label in header.get("labels", [""] * count)]
    free = iter("xyz")
    axes = []
    for kind, label in zip(kinds, labels, strict=True):
        if kind in COLOURS:
            axes.append("s")
        elif kind == "time" or label == "t":
            axes.append("t")
        elif kind in ("domain", "space", "none", "???"):
            axes.append(label if label != "?" and set(labels) >= {"x", "y"} else next(free, "?"))
        else:
            axes.append("c")
    directions = header.get("space directions")
    cautions: list[str] = []
    edges = list(header.get("spacings", [math.nan] * count))
    if directions is not None:
        rows = [row if row is not None and np.all(np.isfinite(row)) else None for row in directions]
        edges = [math.nan if row is None else float(np.linalg.norm(row)) for row in rows]
        cautions += turned([row for row in rows if row is not None], path.name)
    units = [str(unit) for unit in header.get("units", [""] * count)]
    if (spatial := header.get("space units")) is not None:
        given = iter(spatial)
        units = [str(next(given, "")) if letter in "xyz" else "" for letter in axes]
    if not any(units) and "space" in header:
        # Slicer and ITK write a space and no unit.
        units = ["mm"] * count
        cautions.append(by_custom(path.name))
    sizes = {
        letter: size
        for letter, edge, unit in zip(axes, edges, units, strict=True)
        if letter in "xyz" and (size := micrometres(float(edge), unit)) is not None
    }
    return RawImage(data, tuple(axes[::-1]), sizes, cautions=tuple(cautions))


NRRD = Reader(
    "NRRD",
    open_nrrd,
    (".nrrd", ".nhdr"),
    ((0, b"NRRD"),),
    variants="one data file, raw, gzip or bzip2; attached or detached header",
)
