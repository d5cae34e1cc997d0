"""Fit the network for picked particles to one map: realistic images without end, calibrated at the end."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.ours.orientation import OrientationNet
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.whiten import matched
from napari_sciml.techniques.cryoem.train.orientation.dataset import realistic_set
from napari_sciml.techniques.cryoem.train.orientation.stream import (
    NOTHING,
    Pool,
    make_pool,
    render,
    standardised,
)
from napari_sciml.training.fit import FitSettings, fit

ARCHITECTURE = "orientation-net"
WATCHED = {"clean": np.inf, "snr_0.3": 0.3, "snr_0.05": 0.05}
"""Signal-to-noise ratios of the images that are looked at after each epoch."""
WATCH_COUNT = 300
"""Images of each noise by which progress is watched: for a trend, not for a figure."""
AWAY = 50_000
"""Seeds of images that are looked at while training lie this far off."""


@dataclass(frozen=True)
class LearnSettings:
    """How many projections are made, and how the network is fitted to images of them.

    Attributes
    ----------
    per_view
        Projections around each view.
    empty, other_maps, per_map
        Images in an epoch that hold nothing, and projections of random maps: "all views alike".
    coarse, fine
        The optimiser, first with few angles and shifts compared, then with all.
    """

    per_view: int
    empty: int
    other_maps: int
    per_map: int
    coarse: FitSettings
    fine: FitSettings


FULL = LearnSettings(
    96,
    1600,
    80,
    30,
    FitSettings(24, 64, 2e-3, 1e-3, symmetric=False),
    FitSettings(3, 64, 4e-4, 1e-3, symmetric=False),
)
"""What the shipped network was trained with."""
MINUTES = LearnSettings(
    48,
    800,
    40,
    30,
    FitSettings(5, 64, 1e-3, 1e-3, symmetric=False),
    FitSettings(1, 64, 4e-4, 1e-3, symmetric=False),
)
"""Fine-tuning to a person's own map: some minutes on a laptop."""
QUICK = LearnSettings(
    2,
    16,
    1,
    8,
    FitSettings(1, 32, 1e-3, 1e-3, symmetric=False),
    FitSettings(1, 32, 1e-3, 1e-3, symmetric=False),
)
"""A training of seconds that learns nothing useful: for tests of the way."""


def fit_to_map(
    particle: DensityMap,
    settings: LearnSettings,
    seed: int,
    folder: Path,
    start: nn.Module | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, OrientationNet]:
    """Fit a network to a map that fills its box; `folder` gets checkpoints, from which it goes on.

    Parameters
    ----------
    start
        A network that was fitted to another map: all but its filters is kept.
    """
    epochs = settings.coarse.epochs + settings.fine.epochs
    yield Progress(0, epochs, "epochs")
    pool = make_pool(particle, settings.per_view, seed, settings.empty, settings.other_maps, settings.per_map)
    torch.manual_seed(seed)
    first, last = OrientationNet(coarse=True), OrientationNet()
    if start is not None:
        first.load_state_dict(start.state_dict())
    own = pool.labels != NOTHING
    first.start_from(pool.projections[own], pool.labels[own])
    if start is None:
        read_rings(first, pool)

    def make(batch: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return render(pool, batch)

    width = particle.diameter_A / particle.pixel_size_A
    looks = {name: realistic_set(particle, WATCH_COUNT, AWAY + seed, snr) for name, snr in WATCHED.items()}

    def validate(network: nn.Module) -> dict[str, float]:
        return {
            name: float((answer(network, matched(look.particles, width)).argmax(1) == look.labels).mean())
            for name, look in looks.items()
        }

    done = 0
    for module, stage, name in ((first, settings.coarse, "coarse"), (last, settings.fine, "fine")):
        if module is last:
            last.load_state_dict(first.state_dict())
        targets, fitting = pool.targets(), replace(stage, seed=seed)
        work = fit(
            module, pool.projections, targets, make, fitting, folder / name, validate=validate, cancel=cancel
        )
        for step in work:
            yield Progress(done + step.done, epochs, "epochs")
        done += stage.epochs
    return last


def read_rings(module: OrientationNet, pool: Pool) -> None:
    """Tell the network how strong rings are on the average, so that it reads what is special."""
    with torch.inference_mode():
        some = torch.randint(len(pool.labels), (256,))
        real, imaginary = module.rings(render(pool, pool.projections[some]))
        power = (real.square() + imaginary.square()).mean(-1).clamp_min(1e-8)
        module.ring_mean.copy_((power / module.white).log().mean(0))


def answer(module: nn.Module, images: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return the logits ``(n, 84)`` for images ``(n, 64, 64)`` of any grey scale."""
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), 64):
            batch = torch.from_numpy(np.asarray(images[first : first + 64], np.float32))
            parts.append(module(standardised(batch)[:, None]).float().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 84), np.float32)
