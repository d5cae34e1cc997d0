"""Teach the picker a person's own picks: a few minutes on labelled micrographs, by micrograph."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.techniques.cryoem.prepare import FloatImage, shrink
from napari_sciml.techniques.cryoem.train.picker.dataset import EDGE_PX, target_maps
from napari_sciml.techniques.cryoem.train.picker.fields import Field

if TYPE_CHECKING:
    from torch import Tensor, nn

CROPS, EPOCHS, BATCH, LEARNING_RATE = 64, 6, 8, 1e-3
"""Crops of each micrograph, and how they are learnt; chosen on simulated micrographs."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A micrograph as the network sees it, with a person's picks.

    Attributes
    ----------
    image
        ``(h, w)`` normalised, particles bright, at the network's scale.
    places
        ``(n, 2)`` picks (y, x) in its pixels.
    step
        Pixels of the micrograph from one pixel to the next, along y and x.
    """

    image: FloatImage
    places: npt.NDArray[np.float64]
    step: tuple[float, float]

    @classmethod
    def of(
        cls,
        frame: npt.NDArray[Any],
        picks: npt.NDArray[np.float64],
        factor: float,
        contrast: Literal["dark", "light"],
    ) -> Labelled:
        """Shrink and normalise a micrograph with picks ``(n, 2)`` in its pixels."""
        shrunk = shrink(frame, factor, bright=contrast == "light")
        image = Micrograph().apply(shrunk.image[np.newaxis])[0]
        return cls(image, (picks + 0.5) / np.asarray(shrunk.step) - 0.5, shrunk.step)


def finetune(
    module: nn.Module,
    labelled: Sequence[Labelled],
    folder: Path,
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, nn.Module]:
    """Return a copy of `module` that has learnt the picks; the original stays as it is.

    Every particle of a labelled micrograph should be picked: what is not counts as background. Junk is not
    learnt, since nobody labels it.
    """
    import torch

    from napari_sciml.training.fit import FitSettings, fit

    images, targets = crops(labelled, seed)
    settings = FitSettings(epochs=EPOCHS, batch=BATCH, learning_rate=LEARNING_RATE, seed=seed)
    return (
        yield from fit(
            copy.deepcopy(module),
            torch.from_numpy(images),
            torch.from_numpy(targets),
            lambda batch, index: batch.float()[:, None],
            settings,
            folder,
            loss_of=particle_loss,
            cancel=cancel,
        )
    )


def crops(labelled: Sequence[Labelled], seed: int) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8]]:
    """Cut random squares out of labelled micrographs: images and target maps, as in `dataset.FieldSet`."""
    rng = np.random.default_rng((9, seed))
    images, targets = [], []
    for one in labelled:
        edge = min(EDGE_PX, *(length // 8 * 8 for length in one.image.shape))
        for _ in range(CROPS):
            top, left = (int(rng.integers(0, length - edge + 1)) for length in one.image.shape)
            piece = one.image[top : top + edge, left : left + edge]
            inside = one.places - (top, left)
            near = ((inside > -20) & (inside < edge + 20)).all(axis=1)
            field = Field(piece, inside[near], np.zeros(piece.shape, bool), {})
            images.append(piece.astype(np.float16))
            targets.append(target_maps(field))
    return np.stack(images), np.stack(targets)


def particle_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross entropy of particle against everything else; particles count four times."""
    import torch
    from torch.nn import functional as nnf

    spot = targets[:, 0].float() / 255
    odds = logits[:, 1] - torch.logsumexp(logits[:, [0, 2]], dim=1)
    weights = 1 + 3 * spot
    losses = nnf.binary_cross_entropy_with_logits(odds, spot, reduction="none")
    return (weights * losses).sum() / weights.sum()
