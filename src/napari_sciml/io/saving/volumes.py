"""Write a volume as a TIFF file that Fiji, napari and this program open with its axes and pixel size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.saving.atomic import replacing

IMAGEJ_TYPES = ("uint8", "uint16", "float32")


def write_volume(
    volume: npt.NDArray[Any], path: str | os.PathLike[str], *, pixel_size_um: float | None = None
) -> Path:
    """Write a volume (z, y, x) or image (y, x) of unsigned 8 or 16 bit integers or 32 bit floats.

    Parameters
    ----------
    volume
        The pixels.
    path
        File to write; uncompressed, so that it can be memory-mapped.
    pixel_size_um
        Edge of a pixel in micrometres, the same along every axis.

    Raises
    ------
    SciMLError
        If the file cannot be written or the pixels are of another type.
    """
    import tifffile

    pixels = np.asarray(volume)
    if pixels.dtype.name not in IMAGEJ_TYPES:
        raise SciMLError(
            f"{path} cannot hold {pixels.dtype} pixels", f"convert them to one of {', '.join(IMAGEJ_TYPES)}"
        )
    described: dict[str, Any] = {"axes": "ZYX"[-pixels.ndim :]}
    resolution = None
    if pixel_size_um is not None:
        described |= {"unit": "um", "spacing": pixel_size_um}
        resolution = (1 / pixel_size_um, 1 / pixel_size_um)
    with replacing(path) as draft:
        tifffile.imwrite(draft, pixels, imagej=True, resolution=resolution, metadata=described)
    return Path(path)
