"""Fit the network of Table III by the paper's protocol: 2,000 projections, 1,600 to learn from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.architectures import new_module
from napari_sciml.techniques.cryoem.train.orientation.dataset import LabelledImages
from napari_sciml.techniques.cryoem.train.orientation.learn import answer
from napari_sciml.techniques.cryoem.train.orientation.stream import standardised, turn_and_move
from napari_sciml.training.fit import FitSettings, fit

AS_IN_THE_PAPER = (200, 500)
"""Test images: the paper states 200; its rates fit 500."""
IMAGES, LEARNT = 2000, 1600
"""Projections of the paper, and how many of them are trained on (section IV-A); the others are its test
images."""
ARCHITECTURE = "table-iii"


@dataclass(frozen=True)
class PaperSettings:
    """How Table III is fitted.

    Attributes
    ----------
    fit
        The optimiser.
    turn_deg, shift_px
        Each image is turned and moved by up to this much whenever it is shown.
    smoothing
        Share of the answer that is spread over all views.
    """

    fit: FitSettings = field(default_factory=lambda: FitSettings(80, 50, 2e-3, 5e-2, symmetric=False))
    turn_deg: float = 3.0
    shift_px: float = 0.7
    smoothing: float = 0.1


def fit_table_iii(
    images: LabelledImages,
    settings: PaperSettings,
    seed: int,
    folder: Path,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, nn.Module]:
    """Fit a new network to the first four fifths of `images`; the rest is watched while it learns."""
    cut = len(images.labels) * LEARNT // IMAGES
    torch.manual_seed(seed)
    targets = torch.eye(84)[torch.from_numpy(images.labels[:cut])]
    targets = targets * (1 - settings.smoothing) + settings.smoothing / 84

    def make(batch: Tensor, index: Tensor) -> Tensor:
        return standardised(moved(batch, settings.turn_deg, settings.shift_px))[:, None]

    def validate(module: nn.Module) -> dict[str, float]:
        right = answer(module, images.images[cut:]).argmax(1) == images.labels[cut:]
        return {"accuracy": float(right.mean())}

    return (
        yield from fit(
            new_module(ARCHITECTURE),
            torch.from_numpy(images.images[:cut]),
            targets,
            make,
            replace(settings.fit, seed=seed),
            folder,
            validate=validate,
            cancel=cancel,
        )
    )


def moved(images: Tensor, turn_deg: float, shift_px: float) -> Tensor:
    """Turn and move images ``(n, h, h)`` a little, each differently."""
    angles = torch.deg2rad((2 * torch.rand(len(images)) - 1) * turn_deg)
    return turn_and_move(images, angles, shift_px)
