"""The one non-maximum suppression: of points too close together, the best stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


def suppress(
    points: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    min_distance: float,
    groups: npt.NDArray[np.integer] | None = None,
) -> Indices:
    """Keep points greedily by score, dropping any that is nearer than `min_distance` to a kept one.

    Equal scores are decided by the coordinates, first axis first, so the answer does not depend on the
    order of the rows.

    Parameters
    ----------
    points
        Coordinates ``(n, d)``.
    scores
        ``(n,)``; higher wins.
    min_distance
        In the unit of the coordinates. Two points exactly this far apart both stay.
    groups
        ``(n,)``; points of different groups, for example frames, never compete.

    Returns
    -------
    Indices
        Rows of the kept points, ascending.
    """
    count = len(points)
    if count == 0 or min_distance <= 0:
        return np.arange(count)
    if groups is None:
        return keep_best(points, scores, min_distance)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    kept = [rows[keep_best(points[rows], scores[rows], min_distance)] for rows in np.split(order, starts)]
    return np.sort(np.concatenate(kept))


def keep_best(
    points: npt.NDArray[np.floating], scores: npt.NDArray[np.floating], min_distance: float
) -> Indices:
    """Run the greedy rule in rounds: all points that beat every open rival are decided at once."""
    from scipy.spatial import cKDTree

    order = np.lexsort((*points.T[::-1], -scores))
    ranked = points[order]
    pairs = cKDTree(ranked).query_pairs(min_distance, output_type="ndarray")
    distances = np.linalg.norm(ranked[pairs[:, 0]] - ranked[pairs[:, 1]], axis=1)
    pairs = pairs[distances < min_distance]
    # Rows are sorted by rank, and query_pairs gives the smaller row first: winner, then loser.
    winners, losers = pairs[:, 0], pairs[:, 1]
    open_ = np.ones(len(ranked), bool)
    kept = np.zeros(len(ranked), bool)
    while open_.any():
        beaten = np.zeros(len(ranked), bool)
        beaten[losers] = True
        best = open_ & ~beaten
        kept |= best
        dropped = losers[best[winners]]
        open_ &= ~best
        open_[dropped] = False
        alive = open_[winners] & open_[losers]
        winners, losers = winners[alive], losers[alive]
    return np.sort(order[kept])
