"""The baseline of Table V: histograms of oriented gradients and a linear classifier.

    python -m napari_sciml.techniques.gisaxs.evaluate.hog_baseline [--protocol hipgisaxs] [--cache FOLDER]
        [--per-class N]

prints its accuracy on the frozen data sets, and what one number per image (mean or total) can tell.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress, drive
from napari_sciml.techniques.gisaxs.evaluate.paper_sets import (
    DATASETS,
    PAPER,
    PEAK_COUNTS,
    Images,
    Protocol,
    paper_sets,
    split,
)
from napari_sciml.training.metrics import wilson


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
        """Return one row of features for each image ``(n, h, w)``."""
        return hog_rows(log_grey(image, self.peak) for image in images)

    def fit(self, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.integer]) -> HogLinear:
        """Fit to rows of `features`."""
        from sklearn.svm import LinearSVC

        self._machine = LinearSVC(C=0.1, random_state=self.seed)
        self._machine.fit(rows, labels)
        return self

    def predict(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Return the class of each row of `features`."""
        answer: npt.NDArray[np.int64] = self._machine.predict(rows)
        return answer


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


def log_grey(image: npt.NDArray[np.floating], peak: float) -> npt.NDArray[np.float64]:
    """Scale an image ``(h, w)`` to 0..1 on a logarithmic scale that ends at one of `peak` counts."""
    brightest = float(image.max())
    if brightest <= 0:
        return np.zeros(image.shape)
    grey: npt.NDArray[np.float64] = np.log1p(image.astype(np.float64) / brightest * peak) / np.log1p(peak)
    return grey


@dataclass(frozen=True)
class Score:
    """Right answers of so many, on images that were not trained on."""

    name: str
    right: int
    count: int

    def line(self) -> str:
        """Return a row of the table: accuracy with Wilson's 95 % interval, and the paper's figure."""
        low, high = wilson(self.right, self.count)
        paper = PAPER[self.name]["HOG"] if self.name in PAPER else None
        beside = (
            "" if paper is None else f"   paper {paper:.2f}, difference {100 * self.accuracy - paper:+.2f}"
        )
        return (
            f"{self.name:36s} {100 * self.accuracy:6.2f} % "
            f"[{100 * low:.2f}, {100 * high:.2f}]  n = {self.count}{beside}"
        )

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.right / self.count


def evaluate(
    protocol: Protocol,
    cache: Path | None = None,
    per_class: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Score]:
    """Measure the baseline on the frozen data sets of a protocol.

    Each set is trained on its own 70 % and tested on its other 30 %; the noisy set too. Below the paper's
    three figures come the two cross directions, and a classifier that sees only mean and total of an image.
    """
    sets = drive(paper_sets(protocol, cache, per_class), on_progress)
    peak = PEAK_COUNTS[protocol]
    scores, machines, rows = [], {}, {}
    for name, images in sets.items():
        train, test = split(images)
        machine = HogLinear(peak)
        rows[name] = machine.features(images.images)
        machines[name] = machine.fit(rows[name][train], images.labels[train])
        scores.append(_score(name, machine, rows[name][test], images.labels[test]))
    for trained, tested in (("dataset 1", "dataset 2"), ("dataset 2", "dataset 1")):
        images = sets[tested]
        _, test = split(images)
        name = f"trained on {trained[-1]}, tested on {tested[-1]}"
        scores.append(_score(name, machines[trained], rows[tested][test], images.labels[test]))
    scores.append(shortcut(sets["dataset 1"]))
    return scores


def _score(
    name: str, machine: HogLinear, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> Score:
    return Score(name, int((machine.predict(rows) == labels).sum()), len(labels))


def shortcut(images: Images) -> Score:
    """Return how far mean and brightest pixel of an image (hence its total) tell the class; 1/7 is chance.

    Nearest neighbours in the logarithms of the two, which no monotonic dependence escapes.
    """
    from sklearn.neighbors import KNeighborsClassifier

    mean = np.log(images.images.mean(axis=(1, 2)).astype(np.float64) + 1e-12)
    peak = np.log(images.images.max(axis=(1, 2)).astype(np.float64) + 1e-12)
    features = np.stack([mean, peak], axis=1)
    train, test = split(images)
    machine = KNeighborsClassifier(25).fit(features[train], images.labels[train])
    right = int((machine.predict(features[test]) == images.labels[test]).sum())
    return Score("mean and peak alone (chance 14.29)", right, len(test))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=sorted(DATASETS), default="hipgisaxs")
    parser.add_argument("--cache", type=Path, help="folder that keeps the simulated sets between calls")
    parser.add_argument("--per-class", type=int, help="fewer images than the frozen 1,000, to try things out")
    options = parser.parse_args()

    def show(step: Progress) -> None:
        print(f"\r{step.done} of {step.total} {step.what}", end="", file=sys.stderr, flush=True)

    scores = evaluate(options.protocol, options.cache, options.per_class, show)
    print(file=sys.stderr)
    for score in scores:
        print(score.line())


if __name__ == "__main__":
    main()
