"""Peaks: what stands out from its surroundings in every direction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.features.noise import flatten
from napari_sciml.techniques.gisaxs.local_contrast import Bools, Floats, LogImage, average, smooth

SIZES_PX = (1.0, 1.6, 2.5, 4.0)
"""Standard deviations in pixels of the peaks that are looked for, each about 1.6 times the last."""
AROUND = 2.5
"""Standard deviation of the surroundings, which are subtracted, over that of the peak."""
LEAST_STRENGTH = 6.0
"""Standard deviations of the noise by which a peak stands out at least: fewer than one image of pure noise
in ten then shows a feature."""
LEAST_HEIGHT = 0.05
"""Height of a peak over its surroundings at least, in logarithms of the intensity: 5 %, whatever the
noise."""
GOES_ON = 0.6
"""A maximum is no peak if, in some direction, more than this of it is left: a ridge goes on there."""
MOST = 100
"""Peaks of an image at the most, the strongest: bounds time and tables."""
FWHM = 2 * math.sqrt(2 * math.log(2))
"""Full width at half maximum of a Gaussian in units of its sigma."""
ROUNDS = 12
"""Rounds in which centre and width of a peak are found; they settle in fewer."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Peak:
    """Place, standard deviations along both axes in 1/nm, and strength in those of the noise."""

    q_y: float
    q_z: float
    sigma_y: float
    sigma_z: float
    strength: float

    def row(self) -> dict[str, float | str]:
        """Return its row of the table."""
        return {
            "kind": "peak",
            "q_y": self.q_y,
            "q_z": self.q_z,
            "q": math.hypot(self.q_y, self.q_z),
            "width": FWHM * (self.sigma_y + self.sigma_z) / 2,
            "extent": 0.0,
            "angle_deg": 0.0,
            "strength": self.strength,
        }


def find_peaks(image: QImage, log: LogImage) -> list[Peak]:
    """Find the peaks of an image, of which `log` is the logarithm; the strongest first."""
    from scipy.ndimage import maximum_filter

    noise = flatten(log)
    layers: dict[float, Floats] = {}
    found: list[tuple[float, int, int, float]] = []
    for size in SIZES_PX:
        wide = AROUND * size
        for sigma in (size, wide):
            layers.setdefault(round(sigma, 3), smooth(log.values, log.measured, (sigma, sigma)))
        contrast = layers[round(size, 3)] - layers[round(wide, 3)]
        valid = log.measured & (smooth_share(log.measured, wide) > 0.6)
        strength = np.where(valid, contrast / (noise * white_noise(size, wide)), 0)
        top = (strength == maximum_filter(strength, 3)) & (strength >= LEAST_STRENGTH)
        row, column = np.nonzero(top & (contrast >= LEAST_HEIGHT))
        stands = stands_alone(np.where(valid, contrast, np.nan), row, column, AROUND * size)
        found += [
            (float(strength[r, c]), int(r), int(c), size)
            for r, c in zip(row[stands], column[stands], strict=True)
        ]
    found.sort(reverse=True)
    chosen: list[tuple[float, int, int, float]] = []
    for one in found:
        if all(math.hypot(one[1] - k[1], one[2] - k[2]) > 2 * max(one[3], k[3], 1.5) for k in chosen):
            chosen.append(one)
        if len(chosen) == MOST:
            break
    light = linear(image, log)
    measured = [measure_peak(light, log, *one) for one in chosen]
    return [peak for peak in measured if peak is not None]


def smooth_share(measured: Bools, sigma: float) -> Floats:
    """Return the share of measured pixels around each pixel; the edge of the image counts as unmeasured."""
    from scipy.ndimage import gaussian_filter

    if measured.all():
        return np.ones(measured.shape, np.float32)
    return np.asarray(gaussian_filter(measured.astype(np.float32), sigma, mode="nearest", truncate=2.0))


def white_noise(size: float, wide: float) -> float:
    """Return the noise of a Gaussian mean minus a wider one, for pixels of noise 1."""
    narrow = 1 / (4 * math.pi * size**2) + 1 / (4 * math.pi * wide**2)
    return math.sqrt(narrow - 1 / (math.pi * (size**2 + wide**2)))


def stands_alone(
    contrast: Floats, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], reach: float
) -> Bools:
    """Return which maxima fall off in every direction within `reach` pixels, so are no part of a ridge."""
    padded = np.pad(contrast, 1, constant_values=np.nan)
    alone = np.ones(len(row), bool)
    for angle in np.arange(8) * math.pi / 8:
        sides = []
        for sign in (-1, 1):
            away = sign * reach
            y = np.clip(np.rint(row + away * math.sin(angle)).astype(int), -1, contrast.shape[0]) + 1
            x = np.clip(np.rint(column + away * math.cos(angle)).astype(int), -1, contrast.shape[1]) + 1
            sides.append(padded[y, x])
        left, right = sides
        # Where one side was not measured the other one decides; where neither was, nobody knows.
        left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
        with np.errstate(invalid="ignore"):
            alone &= np.maximum(left, right) <= GOES_ON * contrast[row, column]
    return alone


def linear(image: QImage, log: LogImage) -> Floats:
    """Return the intensities on the pixels of `log`, NaN where nothing was measured."""
    values = np.where(np.isfinite(image.values), image.values, 0).astype(np.float32)
    down, right = (n // m for n, m in zip(values.shape, log.values.shape, strict=True))
    if down > 1 or right > 1:
        values, _ = average(values, np.isfinite(image.values), down, right)
    return np.where(log.measured, values, np.nan).astype(np.float32)


def measure_peak(
    light: Floats, log: LogImage, strength: float, row: int, column: int, size: float
) -> Peak | None:
    """Measure place and widths of one peak by moments under a Gaussian that adapts to it.

    None where they do not settle within the surroundings: then it was no peak.
    """
    half = math.ceil(4 * size) + 1
    top, left = max(row - half, 0), max(column - half, 0)
    box = light[top : row + half + 1, left : column + half + 1].astype(np.float64)
    y, x = np.mgrid[top : top + box.shape[0], left : left + box.shape[1]].astype(np.float64)
    seen = np.isfinite(box)
    border = seen & (np.hypot(y - row, x - column) > 2.6 * size)
    if border.sum() < 8:
        return None
    design = np.stack([np.ones_like(x), y - row, x - column], axis=-1)
    plane = np.linalg.lstsq(design[border], box[border], rcond=None)[0]
    # Neighbours in the border would lift the plane: it is laid again below what stands out.
    rest = box[border] - design[border] @ plane
    low = rest <= np.median(rest) + 1.5 * np.median(np.abs(rest - np.median(rest))) * 1.4826
    if low.sum() >= 6:
        plane = np.linalg.lstsq(design[border][low], box[border][low], rcond=None)[0]
    above = np.where(seen, box - design @ plane, 0)
    centre, variance = np.array([row, column], float), np.array([size**2, size**2])
    ticks = np.stack([y, x], axis=-1)
    for _ in range(ROUNDS):
        offset = ticks - centre
        weight = above * np.exp(-0.5 * (offset**2 / variance).sum(axis=-1)) * seen
        total = weight.sum()
        if total <= 0:
            return None
        shift = (weight[..., None] * offset).sum(axis=(0, 1)) / total
        moment = (weight[..., None] * (offset - shift) ** 2).sum(axis=(0, 1)) / total
        # The product of peak and weight has half the variance where both are alike.
        moment = np.minimum(moment, 0.9 * variance)
        variance = np.clip(1 / (1 / np.maximum(moment, 1e-3) - 1 / variance), 0.1, (3 * size) ** 2)
        centre = centre + 1.5 * shift
    if np.hypot(*(centre - [row, column])) > 2 * size + 1:
        return None
    sigma = np.sqrt(variance)
    return Peak(
        log.qy + log.step_y * float(centre[1]),
        log.qz - log.step_z * float(centre[0]),
        float(sigma[1]) * log.step_y,
        float(sigma[0]) * log.step_z,
        strength,
    )


def without_peaks(log: LogImage, peaks: Sequence[Peak]) -> Bools:
    """Return which pixels of an image lie outside of all peaks, ``(rows, columns)``."""
    free = log.measured.copy()
    for peak in peaks:
        reach_y, reach_z = (3 * s + p for s, p in ((peak.sigma_y, log.step_y), (peak.sigma_z, log.step_z)))
        rows = np.abs(log.q_z - peak.q_z) / reach_z
        columns = np.abs(log.q_y - peak.q_y) / reach_y
        free &= np.hypot(rows[:, None], columns[None, :]) > 1
    return free
