"""The baseline of Table V: histograms of oriented gradients and a linear classifier.

    python -m napari_sciml.techniques.gisaxs.baseline [--protocol hipgisaxs] [--cache FOLDER] [--per-class N]

prints its accuracy on the frozen data sets, and what one number per image (mean or total) can tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class HogLinear:
    """HOG features of log images and a linear support vector machine.

    Parameters
    ----------
    peak
        Counts of the brightest pixel at which the grey scale is one; dark pixels differ down to one count.
    """

    def __init__(self, peak: float = 2.0**20, seed: int = 0) -> None:
        self.peak = peak
        self.seed = seed
        self._machine: Any = None

    def features(self, images: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Give one row of features for each image ``(n, h, w)``."""
        from skimage.feature import hog

        return np.stack(
            [
                hog(
                    log_grey(image, self.peak),
                    orientations=9,
                    pixels_per_cell=(8, 8),
                    cells_per_block=(2, 2),
                    feature_vector=True,
                ).astype(np.float32)
                for image in images
            ]
        )

    def fit(self, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.integer]) -> HogLinear:
        """Fit to rows of `features`."""
        from sklearn.svm import LinearSVC

        self._machine = LinearSVC(C=0.1, random_state=self.seed)
        self._machine.fit(rows, labels)
        return self

    def predict(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Give the class of each row of `features`."""
        answer: npt.NDArray[np.int64] = self._machine.predict(rows)
        return answer


def log_grey(image: npt.NDArray[np.floating], peak: float) -> npt.NDArray[np.float64]:
    """Scale an image ``(h, w)`` to 0..1 on a logarithmic scale that ends at one of `peak` counts."""
    brightest = float(image.max())
    if brightest <= 0:
        return np.zeros(image.shape)
    grey: npt.NDArray[np.float64] = np.log1p(image.astype(np.float64) / brightest * peak) / np.log1p(peak)
    return grey
