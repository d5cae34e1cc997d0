"""Images of none of the seven lattices to which a network learns to answer "all seven alike".

Trained so, it gives high out-of-distribution scores to what it never saw, too (outlier exposure: Hendrycks,
Mazeika and Dietterich, ICLR 2019). The families on which that is measured, `evaluate.outliers`, are others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.network_square import LARGEST, SIZE_PX

Square = npt.NDArray[np.float32]
"""An image ``(100, 100)`` of count-like values, as `network_square` gives it."""


def cloud(square: Square, rng: np.random.Generator) -> Square:
    """Return a smooth random field; its smallest grains are two to thirty pixels wide."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.normal(size=square.shape), np.exp(rng.uniform(0.5, 3.4)), mode="wrap")
    return _counted(field / field.std() * rng.uniform(0.5, 2), rng)


def scattered_spots(square: Square, rng: np.random.Generator) -> Square:
    """Return spots at random places over a background that falls with q."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX].astype(float)
    logs = -np.hypot(x, SIZE_PX - y) / rng.uniform(10, 60)
    width = rng.uniform(1, 4)
    for _ in range(int(rng.integers(4, 40))):
        row, column = rng.uniform(0, SIZE_PX, 2)
        logs = logs + rng.uniform(0.5, 4) * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * width**2))
    return _counted(logs, rng)


def stripes(square: Square, rng: np.random.Generator) -> Square:
    """Return rods or lamellar bands at even distances, straight up, flat or slanted."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX].astype(float)
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])
    along = x * np.cos(angle) + (SIZE_PX - y) * np.sin(angle)
    period = rng.uniform(6, 50)
    comb = np.cos(2 * np.pi * along / period) * rng.uniform(1, 8)
    return _counted(np.logaddexp(0, comb) - np.hypot(x, SIZE_PX - y) / rng.uniform(20, 100), rng)


def turned(square: Square, rng: np.random.Generator) -> Square:
    """Turn a lattice by a right angle, or stand it on its head: rows and columns of spots change places."""
    return np.ascontiguousarray(np.rot90(square, int(rng.integers(1, 4))))


def shuffled(square: Square, rng: np.random.Generator) -> Square:
    """Cut a lattice into tiles and shuffle them."""
    size = int(rng.choice([20, 25]))
    count = SIZE_PX // size
    tiles = square.reshape(count, size, count, size).swapaxes(1, 2).reshape(-1, size, size)
    mixed = tiles[rng.permutation(len(tiles))].reshape(count, count, size, size).swapaxes(1, 2)
    return np.ascontiguousarray(mixed.reshape(square.shape))


def two_at_once(square: Square, rng: np.random.Generator) -> Square:
    """Lay a lattice over itself at another scale: no single lattice has the spots of both."""
    from scipy.ndimage import zoom

    factor = rng.uniform(1.25, 1.7)
    larger = zoom(np.clip(square, 0, None), factor, order=1)[-SIZE_PX:, :SIZE_PX]
    mixed: Square = (np.clip(square, 0, None) + larger * rng.uniform(0.3, 3)).astype(np.float32)
    return mixed


NEGATIVES: dict[str, Callable[[Square, np.random.Generator], Square]] = {
    "cloud": cloud,
    "scattered spots": scattered_spots,
    "stripes": stripes,
    "turned": turned,
    "shuffled": shuffled,
    "two at once": two_at_once,
}
"""Name of a family -> what makes one of its images, some out of an image of a lattice."""


def negative(square: Square, rng: np.random.Generator) -> Square:
    """Make an image of a random family."""
    return NEGATIVES[str(rng.choice(list(NEGATIVES)))](square, rng)


def _counted(logs: npt.NDArray[np.float64], rng: np.random.Generator) -> Square:
    """Scale to a random peak, darken below a random horizon, and count photons or not."""
    image = np.exp(logs - logs.max())
    image[SIZE_PX - int(rng.integers(0, 40)) :] *= rng.choice([0.0, 1.0])
    if rng.random() < 0.3:
        bright: Square = (image * LARGEST).astype(np.float32)
        return bright
    counted: Square = rng.poisson(image * 2 ** rng.uniform(8, 20)).astype(np.float32)
    return counted
