"""One simulated pattern as different detectors would show it: window, pixels, counts, gaps, grey scale.

Every image is brought to the network's square by the same functions as a user's image, so that training and
running cannot differ.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.network_square import count_like, network_square, overlap

LEAST_CROP = 0.55
"""Share of the simulated window that a detector sees at least; drawn between this and all. Set by hand."""
NOISELESS = 0.3
"""Share of images without counting noise, as simulators make them. Set by hand."""


def through_random_detector(
    pattern: npt.NDArray[np.float32], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Look at a half-plane pattern through a random detector; gives the square ``(100, 100)``.

    Parameters
    ----------
    pattern
        ``(n, n)`` intensity, row 0 at the largest q_z and column 0 at q_y = 0, the same reach both ways.
    """
    crop = float(rng.uniform(LEAST_CROP, 1)) if rng.random() < 0.7 else 1.0
    # How much lower the window is than wide, or the other way round.
    tall = float(rng.choice([1.0, 1.0, rng.uniform(0.67, 1.0)]))
    half = rng.random() < 0.4
    columns = int(rng.choice([50, 100, int(rng.integers(40, 130))]))
    rows = int(rng.choice([100, int(rng.integers(60, 200))]))
    fine = np.linspace(0, 1, len(pattern))
    qy = np.linspace(0, crop, columns) if half else np.linspace(-crop, crop, 2 * columns)
    qz = np.linspace(crop * tall, 0, rows)
    step = float(fine[1])
    seen = overlap(qz, fine[::-1], step) @ pattern @ overlap(np.abs(qy), fine, step).T
    image = _count(np.clip(seen, 0, None), rng)
    image = _bury(image, qy, rng)
    log = bool(rng.random() < 0.15)
    if log:
        image = _grey(image, rng)
    # The axes are never known exactly: beam centre, distance and angle are off by a little.
    qy = qy * float(rng.normal(1, 0.01)) + (0 if half else rng.normal(0, 0.006) * crop)
    qz = qz + float(rng.normal(0, 0.008)) * crop
    return network_square(QImage(count_like(image, log=log), qy, qz))


def _count(image: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Count photons; the brightest pixel expects 2^8 to 2^20 of them."""
    brightest = float(image.max())
    if brightest <= 0:
        return np.zeros(image.shape, np.float32)
    if rng.random() < NOISELESS:
        return (image / brightest).astype(np.float32)
    peak = 2 ** rng.uniform(8, 20)
    background = float(rng.choice([0.0, 10 ** rng.uniform(-2, 1)]))
    return rng.poisson(image * (peak / brightest) + background).astype(np.float32)


def _bury(
    image: npt.NDArray[np.float32], qy: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Hide what a beamstop and module gaps would hide."""
    if rng.random() < 0.35:
        image[:, np.abs(qy) < rng.uniform(0.01, 0.06) * qy.max()] = np.nan
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 3))):
            axis, width = int(rng.integers(2)), max(1, round(0.02 * image.shape[0]))
            first = int(rng.integers(image.shape[axis] - width))
            image[(slice(None),) * axis + (slice(first, first + width),)] = np.nan
    if rng.random() < 0.15:
        # Nothing near the horizon: a beamstop bar, or a window that starts above it.
        image[-max(1, int(rng.uniform(0.02, 0.2) * len(image))) :] = np.nan
    return image


def _grey(image: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return an 8-bit picture on a logarithmic scale, as papers and viewers show it."""
    brightest = float(np.nanmax(image))
    if brightest <= 0:
        return image
    span = math.exp(rng.uniform(math.log(8), math.log(21)))
    logs = np.log(np.maximum(image / brightest, math.exp(-span))) / span + 1
    grey: npt.NDArray[np.float32] = np.round(logs * 255).astype(np.float32)
    return grey
