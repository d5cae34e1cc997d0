"""Centres from a map of probabilities: local maxima, refined below the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SMOOTHING = 0.6
"""Standard deviation of the light smoothing before maxima are looked for, in elements."""
LEAST_PROBABILITY = 1e-12
LEAST_HEIGHT = 1e-6
"""A maximum stands out of its eight neighbours by this much, or it is rounding noise on a plateau."""


@dataclass(frozen=True)
class Peaks:
    """Maxima of a map: where, in elements, and how high. All arrays are ``(n,)``."""

    rows: npt.NDArray[np.float64]
    columns: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]


def find_peaks(probabilities: npt.NDArray[np.floating], floor: float) -> Peaks:
    """Find the local maxima of a map ``(rows, columns)`` that are at least `floor` high.

    NaN marks elements that were not computed; no peak is reported where it would need one of them.
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(probabilities.astype(np.float64), SMOOTHING, truncate=3.0, mode="nearest")
    if min(smooth.shape) < 3:
        nothing = np.empty(0)
        return Peaks(nothing, nothing, nothing)
    rows, columns = np.nonzero(is_maximum(smooth))
    logs = np.log(np.maximum(smooth, LEAST_PROBABILITY))
    down, gain_down = vertex(
        logs[rows, columns + 1], logs[rows + 1, columns + 1], logs[rows + 2, columns + 1]
    )
    right, gain_right = vertex(
        logs[rows + 1, columns], logs[rows + 1, columns + 1], logs[rows + 1, columns + 2]
    )
    raw = np.maximum(probabilities[rows + 1, columns + 1].astype(np.float64), LEAST_PROBABILITY)
    heights = np.minimum(raw * np.exp(gain_down + gain_right), 1.0)
    high = heights >= floor
    return Peaks((rows + 1 + down)[high], (columns + 1 + right)[high], heights[high])


def is_maximum(smooth: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mark the maxima among the inner elements; of equal neighbours the first in reading order counts."""
    rows, columns = smooth.shape
    centre = smooth[1:-1, 1:-1]
    lowest = centre.copy()
    maximum = np.ones(centre.shape, bool)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if (down, right) == (0, 0):
                continue
            neighbour = smooth[1 + down : rows - 1 + down, 1 + right : columns - 1 + right]
            maximum &= centre > neighbour if (down, right) < (0, 0) else centre >= neighbour
            lowest = np.minimum(lowest, neighbour)
    return maximum & (centre - lowest > LEAST_HEIGHT)


def vertex(
    before: npt.NDArray[np.float64], at: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the vertex of the parabola through three equidistant values: its place and its gain in height.

    On logarithms of a probability this is exact for a Gaussian peak, which the soft targets make.
    """
    slope = (after - before) / 2
    curvature = before - 2 * at + after
    offset = np.divide(-slope, curvature, out=np.zeros_like(slope), where=curvature < 0)
    offset = np.clip(offset, -0.5, 0.5)
    return offset, slope * offset + curvature * offset * offset / 2
