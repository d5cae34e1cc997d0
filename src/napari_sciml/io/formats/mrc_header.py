"""What the header of an MRC file says, made usable where it is wrong, with a warning for each such place."""

from __future__ import annotations

import bz2
import gzip
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import unreadable

HEADER_BYTES = 1024
"""Length of the header in bytes (MRC2014)."""
MARK_AT = 208
"""Where the letters ``MAP`` stand; files from before the year 2000 have none."""
DAMAGED = "it may be cut short or still being written; copy it again"
STACK_SUFFIXES = (".mrcs", ".st")
LONGEST_EDGE = 1 << 20
"""Edge in pixels above which a header is read in the other byte order: above any camera's."""
LARGEST_A = 1000.0
"""Edge of a pixel in Angstrom above which the header is not believed; set by hand."""
A_PER_UM = 1e4
"""Angstrom in a micrometre."""
PACKINGS = {b"\x1f\x8b": "gzip", b"BZ": "bzip2"}


@dataclass(frozen=True)
class MrcHeader:
    """What is needed to read the pixels.

    Attributes
    ----------
    shape
        As the pixels lie in the file: the last axis is the fastest.
    axes
        One letter for each dimension; the images of a stack count along ``t``.
    dtype
        With the byte order of the file.
    offset
        Bytes before the first pixel.
    pixel_um
        Edge of a pixel by axis letter; axes of which the header says nothing (0 is common) are absent.
    packing
        ``gzip``, ``bzip2`` or empty.
    warnings
        What is wrong with the header although the pixels can be read.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    dtype: np.dtype[Any]
    offset: int
    pixel_um: Mapping[str, float]
    packing: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes from the first pixel to the last."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(path: Path) -> MrcHeader:
    """Read and check the header of an MRC file, without its pixels.

    Raises
    ------
    SciMLError
        If the file is absent, is no MRC file, ends before its pixels, or holds pixels that cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
            size = file.seek(0, 2)
    except OSError as error:
        raise unreadable(path, error) from error
    packing = "" if has_mark(start) else PACKINGS.get(start[:2], "")
    if packing:
        start = _unpacked_start(path, packing)
    if len(start) < HEADER_BYTES:
        raise SciMLError(f"{path} is no whole MRC file: its header is cut short", DAMAGED)
    # How long packed pixels are is known only when they are unpacked.
    header = interpret(start, None if packing else size, path)
    return MrcHeader(**{**header.__dict__, "packing": packing})


def interpret(start: bytes, size: int | None, path: Path) -> MrcHeader:
    """Make sense of the first 1024 bytes of a file of `size` bytes (None if not known).

    Wrong machine stamps are common: the other byte order is tried, and taken if everything then fits.
    """
    from mrcfile.dtypes import HEADER_DTYPE
    from mrcfile.utils import byte_order_from_machine_stamp, pretty_machine_stamp

    raw = np.frombuffer(start, HEADER_DTYPE.newbyteorder("<"))[0]
    try:
        stated = byte_order_from_machine_stamp(raw["machst"])
    except ValueError:
        stated = ""
    first = stated or "<"
    records = {order: np.frombuffer(start, HEADER_DTYPE.newbyteorder(order))[0] for order in "<>"}
    order = next((one for one in (first, *"<>") if _plausible(records[one])), "")
    if not order or (not has_mark(start) and size is not None and _needed(records[order], path) > size):
        raise SciMLError(
            f"{path} is not an MRC file, in spite of its name", "it may be damaged or of another format"
        )
    record = records[order]
    warnings: list[str] = []
    if order != stated:
        stamp = pretty_machine_stamp(raw["machst"])
        warnings.append(
            f"{path.name} has a wrong machine stamp ({stamp}); it was read as "
            f"{'little' if order == '<' else 'big'}-endian, which fits its header"
        )
    if not has_mark(start):
        warnings.append(f"{path.name} lacks the mark MAP of an MRC file; it was read as an old one")
    needed = _needed(record, path)
    if size is not None and size < needed:
        raise SciMLError(f"{path} is truncated: {size} bytes are there, {needed} are needed", DAMAGED)
    if size is not None and size > needed:
        warnings.append(f"{path.name} is {size - needed} bytes longer than its header says")
    shape, axes = _layout(record, path)
    sizes = _pixel_um(record, axes)
    if {"y", "x"} <= set(sizes) and not math.isclose(sizes["y"], sizes["x"], rel_tol=0.01):
        warnings.append(
            f"{path.name} states pixels that are not square: {sizes['y'] * A_PER_UM:.4g} Å along y, "
            f"{sizes['x'] * A_PER_UM:.4g} Å along x"
        )
    offset = HEADER_BYTES + int(record["nsymbt"])
    return MrcHeader(shape, axes, _dtype(record, path), offset, sizes, warnings=tuple(warnings))


def has_mark(start: bytes) -> bool:
    """Whether the first bytes of a file hold the mark of an MRC file."""
    return start[MARK_AT : MARK_AT + 3] == b"MAP"


def _plausible(record: Any) -> bool:
    """Whether numbers read in this byte order can be a header: small positive edges, a small mode."""
    edges = [int(record[name]) for name in ("nx", "ny", "nz")]
    return all(0 < edge <= LONGEST_EDGE for edge in edges) and (
        0 <= int(record["mode"]) <= 200 and 0 <= int(record["nsymbt"]) < 1 << 30
    )


def _needed(record: Any, path: Path) -> int:
    pixels = math.prod(int(record[name]) for name in ("nx", "ny", "nz"))
    return HEADER_BYTES + int(record["nsymbt"]) + pixels * _dtype(record, path).itemsize


def _dtype(record: Any, path: Path) -> np.dtype[Any]:
    from mrcfile.utils import dtype_from_mode

    try:
        plain: np.dtype[Any] = dtype_from_mode(int(record["mode"]))
    except ValueError as error:
        raise SciMLError(
            f"{path} stores its pixels in MRC mode {record['mode']}, which cannot be read here",
            "convert it to 32-bit floating point (mode 2) first",
        ) from error
    return plain.newbyteorder(record.dtype["mode"].byteorder)


def _layout(record: Any, path: Path) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return shape and axes: an image, a stack of images, a volume, or a series of volumes."""
    from mrcfile.constants import IMAGE_STACK_SPACEGROUP
    from mrcfile.utils import spacegroup_is_volume_stack

    nx, ny, nz, mz, group = (int(record[name]) for name in ("nx", "ny", "nz", "mz", "ispg"))
    if nz == 1:
        return (ny, nx), ("y", "x")
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if spacegroup_is_volume_stack(group) and mz > 0 and nz % mz == 0:
        return (nz // mz, mz, ny, nx), ("t", "z", "y", "x")
    # Many programs write 0, which means images, for volumes too: a cube is one.
    images = group == IMAGE_STACK_SPACEGROUP and not nz == ny == nx
    if images or suffixes & set(STACK_SUFFIXES):
        return (nz, ny, nx), ("t", "y", "x")
    order = tuple(int(record[name]) for name in ("maps", "mapr", "mapc"))
    # Maps of crystallographers may run along other axes; zeros mean that nobody cared.
    letters = tuple("xyz"[axis - 1] for axis in order) if sorted(order) == [1, 2, 3] else ("z", "y", "x")
    return (nz, ny, nx), letters


def _pixel_um(record: Any, axes: tuple[str, ...]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for letter in set(axes) & {"z", "y", "x"}:
        edge, count = float(record["cella"][letter]), int(record[f"m{letter}"])
        size = edge / count if count > 0 else 0.0
        if math.isfinite(size) and 0 < size <= LARGEST_A:
            # The header has 32-bit numbers: 1.77 must not become 1.7699999809.
            sizes[letter] = float(f"{size:.6g}") / A_PER_UM
    return sizes


def _unpacked_start(path: Path, packing: str) -> bytes:
    try:
        with unpacked(path, packing) as file:
            return file.read(HEADER_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise SciMLError(f"{path} could not be unpacked ({error})", DAMAGED) from error


def unpacked(path: Path, packing: str) -> gzip.GzipFile | bz2.BZ2File:
    """Open a packed file for reading."""
    return gzip.open(path) if packing == "gzip" else bz2.open(path)
