"""Which tiles are worth showing to the network: a look that costs a few milliseconds for a whole frame.

The rule counts a spot whose signal in 7 x 7 px is at least five times the noise there. Light from one
place falls into few pixels, so the mean of 4 x 4 px on it stands out about as far or farther: by up to 7/4
times the share of the light that falls there. Tiles in which no such mean stands out are not shown. This is
no strict bound: noise may lower the mean, and spots may be wide or cut by a gap. `evaluate` measures what is
lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.local_noise import block_means, enlarge
from napari_sciml.techniques.diffraction.prepare import FloatArray, Prepared

LEAST_SIGMA = 4.5
"""The weakest spot that counts reaches about seven, with 80 % of its light in 4 x 4 px; noise seldom five."""
FINE_PER_TILE = 32
"""Places along the edge of a tile at which its filters are read: every second pixel."""


def excess(prepared: Prepared) -> FloatArray:
    """Return how far the means of 4 x 4 px stand out, in units of their own noise.

    Returns
    -------
    ndarray
        ``(h/2, w/2)``; element ``(i, j)`` is the window that begins at pixel ``(2 i, 2 j)``.
    """
    means = windows(prepared.levels.residual)
    noise = prepared.levels.noise
    means /= spread(means, noise) * enlarge(noise, 4)
    return means


def windows(fine: FloatArray) -> FloatArray:
    """Average every 2 x 2 elements at every position; the last row and column are zero."""
    result = np.zeros_like(fine)
    rows = fine[:-1] + fine[1:]
    np.add(rows[:, :-1], rows[:, 1:], out=result[:-1, :-1])
    result *= np.float32(0.25)
    return result


def spread(means: FloatArray, noise: FloatArray) -> np.float32:
    """Return the noise of a mean of 4 x 4 px over that of a pixel, one number for a frame.

    Measured, not computed: neighbouring pixels of some detectors share their noise. In sparse frames most
    windows are empty; an eighth is the least that is believed.
    """
    ratio = np.sqrt(np.median((block_means(means**2, None) / noise**2)[::3, ::3]))
    return np.float32(max(float(ratio), 0.125))


def passes(prepared: Prepared) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return per tile ``(rows, columns)`` if the network should see it, and if its end stands out."""
    values = excess(prepared)
    return tile_peaks(values) >= LEAST_SIGMA, strip_peaks(values) >= LEAST_SIGMA


def tile_peaks(values: FloatArray) -> FloatArray:
    """Return the largest value in each tile; windows that begin in its last pixels reach on."""
    rows, columns = (n // FINE_PER_TILE for n in values.shape)
    blocks = values.reshape(rows, FINE_PER_TILE, columns, FINE_PER_TILE)
    return np.asarray(blocks[:, :-1, :, :-1].max(axis=(1, 3)))


def strip_peaks(values: FloatArray) -> FloatArray:
    """Return the largest value of the windows that reach into a tile's last two rows or columns."""
    rows, columns = (n // FINE_PER_TILE for n in values.shape)
    blocks = values.reshape(rows, FINE_PER_TILE, columns, FINE_PER_TILE)
    below = blocks[:, -3:-1, :, :-1].max(axis=(1, 3))
    return np.asarray(np.maximum(below, blocks[:, :-1, :, -3:-1].max(axis=(1, 3))))
