"""The figures of the orientation models' cards, on images made only to test on, beside other methods.

No choice is made here: networks, temperatures and limits are fixed before. Both methods of the realistic
protocol see the same particles in the same run; each 50 of them share a simulated micrograph's CTF and ice,
so intervals draw whole micrographs.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import Metric
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, fit_box, load_map
from napari_sciml.techniques.cryoem.evaluate.orientation_baselines import (
    cluster,
    nearest_neighbours,
    nearest_reference,
)
from napari_sciml.techniques.cryoem.orientation.classify import classify_views, none_of_them
from napari_sciml.techniques.cryoem.orientation.correlate import correlate_views
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.orientation.references import reference_images
from napari_sciml.techniques.cryoem.particles.particles import Particles
from napari_sciml.techniques.cryoem.train.orientation.dataset import (
    SNR_LADDER,
    LabelledImages,
    SimulatedParticles,
    paper_set,
    picks,
    random_map,
    realistic_set,
)
from napari_sciml.techniques.cryoem.train.orientation.networks import PAPER_NAME, REALISTIC_NAME, share
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import AS_IN_THE_PAPER, IMAGES, LEARNT
from napari_sciml.techniques.cryoem.views.directions import taken_for_mirror
from napari_sciml.training.calibration import expected_calibration_error
from napari_sciml.training.metrics import bootstrap_by_group, wilson

Result = TypeVar("Result")
Work = Generator[Progress, None, Result]
Right = npt.NDArray[np.bool_]
TEST_SEED = 300_000
"""First seed of the test images: no training draws from here on."""
PAPER_IMAGES = 5000
"""Test images of the paper's protocol, as many as for each seed of Table III made again."""
COLUMNS = ["model", "name", "split", "value", "low", "high", "n", "baseline", "note"]


@dataclass(frozen=True)
class Amounts:
    """How many images are tested on: at each signal-to-noise ratio with known CTF, and without; of noise."""

    known: int = 1000
    unknown: int = 500
    noise: int = 2000
    paper: int = PAPER_IMAGES


def evaluate_orientation(
    models: Path | None = None, map70s: Path | None = None, amounts: Amounts | None = None
) -> Work[pd.DataFrame]:
    """Measure both models; one row for each figure, as `Metric` has them, and the model's name.

    Parameters
    ----------
    models
        Folder that `train` has written; None measures the shipped models.
    map70s
        A map of another particle, whose images must not be named; None takes a random map only.
    """
    counts, rows = amounts or Amounts(), []
    for name, measure in ((PAPER_NAME, paper_figures), (REALISTIC_NAME, realistic_figures)):
        folder = None if models is None else models / name
        if folder is not None and not folder.is_dir():
            continue
        model = get_model(folder or name)
        metrics = yield from measure(model, counts, map70s)
        rows += [{"model": name, **metric.model_dump()} for metric in metrics]
    return pd.DataFrame(rows, columns=COLUMNS)


def paper_figures(model: Model, amounts: Amounts, map70s: Path | None) -> Work[list[Metric]]:
    """Measure Table III on fresh images of the paper's protocol, and what it says of another particle."""
    particle = map_of(model)
    test = paper_set(particle, amounts.paper, TEST_SEED)
    seed = int(model.card["seeds"][0])
    learnt = paper_set(particle, IMAGES, seed)
    learnt = LabelledImages(learnt.images[:LEARNT], learnt.labels[:LEARNT])
    said = (yield from classify_views(boxes(test, particle), model)).argmax(axis=1)
    right = said == test.labels
    simple = nearest_reference(test.images, reference_images(particle)) == test.labels
    swapped = taken_for_mirror(said, test.labels)
    split = "paper protocol"
    note = f"baseline: nearest reference, no training; {int(swapped.sum())} answers are the mirrored view"
    found = [share("accuracy", split, right, note, float(simple.mean()))]
    found.append(share("accuracy, mirror pair merged", split, right | swapped))
    for count in AS_IN_THE_PAPER:
        note = f"the first {count}, as the paper tested on few; it states 0.994"
        found.append(share(f"accuracy on {count}", split, right[:count], note, float(simple[:count].mean())))
    neighbours = nearest_neighbours(learnt, test.images) == test.labels
    found.append(share("accuracy of PCA and nearest neighbours", split, neighbours, "same training images"))
    groups = cluster(test.images, test.labels)
    note = (
        "84 clusters matched to the views with the truth; adjusted Rand index "
        f"{groups.adjusted_rand:.3f}, normalised mutual information {groups.mutual_information:.3f}"
    )
    found.append(share("accuracy of PCA and K-means", split, groups.right, note))
    for other in other_maps(map70s):
        others = paper_set(other, max(amounts.paper // 5, 1), TEST_SEED)
        answers = (yield from classify_views(boxes(others, other), model)).argmax(axis=1)
        note = "chance is 1/84 = 0.012; it has no answer for particles that it does not know"
        found.append(share("accuracy", f"{split}, {other.name}", answers == others.labels, note))
    return found


def realistic_figures(model: Model, amounts: Amounts, map70s: Path | None) -> Work[list[Metric]]:
    """Measure the network for picked particles beside the correlation, and all controls."""
    from napari_sciml.techniques.cryoem.evaluate.orientation_controls import control_figures

    particle = map_of(model)
    found: list[Metric] = []
    spent = {"network": 0.0, "correlation": 0.0}
    for number, snr in enumerate(SNR_LADDER):
        test = realistic_set(particle, amounts.known, TEST_SEED + number, snr)
        found += yield from compared(model, particle, test, f"SNR {snr:g}, CTF known", spent)
        few = unseen(test, amounts.unknown)
        found += yield from compared(model, particle, few, f"SNR {snr:g}, CTF not known", spent)
        groups = cluster(test.particles.images, test.labels, starts=1)
        note = (
            f"clusters matched with the truth; adjusted Rand index {groups.adjusted_rand:.3f}, "
            f"normalised mutual information {groups.mutual_information:.3f}"
        )
        found.append(share("accuracy of PCA and K-means", f"SNR {snr:g}", groups.right, note))
    count = len(SNR_LADDER) * (amounts.known + amounts.unknown)
    rate, slow = count / spent["network"], count / spent["correlation"]
    found.append(
        Metric(
            name="particles per CPU second",
            value=rate,
            low=rate,
            high=rate,
            n=count,
            split="same run",
            baseline=slow,
            note=f"baseline: correlation with every angle and shift; {rate / slow:.0f} times slower",
        )
    )
    found += yield from control_figures(model, particle, other_maps(map70s), amounts.noise)
    return found


def compared(
    model: Model, particle: DensityMap, test: SimulatedParticles, split: str, spent: dict[str, float]
) -> Work[list[Metric]]:
    """Measure both methods on the same particles, and what is left where the network may abstain."""
    started = time.process_time()
    chances = yield from classify_views(test.particles, model)
    between = time.process_time()
    best = (yield from correlate_views(test.particles, particle))[0]
    spent["network"] += between - started
    spent["correlation"] += time.process_time() - between
    said = chances.argmax(axis=1)
    right, other = said == test.labels, best.argmax(axis=1) == test.labels
    frames = test.particles.table["frame"].to_numpy()
    low, high = bootstrap_by_group(right, frames)
    worse, better = difference(right, other, frames)
    swapped = int(taken_for_mirror(said, test.labels).sum())
    error = expected_calibration_error(chances, test.labels)
    accuracy = Metric(
        name="accuracy",
        value=float(right.mean()),
        low=low,
        high=high,
        n=len(right),
        split=split,
        baseline=float(other.mean()),
        note=f"baseline: correlation; network less correlation {worse:+.3f} to {better:+.3f}; "
        f"{swapped} answers are the mirrored view; calibration error {error:.3f}",
    )
    kept = ~none_of_them(chances, model)
    low, high = wilson(int(right[kept].sum()), int(kept.sum()))
    note = f"of these {right[kept].mean() if kept.any() else 0:.3f} ({low:.3f} to {high:.3f}) are right"
    left = share("not called none of the 84", split, kept, note)
    return [accuracy, left]


def difference(right: Right, other: Right, groups: npt.NDArray[np.integer]) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two accuracies on the same images, by whole groups."""
    index = np.unique(groups, return_inverse=True)[1]
    gain = np.bincount(index, right.astype(float) - other.astype(float))
    sizes = np.bincount(index)
    drawn = np.random.default_rng(0).integers(len(sizes), size=(1000, len(sizes)))
    rates = gain[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def unseen(test: SimulatedParticles, count: int) -> SimulatedParticles:
    """Return the first particles as if nobody knew their CTF."""
    part = test.particles
    few = Particles(part.images[:count], part.table[:count], part.pixel_size_A, None)
    return replace(
        test,
        particles=few,
        labels=test.labels[:count],
        angles_deg=test.angles_deg[:count],
        shifts_px=test.shifts_px[:count],
    )


def boxes(images: LabelledImages, particle: DensityMap) -> Particles:
    """Return bare projections as particles of one micrograph."""
    return Particles(images.images, picks(np.zeros(len(images.labels), int)), particle.pixel_size_A)


def other_maps(map70s: Path | None) -> list[DensityMap]:
    """Return particles that no shipped model knows."""
    maps = [random_map(TEST_SEED)]
    if map70s is not None:
        # The file of the development data states a voxel of 0; it is 5 Angstrom.
        maps.append(replace(fit_box(load_map(map70s, 5.0)), name="70S"))
    return maps
