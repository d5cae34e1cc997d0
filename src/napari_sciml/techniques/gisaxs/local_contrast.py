"""How much each place of a GISAXS image stands out from what lies beside it, whatever the intensity scale.

Intensities fall over decades within one image, so that everything here works on their logarithm, with the
local background taken off. Nothing is ever filled in: what was not measured takes no part in any mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import QImage

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MOST_PX = 200
"""Larger images are averaged down to about this many pixels along each axis before a lattice is fitted: twice
the network's square, which bounds the time."""


@dataclass(frozen=True)
class LogImage:
    """Logarithm of an image on even axes.

    Attributes
    ----------
    values
        ``(rows, columns)``, 0 where nothing was measured.
    measured
        ``(rows, columns)`` bool.
    qy, qz
        Of the first column and of the first row, 1/nm.
    step_y, step_z
        Distance of neighbouring pixels, 1/nm, both positive; q_z falls from row to row.
    """

    values: Floats
    measured: Bools
    qy: float
    qz: float
    step_y: float
    step_z: float

    @property
    def q_z(self) -> npt.NDArray[np.float64]:
        """q_z of every row, falling."""
        return self.qz - self.step_z * np.arange(self.values.shape[0], dtype=np.float64)

    @property
    def q_y(self) -> npt.NDArray[np.float64]:
        """q_y of every column, rising."""
        return self.qy + self.step_y * np.arange(self.values.shape[1], dtype=np.float64)


def log_image(image: QImage, most_px: int = MOST_PX) -> LogImage:
    """Take the logarithm of an image, averaged down if it is large.

    The logarithm begins at the noise: three of the smallest positive values (three counts), or the lowest
    twentieth of the positive ones where there are no counts.

    Raises
    ------
    SciMLError
        If nothing was measured, or nothing is brighter than zero.
    """
    values, qy, qz = image.values, image.qy, image.qz
    measured = np.isfinite(values)
    if values.shape[0] < 8 or values.shape[1] < 8:
        raise SciMLError("The image is too small to look for spots", "at least 8 x 8 pixels are needed")
    light = np.where(measured, np.maximum(values, 0), 0).astype(np.float32)
    if not (light > 0).any():
        raise SciMLError("Nothing in the image is brighter than zero", "check the mask and the counts")
    down, right = (max(1, round(n / most_px)) for n in values.shape)
    if down > 1 or right > 1:
        light, measured = average(light, measured, down, right)
        qy, qz = (axis[: len(axis) // n * n].reshape(-1, n).mean(1) for axis, n in ((qy, right), (qz, down)))
    positive = light[light > 0]
    floor = max(3 * float(positive.min()), float(np.quantile(positive, 0.05)))
    values = np.where(measured, np.log1p(light / floor), 0).astype(np.float32)
    step_y, step_z = float(qy[-1] - qy[0]) / (len(qy) - 1), float(qz[0] - qz[-1]) / (len(qz) - 1)
    return LogImage(values, measured, float(qy[0]), float(qz[0]), step_y, step_z)


def average(light: Floats, measured: Bools, down: int, right: int) -> tuple[Floats, Bools]:
    """Average blocks of ``down x right`` pixels over those that were measured; the rest is cut off."""
    rows, columns = light.shape[0] // down, light.shape[1] // right
    shape = (rows, down, columns, right)
    cut = (slice(rows * down), slice(columns * right))
    number = measured[cut].reshape(shape).sum(axis=(1, 3))
    total = np.where(measured, light, 0)[cut].reshape(shape).sum(axis=(1, 3))
    return (total / np.maximum(number, 1)).astype(np.float32), number > 0


def fold(image: LogImage) -> LogImage:
    """Lay the two sides of the beam upon each other, q_y = 0 in the first column."""
    qy, step = image.q_y, image.step_y
    ticks = np.arange(round(float(np.abs(qy[[0, -1]]).max()) / step) + 1) * step
    total = np.zeros((len(image.values), len(ticks)), np.float32)
    number = np.zeros_like(total)
    for side in (1, -1):
        column = np.rint((side * ticks - qy[0]) / step).astype(int)
        seen = (column >= 0) & (column < len(qy)) & ((ticks > 0) | (side > 0))
        total[:, seen] += image.values[:, column[seen]]
        number[:, seen] += image.measured[:, column[seen]]
    mean = (total / np.maximum(number, 1)).astype(np.float32)
    return LogImage(mean, number > 0, 0.0, image.qz, step, image.step_z)


def smooth(values: Floats, measured: Bools, sigma: tuple[float, float]) -> Floats:
    """Smooth with a Gaussian over what was measured; `sigma` in pixels along rows and columns."""
    from scipy.ndimage import gaussian_filter

    share = measured.astype(np.float32)
    weight = gaussian_filter(share, sigma, mode="nearest", truncate=3.0)
    light = gaussian_filter(values * share, sigma, mode="nearest", truncate=3.0)
    return np.asarray(light / np.maximum(weight, 1e-3), np.float32)


def local_contrast(
    values: Floats, measured: Bools, sigma: tuple[float, float], wide: float, streaks: float
) -> Floats:
    """Return by how much places stand out from those to their left and right, in logarithms.

    Taking the background along q_y alone keeps the horizon and the Yoneda band out of it.

    Parameters
    ----------
    sigma
        Size of a spot along rows and columns, standard deviation in pixels.
    wide
        Size of its surroundings along q_y, pixels.
    streaks
        Share of what stands out all along q_z that is taken off too, 0 to 1.
    """
    out = smooth(values, measured, sigma) - smooth(values, measured, (sigma[0], wide))
    if streaks > 0:
        out -= streaks * smooth(out, measured, (3 * wide, sigma[1]))
    return np.where(measured, out, 0).astype(np.float32)


def rise(image: LogImage, horizons: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much the intensity rises with q_z at each horizon, 1 where it does most; zeros if unseen."""
    from scipy.ndimage import gaussian_filter1d

    number = image.measured.sum(axis=1)
    seen = np.flatnonzero(number >= 4)
    if len(seen) < 4:
        return np.zeros(len(horizons))
    rows = np.arange(len(number))
    profile = np.interp(rows, seen, (image.values.sum(axis=1) / np.maximum(number, 1))[seen])
    slope = np.maximum(-gaussian_filter1d(profile, 1.0, order=1, mode="nearest"), 0)
    if slope.max() <= 0:
        return np.zeros(len(horizons))
    height = np.interp(horizons, image.q_z[::-1], (slope / slope.max())[::-1], left=0, right=0)
    return np.asarray(height, np.float64)
