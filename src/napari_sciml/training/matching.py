"""One-to-one matching of found points to true ones, and what follows: precision, recall, F1, distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Matching:
    """The outcome of matching.

    Attributes
    ----------
    found, true
        How many points there were on either side.
    pairs
        ``(n, 2)`` row numbers of matched found and true points.
    distances
        Distance of each pair.
    """

    found: int
    true: int
    pairs: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]

    @property
    def precision(self) -> float:
        """Share of found points that are true."""
        return len(self.pairs) / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of true points that were found."""
        return len(self.pairs) / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.found + self.true
        return 2 * len(self.pairs) / total if total else 0.0


def match_points(found: npt.NDArray[np.floating], true: npt.NDArray[np.floating], radius: float) -> Matching:
    """Match points ``(n, d)`` to points ``(m, d)`` one-to-one, nearest pairs first, within `radius`."""
    from scipy.spatial import cKDTree

    empty = Matching(len(found), len(true), np.empty((0, 2), np.int64), np.empty(0))
    if len(found) == 0 or len(true) == 0:
        return empty
    near = cKDTree(found).sparse_distance_matrix(cKDTree(true), radius, output_type="ndarray")
    order = np.argsort(near["v"], kind="stable")
    used_found, used_true = np.zeros(len(found), bool), np.zeros(len(true), bool)
    pairs, distances = [], []
    for row, column, distance in near[order]:
        if not used_found[row] and not used_true[column]:
            used_found[row] = used_true[column] = True
            pairs.append((row, column))
            distances.append(distance)
    return Matching(len(found), len(true), np.asarray(pairs, np.int64).reshape(-1, 2), np.asarray(distances))
