"""From a map of scores to points: local maxima, placed between pixels, none too near to a better one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.core.non_maximum_suppression import suppress

FloatImage = npt.NDArray[np.float32]


def find_peaks(
    scores: FloatImage, min_distance: float, floor: float, mask: npt.NDArray[np.bool_] | None = None
) -> tuple[npt.NDArray[np.float64], FloatImage]:
    """Return places ``(n, 2)`` in elements of `scores` and their scores ``(n,)``, best first.

    Parameters
    ----------
    min_distance
        In elements.
    floor
        Lower maxima are dropped.
    mask
        True where nothing may be found.
    """
    from scipy.ndimage import label, maximum_filter

    highest = (scores == maximum_filter(scores, 3, mode="nearest")) & (scores >= floor)
    if mask is not None:
        highest &= ~mask
    places = np.argwhere(highest)
    values = scores[highest]
    moved, seats = between(scores, places), places.astype(float)
    # Equal neighbours are one maximum, which lies in their middle.
    groups, count = label(highest, np.ones((3, 3)))
    if count < len(places):
        numbers = groups[highest] - 1
        sizes = np.bincount(numbers)
        flat = sizes[numbers] > 1
        for axis in (0, 1):
            middles = (np.bincount(numbers, places[:, axis]) / sizes)[numbers]
            moved[flat, axis] = seats[flat, axis] = middles[flat]
        first = np.unique(numbers, return_index=True)[1]
        moved, seats, values = moved[first], seats[first], values[first]
    kept = suppress(seats, values, min_distance)
    order = kept[np.argsort(-values[kept], kind="stable")]
    return moved[order], values[order]


def between(scores: FloatImage, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Move maxima to the top of the parabola through them and their neighbours, by half a pixel at most."""
    moved = places.astype(float)
    padded = np.pad(scores, 1, mode="edge").astype(float)
    rows, columns = places[:, 0] + 1, places[:, 1] + 1
    middle = padded[rows, columns]
    for axis, (down, right) in enumerate(((1, 0), (0, 1))):
        before, after = padded[rows - down, columns - right], padded[rows + down, columns + right]
        bend = before - 2 * middle + after
        slope = (before - after) / 2
        moved[:, axis] += np.clip(np.divide(slope, bend, out=np.zeros_like(slope), where=bend < 0), -0.5, 0.5)
    return moved
