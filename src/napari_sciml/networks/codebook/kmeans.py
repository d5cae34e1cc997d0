"""K-means of single numbers: Lloyd's steps, and the best clustering there is.

In one dimension the clusters are intervals, so sorted values and their running sums replace all distances: a
step costs a search for K thresholds. The best clustering follows by dynamic programming over the intervals
(Wang and Song, The R Journal 3(2), 2011); the ends of the last interval move monotonically, so each row of
the table is filled by halving (as in "divide and conquer" optimisation), all halves of one depth at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
WideArray = npt.NDArray[np.float64]
MOST_DISTINCT = 131_072
"""Up to this many distinct values the clustering is the best there is. More are first joined into as many
groups of neighbours, and the result is polished by Lloyd's steps on all values."""
STEPS = 300
"""Lloyd's steps at the most; single numbers settle in far fewer."""


def optimal(values: npt.NDArray[Any], levels: int) -> FloatArray:
    """Return the centroids with the least mean squared error.

    Parameters
    ----------
    values
        Any shape; not empty.
    levels
        How many centroids at most.

    Returns
    -------
    ndarray
        Rising, ``(k,)`` with ``k = min(levels, number of distinct values)``.
    """
    distinct, counts = np.unique(np.asarray(values, np.float32), return_counts=True)
    if len(distinct) <= levels:
        return distinct
    if len(distinct) <= MOST_DISTINCT:
        return centroids_of(distinct, counts, best_edges(distinct, counts, levels))
    edges = np.linspace(0, len(distinct), MOST_DISTINCT + 1).astype(np.int64)
    share = np.add.reduceat(counts, edges[:-1])
    means = np.add.reduceat(distinct.astype(np.float64) * counts, edges[:-1]) / share
    start = centroids_of(means, share, best_edges(means, share, levels))
    return lloyd(distinct, start, counts)


def lloyd(values: npt.NDArray[Any], start: npt.ArrayLike, counts: npt.ArrayLike | None = None) -> FloatArray:
    """Improve centroids by Lloyd's steps until no value changes its cluster.

    A cluster that loses all its values keeps its centroid.

    Parameters
    ----------
    values
        Any shape.
    start
        The first centroids.
    counts
        How often each of sorted `values` occurs; None if they are a plain list.
    """
    if counts is None:
        values, counts = np.unique(np.asarray(values, np.float32), return_counts=True)
    weight, total = running(values, counts)
    centroids = np.sort(np.asarray(start, np.float64))
    edges = np.zeros(0, np.int64)
    for _ in range(STEPS):
        moved = np.searchsorted(values, thresholds(centroids), side="left")
        if np.array_equal(moved, edges):
            break
        edges = moved
        inner = np.concatenate([[0], edges, [len(values)]])
        shares, sums = np.diff(weight[inner]), np.diff(total[inner])
        centroids = np.sort(np.divide(sums, shares, out=centroids.copy(), where=shares > 0))
    return centroids.astype(np.float32)


def thresholds(centroids: npt.NDArray[Any]) -> FloatArray:
    """Return the middles between neighbouring centroids, along the last axis."""
    wide = centroids.astype(np.float64)
    middles: FloatArray = ((wide[..., 1:] + wide[..., :-1]) / 2).astype(np.float32)
    return middles


def assign(values: npt.NDArray[Any], centroids: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return the cluster of each value. A value on a threshold goes up, as the paper's rule has it."""
    found = np.searchsorted(thresholds(centroids), np.asarray(values, np.float32), side="right")
    return found.astype(np.uint8)


def quantised(values: npt.NDArray[Any], centroids: npt.NDArray[Any]) -> FloatArray:
    """Replace each value by its centroid."""
    replaced: FloatArray = np.asarray(centroids, np.float32)[assign(values, centroids)]
    return replaced


def running(values: npt.NDArray[Any], counts: npt.ArrayLike) -> tuple[WideArray, WideArray]:
    """Return the running sums of counts and of values times counts, each with a leading zero."""
    share = np.asarray(counts, np.float64)
    weight = np.concatenate([[0.0], np.cumsum(share)])
    total = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) * share)])
    return weight, total


def centroids_of(values: npt.NDArray[Any], counts: npt.ArrayLike, edges: npt.NDArray[np.int64]) -> FloatArray:
    """Return the mean of each interval of sorted values; `edges` are where the inner ones begin."""
    weight, total = running(values, counts)
    inner = np.concatenate([[0], edges, [len(values)]])
    means: FloatArray = (np.diff(total[inner]) / np.diff(weight[inner])).astype(np.float32)
    return means


def best_edges(values: npt.NDArray[Any], counts: npt.ArrayLike, levels: int) -> npt.NDArray[np.int64]:
    """Return where the second to last of `levels` best intervals begin, for more values than levels."""
    share = np.asarray(counts, np.float64)
    centred = values.astype(np.float64)
    centred -= float(np.average(centred, weights=share))
    weight, total = running(centred, counts)
    # What a clustering saves: the squared sum of each interval over its count; the squares are fixed.
    count = len(values)

    def saved(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> WideArray:
        share = weight[last] - weight[first]
        gain: WideArray = (total[last] - total[first]) ** 2 / np.maximum(share, 1e-300)
        return gain

    ends = np.arange(count + 1)
    best = saved(np.zeros_like(ends), ends)
    began = []
    for level in range(1, levels):
        best, first = extend(best, saved, level, count)
        began.append(first)
    edges = []
    end = count
    for first in reversed(began):
        end = int(first[end])
        edges.append(end)
    return np.array(edges[::-1], np.int64)


def extend(best: WideArray, saved: Any, level: int, count: int) -> tuple[WideArray, npt.NDArray[np.int64]]:
    """Add one interval: from the best of `level` intervals up to each end to that of one more.

    Returns the savings and where the last interval begins, both ``(count + 1,)``.
    """
    result = np.full(count + 1, -np.inf)
    begin = np.zeros(count + 1, np.int64)
    # Ends that are still open, as ranges, each with the range in which its last interval may begin.
    low, high = np.array([level + 1]), np.array([count])
    least, most = np.array([level]), np.array([count - 1])
    while len(low):
        middle = (low + high) // 2
        last = np.minimum(most, middle - 1)
        sizes = last - least + 1
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        tried = np.arange(int(sizes.sum())) - np.repeat(starts - least, sizes)
        values = best[tried] + saved(tried, np.repeat(middle, sizes))
        highest = np.maximum.reduceat(values, starts)
        hit = np.flatnonzero(values == np.repeat(highest, sizes))
        owner = np.searchsorted(starts, hit, side="right") - 1
        first = tried[hit[np.searchsorted(owner, np.arange(len(middle)))]]
        result[middle], begin[middle] = highest, first
        left, right = low < middle, middle < high
        low, high, least, most = (
            np.concatenate(pair)
            for pair in (
                (low[left], middle[right] + 1),
                (middle[left] - 1, high[right]),
                (least[left], first[right]),
                (first[left], most[right]),
            )
        )
    return result, begin
