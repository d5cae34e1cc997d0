"""The search for the distance of neighbours and the horizon with which a lattice's spots fit an image.

Score of a pair: the local contrast at all predicted spots, weighted, over the root of the sum of squared
weights. A lattice that predicts too many spots (a distance too large) pays in the divisor, one that leaves
bright spots out (too small) in the sum. Widths and weights were set by hand; the tests hold them to the
errors of the distance on simulated films.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.lattices.spots import Reflections, reflections
from napari_sciml.techniques.gisaxs.local_contrast import Bools, Floats, LogImage, local_contrast, rise

Array = npt.NDArray[np.float64]

FARTHEST = 2.5
"""Longest reflection that is looked for, in ``2 pi / d``: farther out disorder leaves little of any spot."""
SIZE = (0.07, 0.05)
"""Standard deviation of a spot along q_z and q_y in ``2 pi / d``: grains of about nine spacings."""
WIDE = 0.3
"""Half width of a spot's surroundings in q_y, in units of 2 pi over the distance of neighbours."""
STREAKS = 0.3
"""Share of a vertical streak that is taken off before spots are looked for on it."""
AXIS = 0.12
"""Closer than this to the specular rod nothing is fitted, in ``2 pi / d``."""
HORIZONS = (0.03, 0.35)
"""Heights of the horizon in q_z (1/nm) that are tried where the geometry does not say it."""
NEAR = 0.10
"""Relative distance from a stated horizon within which it is looked for."""
HORIZON_SPREAD = 0.02
"""Standard deviation, relative, of an expected horizon: what a beam and a stage are good for."""
STEP, BAND = 0.008, 0.35
"""Logarithmic steps between distances, and between those for which the local contrast is computed anew."""
RISE_WEIGHT = 2.5
"""What the steepest rise of intensity counts, in standard deviations of the local contrast."""
FINE_RISE_WEIGHT = 1.0
"""The same between the pixels, where the spots know better than the row that the horizon lies in."""
DRAWS = 100
"""Bootstrap draws of the spots, of which the interval of the distance is made."""
COMMON = 0.015
"""Standard deviation, relative, by which form factor and finite grains move all spots alike."""


@dataclass(frozen=True)
class LocalContrast:
    """Local contrast for one size of spots, and where it is valid; last row and column are spare zeros."""

    values: Floats
    valid: Floats


@dataclass(frozen=True)
class Scales:
    """Local contrasts of one folded image for a range of distances.

    Attributes
    ----------
    image
        Folded.
    spacings
        ``(n,)`` distances to try, nm, evenly spaced in their logarithm.
    band
        ``(n,)`` which local contrast each belongs to.
    contrasts
        From the smallest distance to the largest.
    """

    image: LogImage
    spacings: Array
    band: npt.NDArray[np.int64]
    contrasts: tuple[LocalContrast, ...]


@dataclass(frozen=True)
class Fit:
    """Distance of neighbours with its 95 % interval in nm, horizon in 1/nm, score in standard deviations.

    The interval is 1.96 times the root of the sum of two variances: that of the best distance when the spots
    are drawn again with replacement (bootstrap), and that of `COMMON`, which no drawing of spots can show.
    """

    spacing_nm: float
    low: float
    high: float
    horizon: float
    score: float


def weights(found: Reflections) -> Array:
    """Return how much each reflection counts: by its strength, less far out where disorder hides it."""
    length = np.hypot(found.q_par, found.q_z)
    # A ring of powder is the fainter the longer it is.
    light = np.sqrt(found.strength / np.maximum(found.q_par, 0.3))
    result: Array = light * np.exp(-0.5 * (length / 1.2) ** 2)
    return result


def beside_rod(lattice: str) -> tuple[Array, Array, Array]:
    """Return in-plane part, height and weight of the reflections that are fitted, in ``2 pi / d``.

    Raises
    ------
    SciMLError
        If the lattice is unknown.
    """
    if lattice not in CLASSES:
        raise SciMLError(f"{lattice} is none of the lattices", f"choose one of {', '.join(CLASSES)}")
    found = reflections(lattice, FARTHEST)
    weight = weights(found)
    kept = (found.q_par > 1e-6) & (weight > 0.02 * weight.max())
    return found.q_par[kept], found.q_z[kept], weight[kept]


def spacing_limits(image: LogImage) -> tuple[float, float]:
    """Return the distances that an image can tell: the first column inside, and four pixels from the rod."""
    farthest = image.q_y[-1]
    return 2 * math.pi / (0.9 * farthest), 2 * math.pi / max(4 * image.step_y, 0.08 * farthest)


def make_local_contrast(image: LogImage, spacing_nm: float, beyond: float = AXIS) -> tuple[Floats, Bools]:
    """Return the local contrast for a distance's spots, and where it is valid, `beyond` beside the rod."""
    unit = 2 * math.pi / spacing_nm
    valid = image.measured & (np.abs(image.q_y) >= max(1.5 * image.step_y, beyond * unit))
    sigma = (max(0.6, SIZE[0] * unit / image.step_z), max(0.6, SIZE[1] * unit / image.step_y))
    return local_contrast(image.values, valid, sigma, max(2.0, WIDE * unit / image.step_y), STREAKS), valid


def bounded(image: LogImage, spacing_nm: float) -> LocalContrast:
    """Return the local contrast with its brightest places bounded, so that none rules, in deviations."""
    out, valid = make_local_contrast(image, spacing_nm)
    scale = float(np.quantile(np.abs(out[valid]), 0.9)) if valid.any() else 0.0
    out = np.tanh(out / scale) if scale > 0 else np.zeros_like(out)
    spread = float(out[valid].std()) if valid.any() else 0.0
    out = out / (spread + 1e-6)
    return LocalContrast(np.pad(out, ((0, 1), (0, 1))), np.pad(valid, ((0, 1), (0, 1))).astype(np.float32))


def make_scales(image: LogImage, limits: tuple[float, float]) -> Scales:
    """Compute the local contrasts of a folded image for all distances between `limits`."""
    low, high = np.log(limits)
    spacings = np.exp(np.arange(low, high + STEP / 2, STEP))
    count = max(1, math.ceil((high - low) / BAND))
    width = (high - low) / count if high > low else 1.0
    band = np.minimum(((np.log(spacings) - low) / width).astype(np.int64), count - 1)
    middles = np.exp(low + width * (np.arange(count) + 0.5))
    return Scales(image, spacings, band, tuple(bounded(image, float(d)) for d in middles))


def horizons_to_try(image: LogImage, horizon: float | None) -> Array:
    """List the horizons to try, 1/nm.

    Raises
    ------
    SciMLError
        If the given one is not positive or lies above the image.
    """
    top = float(image.q_z[0])
    if horizon is None:
        return np.arange(HORIZONS[0], max(min(HORIZONS[1], 0.6 * top), 2 * HORIZONS[0]), 0.007)
    if not 0 < horizon < top:
        raise SciMLError(
            f"The horizon at q_z = {horizon:.3g} 1/nm is not within the image, which ends at {top:.3g} 1/nm",
            "check energy and incidence angle, and the q_z range",
        )
    return horizon * np.linspace(1 - NEAR, 1 + NEAR, 11)


def scan(scales: Scales, lattice: str, horizons: Array) -> Array:
    """Score all pairs of distance and horizon, ``(spacings, horizons)``."""
    q_par, q_z, weight = beside_rod(lattice)
    image = scales.image
    rows, columns = image.values.shape
    result = np.zeros((len(scales.spacings), len(horizons)))
    for band, here in enumerate(scales.contrasts):
        chosen = np.flatnonzero(scales.band == band)
        unit = (2 * math.pi / scales.spacings[chosen])[:, None]
        column = np.minimum(np.rint(q_par * unit / image.step_y).astype(np.int64), columns)
        height = (q_z * unit)[:, None, :]
        total = np.zeros((len(chosen), len(horizons)))
        squares = np.zeros_like(total)
        for mirrored in (False, True):
            level = height + 2 * horizons[None, :, None] if mirrored else height
            row = np.rint((image.qz - level) / image.step_z).astype(np.int64)
            row = np.where((row >= 0) & (row < rows), row, rows)
            place = row * (columns + 1) + column[:, None, :]
            light, valid = here.values.ravel()[place], here.valid.ravel()[place]
            if not mirrored:
                seen = height > horizons[None, :, None]
                light, valid = light * seen, valid * seen
            total += light @ weight
            squares += valid @ weight**2
        # One lonely spot in a corner is no evidence.
        result[chosen] = total / np.maximum(np.sqrt(squares), 0.5 * weight.max())
    return result


def lean(horizons: Array, expected: float | None) -> Array:
    """Return what horizons lose by their distance from the one that was expected."""
    if expected is None:
        return np.zeros(len(horizons))
    result: Array = -0.5 * ((horizons / expected - 1) / HORIZON_SPREAD) ** 2
    return result


def refine(
    scales: Scales,
    lattice: str,
    spacing_nm: float,
    horizon: float,
    rng: np.random.Generator,
    expected: float | None = None,
) -> Fit:
    """Find the best pair around a place of the scan between the pixels, and how far it would move."""
    from scipy.ndimage import map_coordinates

    image = scales.image
    here = bounded(image, spacing_nm)
    q_par, q_z, weight = beside_rod(lattice)
    spacings = spacing_nm * np.exp(np.linspace(-0.04, 0.04, 41))
    horizons = horizon + np.linspace(-1, 1, 13) * max(0.05 * horizon, image.step_z)
    unit = (2 * math.pi / spacings)[:, None, None]
    lights, valids = [], []
    for mirrored in (False, True):
        level = q_z * unit + (2 * horizons[None, :, None] if mirrored else 0.0)
        level = np.broadcast_to(level, (len(spacings), len(horizons), len(q_z)))
        place = [(image.qz - level) / image.step_z, np.broadcast_to(q_par * unit / image.step_y, level.shape)]
        # Outside of the image the spare zeros are met.
        light = map_coordinates(here.values, place, order=1, mode="constant")
        valid = map_coordinates(here.valid, place, order=1, mode="constant")
        seen = np.ones_like(valid) if mirrored else (level > horizons[None, :, None]).astype(np.float32)
        lights.append(light * seen)
        valids.append(valid * seen)
    both = np.concatenate([weight, weight])
    light = np.concatenate(lights, axis=2).reshape(-1, len(both)) * both
    valid = np.concatenate(valids, axis=2).reshape(-1, len(both)) * both**2
    help_ = np.tile(FINE_RISE_WEIGHT * rise(image, horizons) + lean(horizons, expected), len(spacings))

    def best(times: Array) -> npt.NDArray[np.int64]:
        squares = times @ valid.T
        score = (
            times @ light.T / np.sqrt(np.maximum(squares, 0.5 * squares.max(axis=1, keepdims=True)) + 1e-9)
        )
        return np.asarray((score + help_).argmax(axis=1), np.int64)

    first = int(best(np.ones((1, len(both))))[0])
    seen_spots = np.flatnonzero(valid.max(axis=0) > 0)
    times = np.zeros((DRAWS, len(both)))
    if len(seen_spots):
        times[:, seen_spots] = rng.multinomial(
            len(seen_spots), np.full(len(seen_spots), 1 / len(seen_spots)), DRAWS
        )
    drawn = spacings[best(times) // len(horizons)]
    centre, level_ = float(spacings[first // len(horizons)]), float(horizons[first % len(horizons)])
    half = 1.96 * math.hypot(float(np.log(drawn).std()), COMMON)
    low, high = centre * math.exp(-half), centre * math.exp(half)
    squares = max(float(valid[first].sum()), 1e-9)
    return Fit(centre, low, high, level_, float(light[first].sum() / math.sqrt(squares)))


def fit_lattice(scales: Scales, lattice: str, horizons: Array, expected: float | None = None) -> Fit:
    """Fit one lattice: the best place of the scan, refined; `expected` is the horizon as stated, 1/nm.

    Raises
    ------
    SciMLError
        If no spot of the lattice lies within what was measured.
    """
    score = scan(scales, lattice, horizons)
    if not score.any():
        raise SciMLError(
            f"No spot of {lattice} lies within the part of q that was measured",
            "check the q ranges and the mask",
        )
    total = score + RISE_WEIGHT * rise(scales.image, horizons) + lean(horizons, expected)
    i, j = np.unravel_index(int(total.argmax()), total.shape)
    start = float(scales.spacings[i]), float(horizons[j])
    # Seeded: the same image always gives the same interval.
    return refine(scales, lattice, *start, np.random.default_rng(0), expected)
