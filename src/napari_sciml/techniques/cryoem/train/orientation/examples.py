"""Training images of the orientation models, made again: by the paper's protocol or as picked particles."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.training.quantisation.calibration_set import first_seed, training_record

if TYPE_CHECKING:
    from torch import Tensor

PAPER, REALISTIC = "paper", "realistic"
FURTHER = 30_000
"""Seeds of images beyond those that training had lie this far off; nothing is tested on them."""
MOST_PER_VIEW = 32
"""Projections of each view that examples are drawn from: bounds memory."""
VIEWS = 84
"""Projection directions, the classes of the network."""
PER_MAP = 15
"""Projections of each further map that stands for particles of another protein."""
AT_ONCE = 256
"""Images made in one step: bounds memory, changes no image."""


def view_examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training images of an orientation model again.

    Raises
    ------
    SciMLError
        If its card does not tell how it was trained, or its map is missing.
    """
    protocol = training_record(model, "protocol")
    makers = {PAPER: paper_examples, REALISTIC: realistic_examples}
    if protocol not in makers:
        raise SciMLError(
            f"The training images of {model.name} cannot be made again: this version knows no protocol "
            f"{protocol!r}",
            f"choose a model of the protocols {' and '.join(makers)}",
        )
    yield Progress(0, count, "images")
    return (yield from makers[protocol](model, map_of(model), count, seed))


def paper_examples(
    model: Model, particle: DensityMap, count: int, seed: int
) -> Generator[Progress, None, Examples]:
    """Return the very projections that a model of the paper's protocol has learnt, and more like them."""
    from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import moved

    turn_deg, shift_px = float(training_record(model, "turn_deg")), float(training_record(model, "shift_px"))
    first = first_seed(model)
    # A set of another size is another set, so all of it is made, and what was only watched is left out.
    every = paper_set(particle, int(training_record(model, "images")), first)
    learnt = int(training_record(model, "learnt"))
    yield Progress(min(count, learnt), count, "images")
    rng = np.random.default_rng([seed, 5])
    chosen = by_turns(every.labels[:learnt], count, rng)
    images = every.images[chosen]
    if count > learnt:
        more = paper_set(particle, count - learnt, FURTHER + 100 * first + seed).images
        images = rng.permutation(np.concatenate([images, more]))
    yield Progress(count, count, "images")

    def varied(batch: Tensor) -> Tensor:
        from napari_sciml.techniques.cryoem.train.orientation.stream import standardised

        return standardised(moved(batch, turn_deg, shift_px))

    words = f"{count} training projections of the map {particle.name}, by the paper's protocol"
    return Examples(model.normalise(images), words, varied)


def by_turns(labels: npt.NDArray[np.int64], count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Choose up to `count` of the labels ``(n,)``, as many of each as can be; gives rows in random order."""
    order = rng.permutation(len(labels))
    # How many of the same label come before, so that every label's first comes before any second.
    earlier = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        same = labels[order] == label
        earlier[same] = np.arange(same.sum())
    return rng.permutation(order[np.argsort(earlier, kind="stable")[:count]])


def realistic_examples(
    model: Model, particle: DensityMap, count: int, seed: int
) -> Generator[Progress, None, Examples]:
    """Turn, move, image, bury and filter projections of the map, of other maps and of nothing.

    That is what training does with every image it shows, so that none is varied further.
    """
    import torch

    from napari_sciml.techniques.cryoem.train.orientation.stream import NOTHING, make_pool, render

    fit = training_record(model, "fit")
    own = VIEWS * int(training_record(model, "fit", "per_view"))
    other = int(fit["other_maps"]) * int(fit["per_map"])
    total = own + other + int(fit["empty"])
    mine = max(1, round(count * own / total))
    others = min(count - mine, round(count * other / total))
    per_view = max(1, min(MOST_PER_VIEW, int(fit["per_view"]), -(-mine // VIEWS)))
    maps = -(-others // PER_MAP)
    pool = make_pool(particle, per_view, FURTHER + 100 * first_seed(model) + seed, 1, maps, PER_MAP)
    views = torch.nonzero(pool.labels != NOTHING).flatten()
    rest = torch.nonzero(pool.labels == NOTHING).flatten()
    rng = np.random.default_rng([seed, 6])
    # All views take turns, so that they are as many of each as can be.
    in_turn = views.reshape(VIEWS, per_view).T.flatten()
    shown = torch.cat(
        [
            in_turn[torch.arange(mine) % len(in_turn)],
            rest[torch.arange(others) % max(1, len(rest) - 1)],
            # The last projection is the one of nothing.
            rest[-1:].expand(count - mine - others),
        ]
    )[torch.from_numpy(rng.permutation(count))]
    images = np.empty((count, particle.box_px, particle.box_px), np.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for start in range(0, count, AT_ONCE):
            part = slice(start, start + AT_ONCE)
            images[part] = render(pool, pool.projections[shown[part]])[:, 0].numpy()
            yield Progress(min(start + AT_ONCE, count), count, "images")
    words = (
        f"{count} simulated training images of the map {particle.name}: {mine} of particles, {others} of "
        f"random maps, {count - mine - others} of empty ice"
    )
    return Examples(images, words)
