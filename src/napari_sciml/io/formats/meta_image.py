"""MetaImage volumes of ITK (.mha, .mhd with its data beside): mapped where flat, else unpacked as a whole."""

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
from napari_sciml.io.formats.flat_volume import by_custom, mapped, named_axes, turned
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.units import micrometres
from napari_sciml.io.raw_image import RawImage

DTYPES = {
    "CHAR": "i1",
    "UCHAR": "u1",
    "SHORT": "i2",
    "USHORT": "u2",
    "INT": "i4",
    "UINT": "u4",
    "LONG": "i4",
    "ULONG": "u4",
    "LONG_LONG": "i8",
    "ULONG_LONG": "u8",
    "FLOAT": "f4",
    "DOUBLE": "f8",
}
"""Types of a pixel by what follows ``MET_``; a long has four bytes in the format."""
HEADER_BYTES = 65536
"""How far into a file the end of its header is looked for, in bytes."""
DAMAGED = "it may be truncated or still being written; copy it again"


def open_meta_image(path: Path) -> RawImage:
    """Open a volume without reading its pixels.

    Raises
    ------
    SciMLError
        If its header is damaged, its data are not there or cut short, or stored in a way not known here.
    """
    header, start = read_header(path)
    try:
        shape = tuple(int(n) for n in header["DimSize"].split())[::-1]
        order = header.get("BinaryDataByteOrderMSB", header.get("ElementByteOrderMSB", "False"))
        kind = DTYPES[header["ElementType"].removeprefix("MET_")]
        dtype = np.dtype(kind).newbyteorder(">" if order.lower() in ("true", "1") else "<")
        channels = int(header.get("ElementNumberOfChannels", "1"))
        data = _pixels(path, header, start, (*shape, channels) if channels > 1 else shape, dtype)
        axes = (*named_axes(len(shape)), *("c" * (channels > 1)))
        spacing = header.get("ElementSpacing", header.get("ElementSize", ""))
        edges = [float(edge) for edge in spacing.split()]
        matrix = header.get("TransformMatrix", header.get("Rotation", header.get("Orientation", "")))
        rows = np.array([float(n) for n in matrix.split()] or np.eye(len(shape)).ravel())
        cautions = turned(rows.reshape(len(shape), len(shape)), path.name)
    except (KeyError, ValueError) as error:
        raise SciMLError(f"{path} could not be read as MetaImage ({error})", DAMAGED) from error
    stated = {letter: micrometres(edge, "mm") for letter, edge in zip("xyz", edges, strict=False)}
    # What nobody set is written as 1.
    sizes = {} if set(edges) <= {1.0} else {letter: size for letter, size in stated.items() if size}
    return RawImage(data, axes, sizes, cautions=(*cautions, *([by_custom(path.name)] if sizes else [])))


def read_header(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields of a header and where it ends; the last one says where the pixels are.

    Raises
    ------
    SciMLError
        If there is no such field.
    """
    with path.open("rb") as file:
        content = file.read(HEADER_BYTES)
    header: dict[str, str] = {}
    at = 0
    while "ElementDataFile" not in header:
        line, newline, _ = content[at:].partition(b"\n")
        key, equals, value = line.decode("latin-1").partition("=")
        if not equals and not (newline and not line.strip()):
            raise SciMLError(f"{path} could not be read as MetaImage (it has no ElementDataFile)", DAMAGED)
        at += len(line) + len(newline)
        header[key.strip()] = value.strip()
    return header, at


def _pixels(
    path: Path, header: dict[str, str], start: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Any:
    named = header["ElementDataFile"]
    local = named.upper() == "LOCAL"
    if named.upper() == "LIST" or "%" in named:
        raise SciMLError(
            f"{path} has its slices in several files", "open the folder of these, or save as one"
        )
    file = path if local else path.parent / named
    if header.get("CompressedData", "False").lower() == "true":
        return LoadedOnce(shape, dtype, partial(_unpacked, file, start if local else 0, shape, dtype))
    if header.get("BinaryData", "True").lower() == "false":
        raise SciMLError(f"{path} holds its pixels as text", "save it as binary")
    offset = int(header.get("HeaderSize", "0"))
    if offset == -1 and file.exists():
        offset = file.stat().st_size - math.prod(shape) * dtype.itemsize
    return mapped(file, dtype, shape, start if local else max(offset, 0))


def _unpacked(file: Path, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    try:
        with file.open("rb") as packed:
            packed.seek(start)
            return np.frombuffer(zlib.decompress(packed.read()), dtype).reshape(shape)
    except (OSError, zlib.error, ValueError) as error:
        raise SciMLError(f"{file} could not be unpacked ({error})", DAMAGED) from error


META_IMAGE = Reader(
    "MetaImage",
    open_meta_image,
    (".mha", ".mhd"),
    needs_mark=False,
    variants="raw or packed, data inside or in a file beside it",
)
