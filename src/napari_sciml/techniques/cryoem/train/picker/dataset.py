"""The picker's data sets: fields with target maps, each set from seeds of its own."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sciml.core.progress import Progress
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.networks.ours.picker import CENTRE_PX, NATIVE_STRIDE
from napari_sciml.techniques.cryoem.train.picker.fields import Conditions, Field, Library, simulate_field

if TYPE_CHECKING:
    from torch import Tensor

EDGE_PX = 256
"""Edge of a training field in pixels: fourteen particle diameters."""
SPOT_PX = 2.2
"""Standard deviation of the spot that marks a centre, in the network's pixels: an eighth of a particle."""
TRAIN, VALIDATE, TEST = 1, 2, 3
"""First number of the seeds of each set, for particles and conditions alike."""


@dataclass(frozen=True, eq=False)
class FieldSet:
    """Normalised fields and their targets.

    Attributes
    ----------
    images
        ``(n, edge, edge)`` float16, normalised, particles bright.
    targets
        ``(n, 2, edge / 2, edge / 2)`` uint8: 255 times the particle's spot, and 1 where junk lies.
    fields
        What they were made from, without images; only of sets that are tested on.
    """

    images: Tensor
    targets: Tensor
    fields: tuple[Field, ...] = ()


def make_set(
    which: int,
    seed: int,
    count: int,
    *,
    maps: int,
    views: int = 48,
    ranges: Conditions | None = None,
    keep_fields: bool = False,
) -> Generator[Progress, None, FieldSet]:
    """Simulate `count` fields of particles that no other set has."""
    import torch

    library = Library.make(1000 * which + seed, maps, views)
    images = np.empty((count, EDGE_PX, EDGE_PX), np.float16)
    targets = np.empty((count, 2, EDGE_PX // 2, EDGE_PX // 2), np.uint8)
    rule, kept = Micrograph(), []
    for number in range(count):
        rng = np.random.default_rng((which, seed, number))
        field = simulate_field(rng, library, EDGE_PX, ranges)
        images[number] = rule.apply(field.image[np.newaxis])[0]
        targets[number] = target_maps(field)
        if keep_fields:
            kept.append(field)
        if number % 50 == 0:
            yield Progress(number, count, "fields")
    return FieldSet(torch.from_numpy(images), torch.from_numpy(targets), tuple(kept))


def target_maps(field: Field) -> np.ndarray:
    """Return what the network should say of a field, ``(2, edge / 2, edge / 2)`` uint8."""
    edge = field.image.shape[0] // NATIVE_STRIDE
    axis = np.arange(edge) * NATIVE_STRIDE + CENTRE_PX
    spots = np.zeros((edge, edge), np.float32)
    reach = 4 * SPOT_PX
    for y, x in field.places:
        rows = slice(*np.searchsorted(axis, (y - reach, y + reach)))
        columns = slice(*np.searchsorted(axis, (x - reach, x + reach)))
        squared = (axis[rows, np.newaxis] - y) ** 2 + (axis[np.newaxis, columns] - x) ** 2
        spots[rows, columns] = np.maximum(spots[rows, columns], np.exp(-squared / (2 * SPOT_PX**2)))
    junk = field.junk[::NATIVE_STRIDE, ::NATIVE_STRIDE]
    spots[junk] = 0
    return np.stack([np.round(255 * spots).astype(np.uint8), junk.astype(np.uint8)])


def pixel_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross entropy of every element against soft labels; particles count four times.

    The spot of a centre is the probability that a person would click there; scores are calibrated afterwards.
    """
    import torch
    from torch.nn import functional as nnf

    spot, junk = targets[:, 0].float() / 255, targets[:, 1].float()
    wanted = torch.stack([1 - spot - junk * (1 - spot), spot, junk * (1 - spot)], dim=1)
    weights = 1 + 3 * spot
    losses = -(wanted * nnf.log_softmax(logits, dim=1)).sum(dim=1)
    return (weights * losses).sum() / weights.sum()
