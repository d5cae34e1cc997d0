"""Rings, arcs and lines: ridges of an image one after the other, measured, and as polylines to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.features.peaks import FWHM
from napari_sciml.techniques.gisaxs.features.ridges import Family, Run, best_ridge, families, tabulate
from napari_sciml.techniques.gisaxs.local_contrast import Bools, Floats, LogImage

MOST = 12
"""Curves that are looked for in an image at the most: bounds the time."""
RING_SHARE, RING_DEG = 0.7, 60.0
"""A ring stands out in this share of the azimuths that were measured, and those are at least so many."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A ring, arc or line; places and lengths in 1/nm, extent of rings and arcs in degrees."""

    kind: str
    q_y: float
    q_z: float
    width: float
    extent: float
    angle_deg: float
    strength: float

    def row(self) -> dict[str, float | str]:
        """Return its row of the table."""
        return {**vars(self), "q": math.hypot(self.q_y, self.q_z)}


def find_curves(image: LogImage, noise: Floats, free: Bools) -> list[Curve]:
    """Find rings, arcs and lines outside of the peaks; the clearest first.

    Parameters
    ----------
    noise
        Noise of each pixel, logarithms.
    free
        Pixels that may belong to a curve, ``(rows, columns)``.
    """
    kinds = families(image)
    variance = (noise**2).astype(np.float32)
    free = free & image.measured
    found: list[Curve] = []
    while len(found) < MOST:
        # The clearest of all families takes its pixels before the next is looked for: the top of a ring is
        # a flat line too, but the ring is clearer.
        tables = [tabulate(family, image.values, variance, free) for family in kinds]
        runs = [(best_ridge(family, table), family) for family, table in zip(kinds, tables, strict=True)]
        clear = [(run, family) for run, family in runs if run is not None]
        if not clear:
            break
        run, family = max(clear, key=lambda pair: pair[0].total)
        curve, taken = measure_curve(image, family, run, free)
        if curve is not None:
            found.append(curve)
        free = free & ~taken
    return found


def measure_curve(image: LogImage, family: Family, run: Run, free: Bools) -> tuple[Curve | None, Bools]:
    """Measure a ridge across, and say which pixels it takes; None if it has no width to be measured."""
    within = free & (family.along >= run.first) & (family.along <= run.last)
    reach = math.ceil(4.5 * run.size) + 2
    near = within & (np.abs(family.across - run.bin) <= reach)
    taken = within & (np.abs(family.across - run.bin) <= max(2, math.ceil(3 * run.size)))
    offset, profile, weight = excess(image, family, run, near, reach)
    fitted = fit_gaussian(offset, profile, weight, run.size)
    if fitted is None:
        return None, taken
    centre, sigma = fitted
    across = family.first + family.step * (run.bin + centre)
    begin = family.start + family.stride * run.first
    end = family.start + family.stride * (run.last + 1)
    middle, extent = (begin + end) / 2, abs(end - begin)
    width = FWHM * sigma * abs(family.step)
    if family.name == "upright":
        return Curve("line", across, middle, width, extent, 90.0, run.strength), taken
    if family.name == "flat":
        return Curve("line", middle, across, width, extent, 0.0, run.strength), taken
    ring = run.share >= RING_SHARE and run.measured * family.stride >= RING_DEG
    at = math.radians(middle)
    curve = Curve(
        "ring" if ring else "arc",
        *(across * math.cos(at), across * math.sin(at), width, extent, middle, run.strength),
    )
    return curve, taken


def excess(image: LogImage, family: Family, run: Run, near: Bools, reach: int) -> tuple[Array, Array, Array]:
    """Return the mean profile across a ridge, in intensity over the background of each segment.

    Returns
    -------
    Offsets in bins, profile, and number of pixels, ``(2 reach + 1,)``.
    """
    bins = 2 * reach + 1
    count = run.last - run.first + 1
    offset = family.across[near] - run.bin
    place = (family.along[near] - run.first) * bins + offset + reach
    number = np.bincount(place, minlength=count * bins).reshape(count, bins).astype(np.float64)
    light = np.bincount(place, np.expm1(image.values[near].astype(np.float64)), count * bins)
    light = light.reshape(count, bins)
    far = np.abs(np.arange(bins) - reach) > 2.2 * run.size
    level = (light * far).sum(axis=1) / np.maximum((number * far).sum(axis=1), 1)
    # Segments differ by decades in brightness; over its own background each counts alike.
    share = 1 / (level + 1)
    total = (light * share[:, None]).sum(axis=0)
    weight = number.sum(axis=0)
    kept = weight > 0
    return (np.arange(bins) - reach)[kept].astype(float), total[kept] / weight[kept], weight[kept]


def fit_gaussian(offset: Array, profile: Array, weight: Array, size: float) -> tuple[float, float] | None:
    """Fit a Gaussian on a slope; centre and standard deviation in bins, or None if it does not settle."""
    from scipy.optimize import least_squares

    if len(offset) < 6:
        return None
    base, height = float(np.quantile(profile, 0.25)), float(profile.max())
    scale = max(height - base, 1e-12)
    root = np.sqrt(weight / weight.max())

    def rest(p: Array) -> Array:
        bell = p[0] * np.exp(-0.5 * ((offset - p[1]) / p[2]) ** 2)
        result: Array = (bell + p[3] + p[4] * offset - (profile - base) / scale) * root
        return result

    bounds = ([0.05, -2 * size - 1, 0.3, -2, -1], [5, 2 * size + 1, 4 * size + 1, 2, 1])
    found = least_squares(rest, [1.0, 0.0, size, 0.0, 0.0], bounds=bounds, max_nfev=60)
    _, centre, sigma = found.x[:3]
    if not found.success or sigma > 3.8 * size:
        return None
    return float(centre), float(sigma)


def outline(row: Mapping[Any, Any]) -> tuple[Array, Array]:
    """Return a feature as a polyline in q, from one row of the table.

    Returns
    -------
    q_y and q_z ``(n,)``, 1/nm; a peak is drawn as a circle as wide as its half maximum.
    """
    kind = row["kind"]
    if kind == "line":
        along = np.linspace(-0.5, 0.5, 33) * float(row["extent"])
        angle = math.radians(float(row["angle_deg"]))
        return float(row["q_y"]) + along * math.cos(angle), float(row["q_z"]) + along * math.sin(angle)
    if kind == "peak":
        turn = np.linspace(0, 2 * math.pi, 25)
        radius = 0.5 * float(row["width"])
        return float(row["q_y"]) + radius * np.cos(turn), float(row["q_z"]) + radius * np.sin(turn)
    half = float(row["extent"]) / 2
    sweep = np.radians(float(row["angle_deg"]) + np.linspace(-half, half, max(9, int(half) + 1)))
    return float(row["q"]) * np.cos(sweep), float(row["q"]) * np.sin(sweep)
