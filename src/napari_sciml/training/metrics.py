"""Figures with their 95 % intervals."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.card import Metric
from napari_sciml.training.calibration import expected_calibration_error

Z95 = 1.959964
"""Quantile of the normal distribution for intervals of 95 %."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a proportion (Wilson 1927)."""
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    centre = (share + Z95**2 / (2 * trials)) / (1 + Z95**2 / trials)
    half = Z95 / (1 + Z95**2 / trials) * math.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_by_group(
    correct: npt.NDArray[np.bool_], groups: npt.NDArray[np.integer], draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy when cases of one group are not independent.

    Whole groups (specimens, fibres) are drawn with replacement; Wilson's interval would be too narrow.
    """
    _, index = np.unique(groups, return_inverse=True)
    hits = np.bincount(index, weights=correct)
    sizes = np.bincount(index)
    drawn = np.random.default_rng(seed).integers(len(sizes), size=(draws, len(sizes)))
    rates = hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def accuracy_metric(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    split: str,
    *,
    groups: npt.NDArray[np.integer] | None = None,
    baseline: float | None = None,
    note: str = "",
) -> Metric:
    """Measure the accuracy of ``P(positive) > 1/2``.

    With `groups` the interval is bootstrapped over whole groups, else it is Wilson's.
    """
    correct = (np.asarray(probabilities) > 0.5) == (np.asarray(labels) == 1)
    hits, count = int(correct.sum()), len(correct)
    low, high = wilson(hits, count) if groups is None else bootstrap_by_group(correct, groups)
    return Metric(
        name="accuracy",
        value=hits / count,
        low=low,
        high=high,
        n=count,
        split=split,
        baseline=baseline,
        note=note,
    )


def calibration_error(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], bins: int = 15
) -> float:
    """Return the expected calibration error over equal-width bins (Guo et al. 2017), two classes."""
    positive = np.asarray(probabilities, np.float64)
    both = np.stack([1 - positive, positive], axis=1)
    return expected_calibration_error(both, (np.asarray(labels) == 1).astype(np.int64), bins)
