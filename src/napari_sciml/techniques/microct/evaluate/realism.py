"""How close simulated patches come to real ones: by their radial profile and to a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.training.baseline import standardise

RADII_PX = np.arange(1.0, 9.5, 0.5)
"""Radii in pixels at which profiles of patches are compared."""


def radial_profile(patches: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the mean grey over `RADII_PX` round the middle of patches ``(n, h, w)``, in patch deviations.

    Each patch is standardised first, since grey scales of archives differ. The ring of a fibre need not be
    centred to a pixel in real patches, so each is turned about the middle that makes its profile sharpest
    among the shifts of up to one pixel.
    """
    size = patches.shape[-1]
    rows = standardise(patches)
    best = np.full(len(rows), -np.inf)
    chosen = np.zeros((len(rows), len(RADII_PX)))
    ticks = np.arange(size) - (size - 1) / 2
    for dy in (-1.0, -0.5, 0.0, 0.5, 1.0):
        for dx in (-1.0, -0.5, 0.0, 0.5, 1.0):
            distance = np.hypot(ticks[:, None] - dy, ticks[None, :] - dx).ravel()
            weights = np.clip(1 - np.abs(distance[None] - RADII_PX[:, None]), 0, None)
            profiles = rows @ (weights / weights.sum(axis=1, keepdims=True)).T
            sharpness = profiles.std(axis=1)
            better = sharpness > best
            best[better], chosen[better] = sharpness[better], profiles[better]
    mean: npt.NDArray[np.float64] = chosen.mean(axis=0)
    return mean


def profile_distance(simulated: npt.NDArray[Any], real: npt.NDArray[Any]) -> float:
    """Return the root mean square difference of two mean radial profiles, in patch standard deviations."""
    difference = radial_profile(simulated) - radial_profile(real)
    return float(np.sqrt((difference**2).mean()))


def discrimination_auc(simulated: npt.NDArray[Any], real: npt.NDArray[Any], seed: int = 0) -> float:
    """Return the AUC, over 5 folds, of an SVM told to tell simulated patches from real ones (0.5 is good)."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.svm import SVC

    rng = np.random.default_rng(seed)
    drawn = simulated[rng.permutation(len(simulated))[: len(real)]]
    rows = standardise(np.concatenate([drawn, real]))
    truth = np.repeat([0, 1], [len(drawn), len(real)])
    order = rng.permutation(len(rows))
    margin = cross_val_predict(SVC(C=10.0), rows[order], truth[order], cv=5, method="decision_function")
    return float(roc_auc_score(truth[order], margin))
