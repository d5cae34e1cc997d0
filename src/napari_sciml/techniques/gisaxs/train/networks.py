"""``napari-sciml train gisaxs``: from a seed to the two lattice models with their cards."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.networks.ours.lattice import LatticeNet
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train import examples
from napari_sciml.techniques.gisaxs.train.dataset import (
    NEGATIVE,
    Dataset,
    DatasetSpec,
    Protocol,
    build_dataset,
)
from napari_sciml.training.calibration import expected_calibration_error, fit_temperature, softmax
from napari_sciml.training.fit import FitSettings, fit
from napari_sciml.training.metrics import bootstrap_by_group
from napari_sciml.training.quantisation.calibration_set import save_trained

NAMES: dict[Protocol, str] = {"physical": "gisaxs-lattice", "hipgisaxs": "gisaxs-lattice-hipgisaxs"}
SAMPLES: dict[Protocol, int] = {"physical": 3500, "hipgisaxs": 1400}
DETECTORS = 3
"""Detectors that see each training sample."""
EPOCHS: dict[Protocol, int] = {"physical": 10, "hipgisaxs": 8}
REJECTED = 0.05
"""Share of validation images of the seven classes that the outlier limit turns away."""
HEADLINE = "accuracy/simulated, many devices"
LIMITS: dict[Protocol, str] = {
    "physical": (
        "Trained on simulated images only: hard particles of one kind on a flat substrate, in-plane powders. "
        "No labelled real superlattice was at hand, so there is no real accuracy. FCC111 and HCP turn into "
        "each other by stacking faults, and BCC110 resembles HCP where spots are blurred; then they share "
        "the answer. Two or three layers, fewer than two orders in the window, or few counts leave little "
        "to see."
    ),
    "hipgisaxs": (
        "Answers for images of HipGISAXS as the paper's group made them, with the faults of that program: "
        "its HCP is an FCC (111) crystal, its FCC111 is 6 % too high, its FCC100 carries a wrong phase, and "
        "cells are stretched. For real images use gisaxs-lattice."
    ),
}


def train(
    out: Path,
    seed: int,
    quick: bool = False,
    cancel: CancelToken | None = None,
    workers: int = 2,
) -> Generator[Progress, None, Path]:
    """Simulate the images, train both models and write them to `out`; resumes where it stopped.

    Parameters
    ----------
    out
        Gets a folder for each model, and ``work`` with images and checkpoints.
    seed
        Decides everything.
    quick
        Make tiny models in a minute or two, to try the pipeline; never to be used.
    """
    for protocol in NAMES:
        yield from train_one(protocol, out, seed, quick, cancel, workers)
    return out


def train_one(
    protocol: Protocol, out: Path, seed: int, quick: bool, cancel: CancelToken | None, workers: int
) -> Generator[Progress, None, nn.Module]:
    """Train the model of one protocol."""
    work = out / "work"
    count = 10 if quick else SAMPLES[protocol]
    few, detectors = (4 if quick else 100), (1 if quick else DETECTORS)
    training = yield from build_dataset(DatasetSpec(protocol, "train", count, detectors, seed), work, workers)
    negatives = yield from build_dataset(
        DatasetSpec(protocol, "negatives", max(4, count // 14), detectors, seed), work, workers
    )
    validation = yield from build_dataset(DatasetSpec(protocol, "validate", few, 2, seed), work, workers)
    settings = FitSettings(
        epochs=1 if quick else EPOCHS[protocol],
        batch=16 if quick else 128,
        learning_rate=4e-3,
        weight_decay=2e-2,
        seed=seed,
        symmetric=False,
    )
    folder = work / f"{NAMES[protocol]}-{'quick' if quick else 'full'}-{seed}"
    module = yield from fit_lattices(training, negatives, validation, settings, folder, cancel)
    assert isinstance(module, LatticeNet)
    logits = logits_of(module, validation.images)
    temperature = fit_temperature(logits, validation.labels)
    divide_logits(module, temperature)
    probabilities = softmax(logits, temperature)
    limit = float(np.quantile(outlier_score(probabilities), 1 - REJECTED))
    card = ModelCard(
        name=NAMES[protocol],
        technique="gisaxs",
        architecture="lattice-net",
        classes=CLASSES,
        input=(100, 100),
        normalisation="log-contrast",
        licence="BSD-3-Clause",
        trained_on=f"{len(training.labels):,} simulated images ({detectors} detectors for each of "
        f"{count * len(CLASSES):,} samples, {protocol} protocol) "
        f"and {len(negatives.labels):,} images of no lattice; no real image",
        training={
            "protocol": protocol,
            "samples_per_class": count,
            "views": detectors,
            "fit": asdict(settings),
            "temperature": temperature,
            "outlier_limit": limit,
            "rejected_by_limit": REJECTED,
        },
        seeds=(seed,),
        headline=HEADLINE,
        metrics=tuple(validation_metrics(probabilities, validation)),
        limits=LIMITS[protocol],
        command=f"napari-sciml train gisaxs --seed {seed}" + (" --quick" if quick else ""),
    )
    log = {"training.csv": (folder / "training.csv").read_bytes()}
    yield from save_trained(out / NAMES[protocol], module, card, examples, log)
    return module


def fit_lattices(
    training: Dataset,
    negatives: Dataset,
    validation: Dataset,
    settings: FitSettings,
    folder: Path,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, nn.Module]:
    """Fit a new network: the class for lattices, "all alike" for negatives."""
    torch.manual_seed(settings.seed)
    images = torch.from_numpy(np.concatenate([training.images, negatives.images]))
    labels = np.concatenate([training.labels, negatives.labels])
    targets = np.full((len(labels), len(CLASSES)), 1 / len(CLASSES), np.float32)
    real = labels != NEGATIVE
    targets[real] = np.eye(len(CLASSES), dtype=np.float32)[labels[real]]

    def prepare(batch: Tensor, index: Tensor) -> Tensor:
        return examples.moved_a_pixel(batch.float())[:, None]

    def validate(module: nn.Module) -> dict[str, float]:
        logits = logits_of(module, validation.images)
        return {"accuracy": float((logits.argmax(1) == validation.labels).mean())}

    return (
        yield from fit(
            new_module("lattice-net"),
            images,
            torch.from_numpy(targets),
            prepare,
            settings,
            folder,
            validate=validate,
            cancel=cancel,
        )
    )


def logits_of(module: nn.Module, images: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return the logits ``(n, 7)`` for normalised squares ``(n, 100, 100)``."""
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), 256):
            batch = torch.from_numpy(np.asarray(images[first : first + 256], np.float32))[:, None]
            parts.append(module(batch).float().numpy())
    return np.concatenate(parts)


def divide_logits(module: LatticeNet, temperature: float) -> None:
    """Divide the logits by a temperature, in the weights: every backend then gives calibrated answers."""
    with torch.no_grad():
        module.head.weight.div_(temperature)
        module.head.bias.div_(temperature)


def validation_metrics(probabilities: npt.NDArray[np.float64], validation: Dataset) -> list[Metric]:
    """Measure on the validation images; `evaluate` adds what counts."""
    right = probabilities.argmax(axis=1) == validation.labels
    low, high = bootstrap_by_group(right, validation.samples)
    return [
        Metric(
            name="accuracy",
            value=float(right.mean()),
            low=low,
            high=high,
            n=len(right),
            split="validation",
            note="simulated; temperature and limit were chosen on these; intervals draw whole samples. "
            f"Expected calibration error {expected_calibration_error(probabilities, validation.labels):.3f}",
        )
    ]
