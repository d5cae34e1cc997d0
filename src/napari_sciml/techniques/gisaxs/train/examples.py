"""Training images of the lattice models, made again: some images of training samples, and a few negatives."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train.dataset import PATTERNS, DatasetSpec, images_of
from napari_sciml.training.quantisation.calibration_set import check_count, first_seed, training_record

if TYPE_CHECKING:
    from torch import Tensor

ONE_NEGATIVE_IN = 15
"""As in training, every fifteenth image shows no lattice."""
APART = 1000
"""Up to so many images are of as many samples; of more, some show the same one, which saves time."""
STEP = 28
"""Samples between two reports of progress."""


def calibration_count(model: Model) -> int:
    """Return how many training images the calibration set of a model has."""
    return 4 * len(model.classes)


def examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training images of `model` again, as `training.keep` describes.

    Classes take turns, so that all of them have as many images.
    """
    check_count(count)
    protocol = training_record(model, "protocol")
    if protocol not in PATTERNS:
        raise SciMLError(
            f"The training images of {model.name} cannot be made again: this version knows no protocol "
            f"{protocol!r}",
            f"choose a model of the protocols {' and '.join(PATTERNS)}",
        )
    samples, detectors = (
        int(training_record(model, "samples_per_class")),
        int(training_record(model, "views")),
    )
    learnt = DatasetSpec(protocol, "train", samples, detectors, first_seed(model))
    # All negatives of training are of its first samples.
    negatives = replace(learnt, side="negatives", samples=max(4, samples // 14))
    each = 1 if count <= APART else detectors
    rng = np.random.default_rng([seed, 2])
    # Samples are drawn without doubles as long as there are enough, one class after the other.
    order = {spec: np.stack([rng.permutation(spec.samples) for _ in CLASSES]) for spec in (learnt, negatives)}
    images: list[npt.NDArray[np.float32]] = []
    for n in range(-(-count // each)):
        if n % STEP == 0:
            yield Progress(len(images), count, "images")
        spec = negatives if n % ONE_NEGATIVE_IN == ONE_NEGATIVE_IN - 1 else learnt
        turn, label = divmod(n, len(CLASSES))
        number = int(order[spec][label, turn % spec.samples]) * len(CLASSES) + label
        seen = images_of(spec, label, number)
        images += [seen[image] for image in rng.permutation(detectors)[:each]]
    normalised = model.normalise(np.stack(images[:count]))
    return Examples(
        normalised[rng.permutation(count)],
        f"{count} simulated training images ({protocol} protocol), one in {ONE_NEGATIVE_IN} of no lattice",
        moved_a_pixel,
    )


def moved_a_pixel(batch: Tensor) -> Tensor:
    """Move a batch ``(b, h, w)`` by up to a pixel: beam centre and angle are never known to a pixel."""
    import torch
    from torch.nn import functional as nnf

    down, right = (int(n) for n in torch.randint(-1, 2, (2,)))
    rows, columns = batch.shape[-2:]
    wide = nnf.pad(batch[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    return wide[:, 1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
