"""The baseline of Table V: histograms of oriented gradients and a linear support vector machine."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def hog_rows(images: Iterable[npt.NDArray[np.floating]]) -> npt.NDArray[np.float32]:
    """Return the histograms of oriented gradients of each image ``(h, w)`` as a row."""
    from skimage.feature import hog

    return np.stack(
        [
            hog(
                np.asarray(image, np.float64),
                orientations=9,
                pixels_per_cell=(8, 8),
                cells_per_block=(2, 2),
                feature_vector=True,
            ).astype(np.float32)
            for image in images
        ]
    )


def hog_answers(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.integer], test_rows: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    """Train on `rows` ``(n, features)`` with their classes ``(n,)``; return the classes of `test_rows`."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=0.1, random_state=0).fit(rows, labels)
    answers: npt.NDArray[np.int64] = machine.predict(test_rows)
    return answers
