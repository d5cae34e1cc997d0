"""MRC files of micrographs, image stacks and maps: pixels are mapped from the disk, and written whole."""

from __future__ import annotations

import os
import warnings
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LoadedOnce
from napari_sciml.io.formats.mrc_header import (
    DAMAGED,
    MARK_AT,
    STACK_SUFFIXES,
    MrcHeader,
    read_header,
    unpacked,
)
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.raw_image import RawImage
from napari_sciml.io.saving.atomic import replacing


def open_mrc(path: Path) -> RawImage:
    """Open an image, a stack or a volume without reading its pixels.

    Raises
    ------
    SciMLError
        If it is no MRC file, is truncated, or stores its pixels in a way that cannot be read here.
    """
    header = read_header(path)
    data: Any
    if header.packing:
        data = LoadedOnce(header.shape, header.dtype, partial(unpack_pixels, path, header))
    else:
        data = np.memmap(path, header.dtype, mode="r", offset=header.offset, shape=header.shape)
    return RawImage(data, header.axes, header.pixel_um)


# Those from before the year 2000 have no mark; a micrograph never is a slice of a volume.
MRC = Reader(
    "MRC",
    open_mrc,
    (".mrc", ".map", ".rec", ".ccp4"),
    ((MARK_AT, b"MAP"),),
    needs_mark=False,
    packed=True,
    outer="t",
    variants="modes 0 to 2, 6 and 12, also packed",
    written="averages.mrcs, references.mrcs, map.mrc, simulated micrographs",
)
MRC_STACK = replace(MRC, name="MRC stack", suffixes=STACK_SUFFIXES)


def is_mrc_name(path: Path) -> bool:
    """Whether the name is that of an MRC file, packed or not."""
    return MRC.has_name(path) or MRC_STACK.has_name(path)


def mrc_warnings(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return what is wrong with the header of a file that can be read all the same: its stamp, its length.

    Raises
    ------
    SciMLError
        If it cannot be read.
    """
    return read_header(Path(path)).warnings


def unpack_pixels(path: Path, header: MrcHeader) -> npt.NDArray[Any]:
    """Return the pixels of a packed file.

    Raises
    ------
    SciMLError
        If it is damaged or cut short.
    """
    try:
        with unpacked(path, header.packing) as file:
            file.read(header.offset)
            content = file.read(header.nbytes)
    except (OSError, EOFError, zlib.error) as error:
        raise SciMLError(f"{path} could not be unpacked ({error})", DAMAGED) from error
    if len(content) < header.nbytes:
        raise SciMLError(
            f"{path} is truncated: it unpacks to {len(content)} bytes of pixels, {header.nbytes} are needed",
            DAMAGED,
        )
    return np.frombuffer(content, header.dtype).reshape(header.shape)


def write_mrc(
    path: str | os.PathLike[str],
    array: npt.NDArray[Any],
    pixel_size_A: float | None = None,
    *,
    stack: bool | None = None,
) -> Path:
    """Write an image ``(y, x)``, a stack ``(n, y, x)`` or a volume ``(z, y, x)``, whole or not at all.

    Parameters
    ----------
    array
        Numbers; what MRC has no type for (float64, int32, bool) is written as float32.
    pixel_size_A
        Edge of a pixel; None writes 0, which means unknown.
    stack
        Whether the first of three axes counts images. None goes by the name: ``.mrcs`` is a stack.

    Raises
    ------
    SciMLError
        If the file cannot be written, or the array has not two or three dimensions.
    """
    import mrcfile

    target = Path(path)
    pixels = np.ascontiguousarray(array)
    if pixels.ndim not in (2, 3) or not pixels.size:
        raise SciMLError(
            f"An array of shape {pixels.shape} cannot be written as MRC", "give two or three axes"
        )
    if pixels.dtype.kind + str(pixels.dtype.itemsize) not in ("f2", "f4", "i1", "i2", "u1", "u2"):
        pixels = pixels.astype(np.float32)
    images = target.suffix.lower() in STACK_SUFFIXES if stack is None else stack
    with replacing(target) as draft, warnings.catch_warnings():
        # mrcfile warns of NaN, which a micrograph may hold; it is written as it is.
        warnings.simplefilter("ignore", RuntimeWarning)
        with mrcfile.new(str(draft), overwrite=True) as file:
            file.set_data(pixels)
            if pixels.ndim == 3 and images:
                file.set_image_stack()
            elif pixels.ndim == 3:
                file.set_volume()
            file.voxel_size = pixel_size_A or 0.0
    return target
