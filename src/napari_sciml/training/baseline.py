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
        """Give the share of right answers on at most `limit` images, drawn at random."""
        part = np.random.default_rng(self.seed + 1).permutation(len(images))[:limit]
        return float((self._machine.predict(standardise(images[part])) == labels[part]).mean())


def standardise(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Flatten images ``(n, h, w)`` into rows of mean 0 and standard deviation 1."""
    rows = np.asarray(images, np.float32).reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = rows.std(axis=1, keepdims=True)
    result: npt.NDArray[np.float32] = rows / np.maximum(spread, 1e-6)
    return result
