"""Training fields of the picker, made again from their seeds."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.train.picker.dataset import EDGE_PX, TRAIN
from napari_sciml.techniques.cryoem.train.picker.fields import Library, simulate_field
from napari_sciml.training.quantisation.calibration_set import first_seed, training_record

if TYPE_CHECKING:
    from torch import Tensor

VIEWS = 48
"""Projections of each particle, as in training."""


def field_examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training fields of a picker again, as `training.keep` describes."""
    known, maps, first = (
        int(training_record(model, "fields")),
        int(training_record(model, "particles")),
        first_seed(model),
    )
    yield Progress(0, count, "fields")
    library = Library.make(1000 * TRAIN + first, maps, VIEWS)
    # Numbers beyond those that training had go on in the same stream.
    numbers = np.random.default_rng([seed, 4]).permutation(max(known, count))[:count]
    images = np.empty((count, EDGE_PX, EDGE_PX), np.float32)
    for n, number in enumerate(numbers):
        rng = np.random.default_rng((TRAIN, first, int(number)))
        images[n] = model.normalise(simulate_field(rng, library, EDGE_PX).image[np.newaxis])[0]
        yield Progress(n + 1, count, "fields")
    return Examples(images, f"{count} simulated training fields of {EDGE_PX} px", varied)


def varied(batch: Tensor) -> Tensor:
    """Filter a batch ``(b, h, h)`` at random and change its spread, as training does; nothing moves."""
    import torch

    from napari_sciml.techniques.cryoem.train.picker.augment import as_batch

    return as_batch(batch, torch.arange(len(batch)))[:, 0]
