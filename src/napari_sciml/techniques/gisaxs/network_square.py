"""The picture the networks see: the half plane q_y >= 0 as a square of 100 x 100 px that starts at q = 0.

Left and right half are averaged, pixels of every size are brought to the same grid, and nothing depends on
the unit of q any more: the lattices differ by ratios only. Row 0 is the largest q_z, column 0 is q_y = 0;
places that were not measured are -1, as detectors mark them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import Floats, QImage

SIZE_PX = 100
"""Edge of the square in pixels, as in Table VI of the paper."""
TALLEST = 1.5
"""The square reaches to where q_y ends, but at most so many times as far as q_z does, so that no more than a
third of it is empty."""
MISSING = -1.0
"""Value of pixels that were not measured; intensities are never negative."""
LEAST_COVER = 0.3
"""Share of a pixel's weight that has to be measured; with less the pixel is `MISSING`. Part of what the
networks were trained on: another value needs another training."""
LARGEST = 2.0**20
"""Counts that the brightest pixel is scaled to where an image holds none: the 20 bits of early PILATUS
counters, which the noise of HipGISAXS ends at too."""
LEAST_COUNTS = 64
"""Whole numbers whose largest is at least this are taken as counts and not scaled."""


def square_reach(image: QImage) -> float:
    """Return how far the square reaches in q_y and q_z, 1/nm.

    Raises
    ------
    SciMLError
        If the image does not reach above the sample plane.
    """
    right, top = float(np.abs(image.qy).max()), float(image.qz.max())
    if top <= 0 or right <= 0:
        raise SciMLError("The image shows nothing above q_z = 0", "check the q ranges or the geometry")
    return min(right, TALLEST * top)


def count_like(values: npt.NDArray[np.float32], *, log: bool = False) -> npt.NDArray[np.float32]:
    """Scale intensities so that one is about the smallest that counts; counts stay as they are.

    Parameters
    ----------
    values
        ``(rows, columns)``, NaN where nothing was measured.
    log
        The values are a logarithm already: their range is taken to span `LARGEST`.
    """
    measured = values[np.isfinite(values)]
    brightest = float(measured.max()) if measured.size else 0.0
    if brightest <= 0:
        return values.astype(np.float32)
    if log:
        lowest = float(measured.min())
        span = max(brightest - lowest, float(np.finfo(np.float32).tiny))
        grey = (values.astype(np.float64) - lowest) / span
        opened: npt.NDArray[np.float32] = np.expm1(grey * np.log1p(LARGEST)).astype(np.float32)
        return opened
    whole = brightest >= LEAST_COUNTS and bool((measured == np.floor(measured)).all())
    gain = 1.0 if whole else LARGEST / brightest
    scaled: npt.NDArray[np.float32] = (values * gain).astype(np.float32)
    return scaled


def network_square(image: QImage) -> npt.NDArray[np.float32]:
    """Return the square ``(100, 100)`` of an image; see the head of this module.

    `image` should be scaled by `count_like` first. Pixels are averaged by how far they overlap.
    """
    reach = square_reach(image)
    ticks = np.linspace(0, reach, SIZE_PX)
    columns = overlap(ticks, np.abs(image.qy), _step(image.qy))
    rows = overlap(ticks[::-1], image.qz, _step(image.qz))
    measured = np.isfinite(image.values)
    total = rows @ np.where(measured, image.values, 0).astype(np.float64) @ columns.T
    weight = rows @ measured.astype(np.float64) @ columns.T
    result = np.full((SIZE_PX, SIZE_PX), MISSING, np.float32)
    np.divide(total, weight, out=result, where=weight >= LEAST_COVER, casting="same_kind")
    return result


def overlap(targets: Floats, places: Floats, step: float) -> npt.NDArray[np.float64]:
    """Return the weight of each place for each target ``(targets, places)``, by linear interpolation.

    Where places are closer than targets the triangle is as wide as a target, so that all are averaged. A
    full cover has weight one or more; a row without a near place is all zeros.
    """
    width = max(step, abs(float(targets[1] - targets[0])))
    weights = np.clip(1 - np.abs(targets[:, None] - places[None]) / width, 0, None)
    full = width / step
    result: npt.NDArray[np.float64] = weights / full
    return result


def _step(axis: Floats) -> float:
    return float(np.abs(np.diff(axis)).mean())
