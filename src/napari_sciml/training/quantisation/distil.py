"""Distil a float32 network into a low-bit one, which learns to answer as its parent does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.codebook.constrained import Constrained, FloatArray, constrain
from napari_sciml.networks.codebook.module import weights_of
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.training.fit import FitSettings, fit
from napari_sciml.training.quantisation.quantisation_aware import LowBitNetwork

DISTIL_SETTINGS = {
    "trained": FitSettings(epochs=8, batch=64, learning_rate=2e-2, weight_decay=0.0, symmetric=False),
    "qat": FitSettings(epochs=12, batch=64, learning_rate=1e-3, weight_decay=0.0, symmetric=False),
    "data": FitSettings(epochs=12, batch=64, learning_rate=1e-3, weight_decay=0.0, symmetric=False),
}
"""How each method learns the 1,600 images of Tables VIII and IX."""
BATCHES = {"trained": 400, "qat": 600, "data": 400}
FOLLOW = 0.5
"""Share of the batches in which the levels of ``qat`` follow the hidden weights; following to the
end lost five points of accuracy in one training."""
FIELDS_AT_ONCE = 4
"""Fields in a batch; set by hand: they have many answers each."""


def quantise_network(
    network: nn.Module,
    spec: CodebookSpec,
    data: FloatArray | None,
    examples: Examples,
    seed: int,
    folder: Path,
    *,
    parent: str = "",
    settings: FitSettings | None = None,
    live: bool = False,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Constrained]:
    """Return `network` quantised by the method of `spec`.

    Parameters
    ----------
    network
        The float32 network with its batch normalisation folded; it is changed.
    data
        The levels of the data, or None.
    examples
        Training images; every one is learnt from.
    folder
        Keeps checkpoints, so that the same call goes on.
    parent
        Hash of the float32 weights.
    settings
        How to learn, if not as usual: as `DISTIL_SETTINGS` says, in about `BATCHES` batches.
    live
        Whether `network` is asked again whenever an image is shown, moved or filtered as it then is, weights
        are learnt in units of their size, and nothing is dropped out. Tables VIII and IX do none of it.
    """
    if spec.method == "constrain":
        return constrain(weights_of(network), spec, data, parent=parent)
    images = torch.from_numpy(examples.images)
    teacher = copy.deepcopy(network).eval()
    answers = answers_of(teacher, images)
    dense = answers.ndim > 2
    chosen = replace(settings or usual(spec, len(images), dense), seed=seed)
    if live:
        # It has learnt already; what is dropped now only hides the error of quantisation.
        for part in network.modules():
            if isinstance(part, nn.Dropout):
                part.p = 0.0
    batches = chosen.epochs * max(1, len(images) // chosen.batch)
    student = LowBitNetwork(network, spec, data, follow=round(FOLLOW * batches), own_units=live)

    def shown(batch: Tensor, index: Tensor) -> Tensor:
        return (batch if examples.vary is None else examples.vary(batch))[:, None]

    def asked(batch: Tensor) -> Tensor:
        with torch.no_grad():
            probabilities: Tensor = teacher(batch).float().softmax(1)
        return probabilities

    # What is shown as it is has been answered already.
    anew = live and (examples.vary is not None or chosen.symmetric)
    targets = asked if anew else answers
    loss_of: Callable[[Tensor, Tensor], Tensor] = map_loss if dense else nnf.cross_entropy
    yield from fit(student, images, targets, shown, chosen, folder, loss_of=loss_of, cancel=cancel)
    return student.constrained(parent)


def usual(spec: CodebookSpec, count: int, dense: bool) -> FitSettings:
    """Return how a method learns from so many images, or fields, if no settings are given."""
    settings = DISTIL_SETTINGS[spec.method]
    batch = FIELDS_AT_ONCE if dense else settings.batch
    epochs = max(4, round(BATCHES[spec.method] * batch / count))
    # Fields have no up and no left; their maps are turned with them.
    return replace(settings, batch=batch, epochs=epochs, symmetric=dense)


def answers_of(network: nn.Module, images: Tensor, at_once: int = 64) -> Tensor:
    """Return the probabilities of normalised images ``(n, h, w)``: ``(n, classes)`` or maps."""
    network.eval()
    with torch.inference_mode():
        parts = [network(part[:, None]).float().softmax(1) for part in torch.split(images, at_once)]
    return torch.cat(parts).clone()


def map_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the cross entropy of maps ``(n, classes, h, w)``, with rare classes as heavy as others."""
    share = wanted.mean(dim=(0, 2, 3)).clamp_min(1e-3)
    weight = (wanted / share[:, None, None]).sum(1)
    loss = -(wanted * logits.log_softmax(1)).sum(1)
    return (loss * weight).mean() / weight.mean()
