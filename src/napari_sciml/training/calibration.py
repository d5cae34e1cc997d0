"""Probabilities that mean what they say: temperature, calibration error, reliability; any classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Return probabilities ``(n, classes)`` of logits divided by a temperature."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    weights = np.exp(scaled)
    result: Floats = weights / weights.sum(axis=1, keepdims=True)
    return result


def fit_temperature(logits: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> float:
    """Find the temperature with the least negative log likelihood (Guo et al., ICML 2017).

    `logits` ``(n, classes)`` and `labels` ``(n,)`` must be of images that were not trained on.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chosen = softmax(logits, float(np.exp(log_temperature)))[rows, labels]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(10)), method="bounded")
    return float(np.exp(found.x))


def reliability(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], bins: int = 15
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return mean confidence, accuracy and count in equal bins of the largest probability; NaN if empty."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        stated = np.bincount(index, confidence, minlength=bins) / count
        true = np.bincount(index, right, minlength=bins) / count
    return stated, true, count


def expected_calibration_error(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], bins: int = 15
) -> float:
    """Return the mean distance of confidence and accuracy over equal-width bins, weighted by their counts."""
    stated, true, count = reliability(probabilities, labels, bins)
    filled = count > 0
    return float((np.abs(stated - true)[filled] * count[filled]).sum() / max(int(count.sum()), 1))
