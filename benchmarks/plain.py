"""Patch-by-patch evaluation as anyone would write it in torch: the yardstick of the dense pass."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as nnf

BATCH = 1024
"""Patches in one pass."""


def plain_patches(weights: dict[str, Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the function that labels standardised patches ``(n, 1, 16, 16)``, all weights channels last.

    The same weights and the same answer as the dense twin: a standardised patch has no offset and a
    standard deviation of one, so none of what the dense pass does about grey scales is needed.
    """

    def ready(tensor: Tensor) -> Tensor:
        return tensor.contiguous(memory_format=torch.channels_last)

    first = weights["conv1.weight"]
    kernel1 = ready(first - first.mean(dim=(2, 3), keepdim=True))
    kernel2 = ready(weights["conv2.weight"])
    layers = [(weights[f"{name}.weight"].flatten(1), weights[f"{name}.bias"]) for name in LAYERS]

    def label(patches: Tensor) -> Tensor:
        features = nnf.max_pool2d(torch.relu(nnf.conv2d(patches, kernel1)), 2)
        features = nnf.max_pool2d(torch.relu(nnf.conv2d(features, kernel2)), 2).flatten(1)
        for weight, bias in layers[:-1]:
            features = torch.relu(nnf.linear(features, weight, bias))
        return nnf.linear(features, *layers[-1]).softmax(1)

    return label


LAYERS = ("dense1", "dense2", "head")
