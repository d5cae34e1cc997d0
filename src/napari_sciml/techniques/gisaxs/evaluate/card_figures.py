"""``napari-sciml evaluate gisaxs``: the figures of the model cards, on images made only to test on.

No choice is made here: network, temperature and outlier limit are fixed before.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor, open_predictor
from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import Metric
from napari_sciml.networks.registry import WEIGHTS_FOLDER, get_model
from napari_sciml.networks.saving import update_card
from napari_sciml.techniques.gisaxs.evaluate.hog_baseline import hog_answers, hog_rows
from napari_sciml.techniques.gisaxs.evaluate.network_input import normalised
from napari_sciml.techniques.gisaxs.evaluate.outliers import OUTLIERS, real_films
from napari_sciml.techniques.gisaxs.evaluate.paper_sets import paper_sets, split
from napari_sciml.techniques.gisaxs.evaluate.spots import spot_figures
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train.dataset import Dataset, DatasetSpec, Protocol, build_dataset
from napari_sciml.techniques.gisaxs.train.networks import NAMES
from napari_sciml.training.calibration import expected_calibration_error, reliability
from napari_sciml.training.evaluated import as_csv, save_evaluation
from napari_sciml.training.metrics import bootstrap_by_group, wilson

TEST_SEED = 1000
"""Test samples are drawn from another seed than any training."""
SAMPLES = 300
"""Test samples of each class."""
OUTLIER_IMAGES = 200
"""Images of each family that is none of the lattices (`outliers`)."""
SPOT_IMAGES = 350
"""Images on which the fitted spots are measured, 50 of each class."""
BASELINE_IMAGES = 10_500
"""Training images of the baseline at the most: its time grows with their square."""
DEVICES = "simulated, many devices"
THRESHOLD = 0.5
"""Probability of the best class from which it is named: the default of a run."""
RELIABILITY = "reliability.csv"
LATTICE_OF = {
    "bcc_100": "BCC100",
    # Both share one lattice in these images, whatever their name says.
    "bcc_110": "BCC100",
    "cubic_100": "Cubic100",
    "fcc_100": "FCC100",
    "hcp_none": "HCP",
}
"""Lattice that the images of 2016 were found to have, by the name of their class."""


def evaluate(
    out: Path,
    data: Path | None = None,
    models: Path | None = None,
    samples: int = SAMPLES,
    workers: int = 2,
) -> Generator[Progress, None, pd.DataFrame]:
    """Measure both models and write ``evaluation.csv`` to `out`; resumes where it stopped.

    Parameters
    ----------
    data
        Folder with images of others: ``hipgisaxs_2016_dev.npz``, ``bornagain.npz``, and ``*.cbf`` frames of
        films below it, each if it is there; None to leave them out.
    models
        Folder that `train` has written; the cards get the figures. None measures the shipped models and
        leaves their cards alone.
    samples
        Test samples of each class.
    """
    rows: list[dict[str, object]] = []
    curves: dict[str, pd.DataFrame] = {}
    for protocol, name in NAMES.items():
        folder = (models or WEIGHTS_FOLDER) / name
        if not folder.is_dir():
            continue
        classifier = Classifier(folder)
        metrics = yield from figures(classifier, protocol, out, data, samples, workers)
        classifier.close()
        rows += [{"model": name, **metric.model_dump()} for metric in metrics]
        if models is not None:
            update_card(folder, metrics, {RELIABILITY: as_csv(classifier.curve)})
        curves[f"{name}-{RELIABILITY}"] = classifier.curve
    table = pd.DataFrame(rows)
    save_evaluation(out, "gisaxs", {"evaluation.csv": table, **curves})
    return table


class Classifier:
    """A model with what it says about images."""

    def __init__(self, folder: Path) -> None:
        self.model = get_model(folder)
        self.limit = float(self.model.card["training"]["outlier_limit"])
        self._predictor: Predictor = open_predictor(self.model)
        self.curve = pd.DataFrame()

    def probabilities(self, squares: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Return the probabilities for normalised squares."""
        return self._predictor.classify(np.asarray(squares, np.float32))

    def close(self) -> None:
        """Free the predictor."""
        self._predictor.close()


def figures(
    classifier: Classifier, protocol: Protocol, out: Path, data: Path | None, samples: int, workers: int
) -> Generator[Progress, None, list[Metric]]:
    """Return all figures of one model."""
    work = out / "work"
    test = yield from build_dataset(DatasetSpec(protocol, "test", samples, 2, TEST_SEED), work, workers)
    probabilities = classifier.probabilities(test.images)
    baseline = yield from hog_on_squares(protocol, test, work, samples, workers)
    metrics = device_figures(classifier, probabilities, test, baseline)
    metrics += yield from set_figures(classifier, protocol, work)
    if protocol == "physical":
        metrics += outlier_figures(classifier, probabilities, data)
        metrics += spot_figures(classifier.probabilities, SPOT_IMAGES, TEST_SEED, THRESHOLD)
        metrics += [] if data is None else figures_bornagain(classifier, data)
    elif data is not None:
        metrics += figures_2016(classifier, data)
    return metrics


def device_figures(
    classifier: Classifier,
    probabilities: npt.NDArray[np.float32],
    test: Dataset,
    baseline: npt.NDArray[np.bool_],
) -> list[Metric]:
    """Measure on the test images: accuracy, by class, calibration, and what is left when it may say no."""
    right = probabilities.argmax(axis=1) == test.labels
    found = [metric("accuracy", DEVICES, right, test.samples, baseline=float(baseline.mean()),
                    note="baseline: HOG and a linear classifier on the same squares")]  # fmt: skip
    known = (probabilities.max(axis=1) >= THRESHOLD) & (outlier_score(probabilities) <= classifier.limit)
    if known.any():
        note = f"{known.mean():.1%} of the images are not called unknown at threshold {THRESHOLD}"
        found.append(
            metric("accuracy where not unknown", DEVICES, right[known], test.samples[known], note=note)
        )
    for label, name in enumerate(CLASSES):
        mine = test.labels == label
        wrong = np.bincount(probabilities[mine].argmax(axis=1), minlength=len(CLASSES))
        wrong[label] = 0
        note = f"most often taken for {CLASSES[int(wrong.argmax())]} ({wrong.max() / mine.sum():.1%})"
        found.append(metric(f"recall {name}", DEVICES, right[mine], test.samples[mine], note=note))
    said, true, count = reliability(probabilities, test.labels)
    classifier.curve = pd.DataFrame({"confidence": said, "accuracy": true, "count": count})
    draws = np.random.default_rng(0).integers(len(right), size=(200, len(right)))
    errors = [expected_calibration_error(probabilities[draw], test.labels[draw]) for draw in draws]
    low, high = np.percentile(errors, [2.5, 97.5])
    value = expected_calibration_error(probabilities, test.labels)
    found.append(
        Metric(
            name="expected calibration error",
            value=value,
            low=min(value, float(low)),
            high=max(value, float(high)),
            n=len(right),
            split=DEVICES,
            note="15 bins of equal width; lower is better",
        )
    )
    return found


def hog_on_squares(
    protocol: Protocol, test: Dataset, work: Path, samples: int, workers: int
) -> Generator[Progress, None, npt.NDArray[np.bool_]]:
    """Train HOG and a linear classifier on training images; return where it is right on `test`."""
    count = min(BASELINE_IMAGES // (3 * len(CLASSES)), 2 * samples)
    learnt = yield from build_dataset(DatasetSpec(protocol, "train", count, 3, TEST_SEED), work, workers)
    answers = hog_answers(hog_rows(learnt.images), learnt.labels, hog_rows(test.images))
    right: npt.NDArray[np.bool_] = answers == test.labels
    return right


def set_figures(
    classifier: Classifier, protocol: Protocol, work: Path
) -> Generator[Progress, None, list[Metric]]:
    """Measure on the test parts of the frozen sets of Table V; nothing of them was trained on."""
    sets = yield from paper_sets(protocol, work / "sets")
    found = []
    for name, images in sets.items():
        _, test = split(images)
        probabilities = classifier.probabilities(
            normalised(images.images[test], half_plane=protocol == "hipgisaxs")
        )
        right = probabilities.argmax(axis=1) == images.labels[test]
        found.append(
            metric("accuracy", name, right, test, note="its test images, as in the table of the paper")
        )
    return found


def outlier_figures(
    classifier: Classifier, probabilities: npt.NDArray[np.float32], data: Path | None
) -> list[Metric]:
    """Measure how well images of no lattice are kept apart from the test images, by family."""
    from napari_sciml.networks.normalise.log_contrast import LogContrast

    inside = outlier_score(probabilities)
    families = {
        name: [make(np.random.default_rng([TEST_SEED, row, n])) for n in range(OUTLIER_IMAGES)]
        for row, (name, make) in enumerate(OUTLIERS.items())
    }
    if data is not None:
        families["real films"] = real_films(data, np.random.default_rng(TEST_SEED), OUTLIER_IMAGES)
    found = []
    for name, squares in families.items():
        if not squares:
            continue
        outside = outlier_score(classifier.probabilities(LogContrast().apply(np.stack(squares))))
        value, low, high = auroc(inside, outside)
        rejected = float((outside > classifier.limit).mean())
        found.append(
            Metric(
                name="AUROC",
                value=value,
                low=low,
                high=high,
                n=len(outside),
                split=name,
                note=f"{rejected:.0%} are called unknown by the limit alone",
            )
        )
    return found


def figures_2016(classifier: Classifier, data: Path) -> list[Metric]:
    """Measure on the shared images of 2016: five names, four lattices, cells stretched up to fourfold."""
    path = data / "hipgisaxs_2016_dev.npz"
    if not path.is_file():
        return []
    with np.load(path) as stored:
        names = [str(name) for name in stored["class_names"]]
        truth = np.array([CLASSES.index(LATTICE_OF[names[label]]) for label in stored["labels"]])
        grey = stored["images"].astype(np.float32) / 255
    # A logarithmic grey scale, turned into counts as a run with intensity="log" does.
    probabilities = classifier.probabilities(normalised(np.expm1(grey * np.log1p(2.0**20)), half_plane=True))
    right = probabilities.argmax(axis=1) == truth
    note = "lattices that the images were found to have; bcc_110 holds BCC100"
    return [metric("accuracy", "images of 2016", right, np.arange(len(right)), note=note)]


def figures_bornagain(classifier: Classifier, data: Path) -> list[Metric]:
    """Measure on images that BornAgain has made (``benchmarks/bornagain_images.py``)."""
    path = data / "bornagain.npz"
    if not path.is_file():
        return []
    with np.load(path) as stored:
        names = [str(name) for name in stored["class_names"]]
        truth = np.array([CLASSES.index(names[label]) for label in stored["labels"]])
        kinds = {"images of BornAgain": stored["images"], "images of BornAgain, counted": stored["counts"]}
    found = []
    for split_name, images in kinds.items():
        right = classifier.probabilities(normalised(images, half_plane=False)).argmax(axis=1) == truth
        close = np.isin(truth, [CLASSES.index("FCC111"), CLASSES.index("HCP")])
        note = f"{int((~right).sum())} wrong, {int((~right & close).sum())} of them FCC111 or HCP"
        found.append(metric("accuracy", split_name, right, np.arange(len(right)), note=note))
    return found


def auroc(inside: npt.NDArray[np.float64], outside: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the area under the ROC curve of "is outside" and its 95 % interval (200 bootstrap draws)."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)

    def area(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
        truth = np.r_[np.zeros(len(a)), np.ones(len(b))]
        return float(roc_auc_score(truth, np.r_[a, b]))

    draws = [area(rng.choice(inside, len(inside)), rng.choice(outside, len(outside))) for _ in range(200)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return area(inside, outside), float(low), float(high)


def metric(
    name: str,
    group: str,
    right: npt.NDArray[np.bool_],
    samples: npt.NDArray[np.integer],
    baseline: float | None = None,
    note: str = "",
) -> Metric:
    """Return a share of right answers; the interval draws whole samples where one has several images."""
    if len(np.unique(samples)) < len(samples):
        low, high = bootstrap_by_group(right, samples)
    else:
        low, high = wilson(int(right.sum()), len(right))
    return Metric(
        name=name, value=float(right.mean()), low=low, high=high, n=len(right), split=group,
        baseline=baseline, note=note,
    )  # fmt: skip
