"""The baseline beside every network: a support vector machine on the raw pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class PixelSVM:
    """RBF support vector machine on standardised patches, trained on at most `limit` of them.

    The cost of fitting grows with the square of the number of patches, so a random part is used; the
    part is stated wherever the figure is.
    """

    def __init__(self, limit: int = 12_000, seed: int = 0) -> None:
        self.limit = limit
        self.seed = seed
        self._machine: Any = None

    def fit(self, images: npt.NDArray[Any], labels: npt.NDArray[np.integer]) -> PixelSVM:
        """Fit to images ``(n, h, w)`` and labels 0 or 1."""
        from sklearn.svm import SVC

        rng = np.random.default_rng(self.seed)
        part = rng.permutation(len(images))[: self.limit]
        self._machine = SVC(C=10.0, gamma="scale", cache_size=1000)
        self._machine.fit(standardise(images[part]), labels[part])
        return self

    def accuracy(
        self, images: npt.NDArray[Any], labels: npt.NDArray[np.integer], limit: int = 10_000
    ) -> float:
        """Return the share of right answers on at most `limit` images, drawn at random."""
        part = np.random.default_rng(self.seed + 1).permutation(len(images))[:limit]
        return float((self._machine.predict(standardise(images[part])) == labels[part]).mean())

    def cross_validated(
        self, images: npt.NDArray[Any], labels: npt.NDArray[np.integer], groups: npt.NDArray[np.integer]
    ) -> float:
        """Return the accuracy over 5 folds that never split a group."""
        from sklearn.model_selection import GroupKFold, cross_val_score
        from sklearn.svm import SVC

        rows = standardise(images)
        scores = cross_val_score(SVC(C=10.0), rows, labels, groups=groups, cv=GroupKFold(5))
        return float(scores.mean())


def drawn_ring_accuracy(images: npt.NDArray[Any], labels: npt.NDArray[np.integer]) -> float:
    """Return the best accuracy that a drawn ring reaches on patches ``(n, h, w)``, with no learning at all.

    The template is a bright core and a dark ring; radius and threshold are the best ones for these very
    labels, so it is an upper bound of what such a template can do.
    """
    size = images.shape[-1]
    ticks = np.arange(size) - (size - 1) / 2
    rows, best = standardise(images), 0.0
    for centre in (0.0, 0.5):
        distance = np.hypot(ticks[:, None] - centre, ticks[None, :] - centre)
        for radius in np.arange(5.0, 7.6, 0.25):
            core = np.exp(-((distance / (0.6 * radius)) ** 2))
            template = core - np.exp(-(((distance - radius) / 1.2) ** 2))
            scores = rows @ standardise(template[None])[0]
            order = np.argsort(-scores)
            right = np.cumsum(2 * labels[order] - 1) + (labels == 0).sum()
            best = max(best, float(right.max()) / len(labels))
    return best


def standardise(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Flatten images ``(n, h, w)`` into rows of mean 0 and standard deviation 1."""
    rows = np.asarray(images, np.float32).reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = rows.std(axis=1, keepdims=True)
    result: npt.NDArray[np.float32] = rows / np.maximum(spread, 1e-6)
    return result
