"""The only place where pixels are moved: a plane is checked, rescaled and framed for the network.

Pixel centres lie at integers. A point at pixel `p` of the rescaled plane lies at
``(p + 0.5) / scale - 0.5`` of the image, with the scale that the rounded size really has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.defects import find_defects, mended
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.receptive_window import CENTRE_PX
from napari_sciml.techniques.microct.run_geometry import RunGeometry

FRAME_PX = 16
"""Mirrored pixels around a plane: half a window and a margin, so that the map goes beyond every border."""

FILL_PX = 33
"""Width in pixels of the plane over which the level under a defect is averaged; set by hand."""


def prepare(
    plane: npt.NDArray[Any], geometry: RunGeometry, tell: Callable[[str], None] | None = None
) -> npt.NDArray[Any]:
    """Return the plane ``(rows, columns)`` at the network's scale, with a mirrored frame.

    Parameters
    ----------
    tell
        Is called with what is broken in the plane, in words, if anything is.

    Raises
    ------
    SciMLError
        If it is constant or not one pixel is a finite number.
    """
    plane = fill_missing(plane)
    check_plane(plane)
    plane, broken = without_defects(plane)
    if broken and tell is not None:
        tell(broken)
    if geometry.shape != plane.shape:
        plane = resize(plane, geometry.shape)
    return np.pad(plane, FRAME_PX, mode="reflect")


def missing_pixels(plane: npt.NDArray[Any]) -> int:
    """Count the pixels that are NaN or infinity, as many programs leave them outside the scanned circle."""
    return plane.size - int(np.isfinite(plane).sum()) if plane.dtype.kind == "f" else 0


def fill_missing(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Put the median of a plane where it has NaN or infinity: plain background, where nothing is found.

    Raises
    ------
    SciMLError
        If not one pixel is a finite number.
    """
    missing = missing_pixels(plane)
    if missing == plane.size:
        raise SciMLError("not one pixel is a finite number", "choose another image or range")
    if not missing:
        return plane
    finite = np.isfinite(plane)
    return np.where(finite, plane, np.median(plane[finite])).astype(plane.dtype)


def without_defects(plane: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """Put the mean of the surroundings where rows, columns or blocks of a plane are broken or empty.

    Beside an empty border a fibre would not be seen: the network looks at the contrast within a window.
    """
    defects = find_defects(plane)
    if not defects.flags.any():
        return plane, ""
    filling = mended(plane.astype(np.float32), defects, FILL_PX)
    return np.where(defects.flags, filling, plane), defects.sentence


def check_plane(plane: npt.NDArray[Any]) -> None:
    """Raise `SciMLError` unless the plane, whose pixels are finite, has some contrast."""
    if plane.min() == plane.max():
        raise SciMLError(f"every pixel is {plane.flat[0]}, there is nothing to see", "choose another image")


def resize(plane: npt.NDArray[Any], shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Resample by bicubic interpolation, averaging first where the plane shrinks.

    In double precision, so that a large grey offset costs no contrast.
    """
    import torch
    from torch.nn import functional as nnf

    pixels = torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float64))[None, None]
    resized = nnf.interpolate(pixels, size=shape, mode="bicubic", antialias=True, align_corners=False)
    result: npt.NDArray[np.float64] = resized[0, 0].numpy()
    return result


def to_image(elements: npt.NDArray[np.float64], stride: int, scale: float) -> npt.NDArray[np.float64]:
    """Return the pixel of the image for each element of the map, along one axis."""
    pixel = elements * stride + CENTRE_PX - FRAME_PX
    return (pixel + 0.5) / scale - 0.5
