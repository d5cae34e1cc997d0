"""Training images of the fibre models, made again: patches, and for a dense model fields of slices.

They come from specimens of the kind that training mines for errors, which no split tests. Half of them are
scanned well and half badly.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.techniques.microct.simulate.patches import cut_patches
from napari_sciml.techniques.microct.simulate.phantom import Phantom, simulate_volume
from napari_sciml.techniques.microct.simulate.spec import random_spec
from napari_sciml.techniques.microct.train.dataset import DEGRADED_FROM, DatasetSpec
from napari_sciml.techniques.microct.train.mining import FIRST_SLAB
from napari_sciml.training.quantisation.calibration_set import check_count, training_record

if TYPE_CHECKING:
    from torch import Tensor

FIELD_PX = 128
"""Edge in pixels of the fields that examples of a dense model are."""
SLICES = 2
"""Slices of each specimen that examples are cut from."""
MOST_PAIRS = 6
"""Specimens of each family at most; each takes some seconds."""
PATCHES_EACH, FIELDS_EACH = 100, 2
"""From a specimen, before another one is made."""
FEWEST_FIBERS = 4
"""Fibres that a field holds at least, so that no field is empty."""
TRIES = 30
"""A field with too few fibres is cut elsewhere, so many times."""


def calibration_count(model: Model) -> int:
    """Return how many training images the calibration set of a model has."""
    return 6 if model.dense else 256


def examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training images of `model` again, as `training.keep` describes."""
    check_count(count)
    spec = DatasetSpec(**training_record(model, "dataset"))
    each = FIELDS_EACH if model.dense else PATCHES_EACH
    pairs = min(MOST_PAIRS, max(1, -(-count // (2 * each))))
    numbers = [family + FIRST_SLAB + n for n in range(pairs) for family in (0, DEGRADED_FROM)]
    share = -(-count // len(numbers))
    parts = []
    for done, number in enumerate(numbers):
        yield Progress(done, len(numbers), "specimens")
        rng = np.random.default_rng([spec.seed, number])
        scan = random_spec(rng, spec.size_px, SLICES, degraded=number >= DEGRADED_FROM)
        phantom = simulate_volume(scan, seed=int(rng.integers(2**31)))
        draw = np.random.default_rng([spec.seed, number, seed])
        cut = fields if model.dense else patches
        parts.append(cut(model, phantom, share, draw))
    images = np.concatenate(parts)
    images = images[np.random.default_rng([seed, 1]).permutation(len(images))[:count]]
    what = f"fields of {images.shape[1]} px" if model.dense else "patches"
    return Examples(
        images,
        f"{len(images)} {what} of {len(numbers)} simulated composites that no test uses, half of them "
        "scanned badly",
        # A map would have to be turned with its field.
        None if model.dense else turned,
    )


def patches(model: Model, phantom: Phantom, count: int, rng: np.random.Generator) -> FloatArray:
    """Cut exactly `count` labelled patches, in the shares that training has."""
    # What falls off the sample or between the classes is left out, so more are cut.
    found = cut_patches(phantom, 3 * count + 60, 0, rng)
    found = found.take(found.labelled)
    return model.normalise(found.images[rng.permutation(len(found))[:count]])


def fields(model: Model, phantom: Phantom, count: int, rng: np.random.Generator) -> FloatArray:
    """Cut `count` squares with fibres from whole slices, which are normalised as in a run."""
    edge = min(FIELD_PX, phantom.volume.shape[1])
    slices = model.normalise(phantom.volume)
    cut = np.empty((count, edge, edge), np.float32)
    for n in range(count):
        z = n % len(slices)
        centers = phantom.truth.loc[phantom.truth["z"] == z, ["y", "x"]].to_numpy()
        for _ in range(TRIES):
            y, x = (int(corner) for corner in rng.integers(0, slices.shape[1] - edge + 1, 2))
            inside = ((centers >= (y, x)) & (centers < (y + edge, x + edge))).all(axis=1)
            if inside.sum() >= FEWEST_FIBERS:
                break
        cut[n] = slices[z, y : y + edge, x : x + edge]
    return cut


def turned(batch: Tensor) -> Tensor:
    """Turn or mirror a batch ``(b, h, h)``, as training does."""
    import torch

    from napari_sciml.training.fit import turn

    return turn(batch, int(torch.randint(8, ())))
