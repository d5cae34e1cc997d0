"""How good picks are: average precision, precision and recall, matched one-to-one in order of score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IOU_HALF = 0.265
"""Two equal discs overlap with an intersection over union of 1/2 at this distance in diameters."""
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Picks of one micrograph or of many, best first, each right or wrong.

    Attributes
    ----------
    scores, right
        ``(n,)``.
    true
        How many particles there are.
    """

    scores: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    true: int

    @property
    def average_precision(self) -> float:
        """Sum of the precision at the rank of each right pick, over the number of particles."""
        precision = np.cumsum(self.right) / np.arange(1, len(self.right) + 1)
        return float(precision[self.right].sum() / self.true) if self.true else float("nan")

    def at(self, threshold: float) -> tuple[float, float]:
        """Return precision and recall of the picks with at least this score."""
        kept = self.right[self.scores >= threshold]
        precision = float(kept.mean()) if len(kept) else float("nan")
        return precision, float(kept.sum() / self.true) if self.true else float("nan")

    def best_f1(self) -> tuple[float, float]:
        """Return the highest F1 of any threshold, and that threshold: chosen on the data that it scores."""
        if not self.right.any():
            return 0.0, float("nan")
        hits = np.cumsum(self.right)
        f1 = 2 * hits / (np.arange(1, len(hits) + 1) + self.true)
        return float(f1.max()), float(self.scores[f1.argmax()])


def rank(found: Points, scores: npt.NDArray[np.floating], true: Points, radius: float) -> Ranked:
    """Match picks to particles one-to-one: in order of score, each takes the nearest free one in `radius`."""
    from scipy.spatial import cKDTree

    order = np.argsort(-np.asarray(scores), kind="stable")
    right = np.zeros(len(found), bool)
    if len(found) and len(true):
        tree = cKDTree(true)
        free = np.ones(len(true), bool)
        for number, near in enumerate(tree.query_ball_point(found[order], radius)):
            open_ = [row for row in near if free[row]]
            if open_:
                distances = np.linalg.norm(true[open_] - found[order[number]], axis=1)
                free[open_[int(distances.argmin())]] = False
                right[number] = True
    return Ranked(np.asarray(scores, float)[order], right, len(true))


def pool(parts: Sequence[Ranked]) -> Ranked:
    """Rank the picks of several micrographs together."""
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="stable")
    right = np.concatenate([part.right for part in parts])
    return Ranked(scores[order], right[order], sum(part.true for part in parts))


def inside(points: Points, shape: tuple[int, int], margin: float) -> npt.NDArray[np.bool_]:
    """Return which points ``(n, 2)`` lie at least `margin` from the edges of an image."""
    limits = np.asarray(shape) - 1
    return np.asarray(((points >= margin) & (points <= limits - margin)).all(axis=1))
