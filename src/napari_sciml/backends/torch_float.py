"""Single precision in torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_sciml.backends.predictor import CHUNK, FieldScores, check_dense
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.receptive_window import CENTRE_PX


class TorchFloat:
    """Runs the float32 variant of a model in torch, channels last."""

    backend = "float32"
    runtime = "torch"

    notes: tuple[str, ...] = ()

    def __init__(self, model: Model) -> None:
        self.model = model
        self.weights_sha256 = model.variant("float32").sha256
        self._module = model.build()
        for weights in self._module.parameters():
            if weights.ndim == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        answers = np.empty((len(images), len(self.model.classes)), np.float32)
        with torch.inference_mode():
            for first in range(0, len(images), CHUNK):
                logits = self._module(channels_last(images[first : first + CHUNK]))
                if logits.ndim == 4:
                    # A map of each image: its middle is the answer.
                    logits = logits[..., logits.shape[2] // 2, logits.shape[3] // 2]
                answers[first : first + CHUNK] = logits.softmax(1).numpy()
        return answers

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``."""
        check_dense(self.model)
        with torch.inference_mode():
            scores = self._module(channels_last(tile[np.newaxis]), stride).softmax(1)[0]
        # Where the first element sits is the network's own affair.
        offset = float(getattr(self._module, "centre_px", CENTRE_PX))
        return FieldScores(scores.permute(1, 2, 0).contiguous().numpy(), stride, offset)

    def close(self) -> None:
        """Free what the predictor holds. Safe to call more than once."""


def channels_last(images: FloatArray) -> Tensor:
    """Return images ``(n, h, w)`` as a tensor ``(n, 1, h, w)`` in the order that the kernels like."""
    batch = torch.from_numpy(np.ascontiguousarray(images)[:, np.newaxis])
    return batch.contiguous(memory_format=torch.channels_last)
