"""The dense twin of Table VII: the same layers read without padding, so that one pass labels a whole field.

16x16 px of image go in for each element of the map: 16, conv 5x5 VALID, 12, pool 2, 6, conv 5x5 VALID,
2, pool 2, 1, then the dense layers as 1x1 convolutions. A map at a finer stride than the native 4 runs
the pools at stride 1 and dilates what follows (the "a trous" form), which gives exactly the numbers that
patch-by-patch evaluation gives at every position.

Whatever affine grey scale the image has, the answer is the same, and it depends on nothing outside the
16x16 window: the first kernels sum to zero and see only differences of pixels (no offset survives), the
convolutions have no bias (ReLU and max-pool then pass a gain through unchanged), and their output is
divided by the standard deviation of the window. So a map equals its patches even when each patch is
normalised by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from napari_sciml.networks.receptive_window import CENTRE_PX, NATIVE_STRIDE, WINDOW_PX

__all__ = ["CENTRE_PX", "NATIVE_STRIDE", "WINDOW_PX", "TableVIIDense"]

ELEMENTS_AT_ONCE = 1024
"""Elements that pass the dense layers together; 1024 x 384 numbers fit into a processor's cache."""


class TableVIIDense(nn.Module):
    """Table VII without padding, as a map over a field of any size.

    Input ``(n, 1, h, w)`` in any grey scale of moderate size; output ``(n, 2, h', w')`` logits, channels
    ``not``, ``fiber``, with ``h' = (h - 16) // stride + 1``. Element ``i`` sits at pixel
    ``i * stride + 7.5``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 5, bias=False)
        self.conv2 = nn.Conv2d(64, 64, 5, bias=False)
        self.dense1 = nn.Conv2d(64, 384, 1)
        self.dense2 = nn.Conv2d(384, 192, 1)
        self.head = nn.Conv2d(192, 2, 1)

    def forward(self, field: Tensor, stride: int = NATIVE_STRIDE) -> Tensor:
        """Return the logits of every `stride`-th window of `field`; `stride` is 1, 2 or 4."""
        step1, step2 = {1: (1, 1), 2: (2, 1), 4: (2, 2)}[stride]
        # ReLU in place, and after a pool where that is smaller: fresh memory costs more than the arithmetic.
        inputs = differences(field).contiguous(memory_format=torch.channels_last)
        features = nnf.conv2d(inputs, difference_kernel(self.conv1.weight))
        features = nnf.max_pool2d(features.relu_(), 2, step1)
        dilation = 2 // step1
        features = nnf.conv2d(features, self.conv2.weight, dilation=dilation)
        # The second pool spans two elements of the native grid: `dilation` elements apart here.
        features = nnf.max_pool2d(features, 2, step2, dilation=dilation).relu_()
        return self.label(features / window_spread(field, stride))

    def label(self, features: Tensor) -> Tensor:
        """Return the logits ``(n, 2, h', w')`` of features ``(n, 64, h', w')``.

        A thousand elements at a time, so that the wide layers stay in the processor's cache.
        """
        rows = features.permute(0, 2, 3, 1)
        logits = []
        for part in torch.split(rows.reshape(-1, rows.shape[3]), ELEMENTS_AT_ONCE):
            part = pointwise(self.dense2, pointwise(self.dense1, part).relu_()).relu_()
            logits.append(pointwise(self.head, part))
        return torch.cat(logits).reshape(*rows.shape[:3], -1).permute(0, 3, 1, 2)


def pointwise(layer: nn.Conv2d, rows: Tensor) -> Tensor:
    """Apply a 1x1 convolution to elements that are the rows of a matrix."""
    return nnf.linear(rows, layer.weight.flatten(1), layer.bias)


def differences(field: Tensor) -> Tensor:
    """Return each pixel's difference to its right and its lower neighbour, ``(n, 2, h, w)``.

    The last column and row have no such neighbour and hold zeros, which no window looks at.
    """
    right = nnf.pad(field[..., 1:] - field[..., :-1], (0, 1))
    below = nnf.pad(field[..., 1:, :] - field[..., :-1, :], (0, 0, 0, 1))
    return torch.cat((right, below), dim=1)


def difference_kernel(kernel: Tensor) -> Tensor:
    """Rewrite kernels ``(k, 1, 5, 5)``, less their mean, for `differences`: ``(k, 2, 5, 5)``.

    Summed by parts, a kernel of zero sum needs no pixel values, only differences, and so a grey offset
    cannot leave even a rounding error behind: a flat window gives exact zeros.
    """
    zero_sum = kernel - kernel.mean(dim=(2, 3), keepdim=True)
    along_rows = zero_sum.cumsum(dim=3)
    along_last_column = along_rows[..., -1:].cumsum(dim=2)
    right = nnf.pad(-along_rows[..., :-1], (0, 1))
    below = nnf.pad(-along_last_column[..., :-1, :], (kernel.shape[3] - 1, 0, 0, 1))
    return torch.cat((right, below), dim=1)


def window_spread(field: Tensor, stride: int) -> Tensor:
    """Return the standard deviation of each 16x16 window, ``(n, 1, h', w')``.

    In double precision, since it is the small difference of two large means. A flat window gets a tiny
    positive number, so that its features, all zero, stay zero.
    """
    wide = field.double()
    mean = box_mean(wide, stride)
    variance = box_mean(wide * wide, stride) - mean * mean
    return variance.clamp(min=1e-12).sqrt().to(field.dtype)


def box_mean(field: Tensor, stride: int) -> Tensor:
    """Average over 16x16 windows, one axis after the other."""
    rows = nnf.avg_pool2d(field, (WINDOW_PX, 1), (stride, 1))
    return nnf.avg_pool2d(rows, (1, WINDOW_PX), (1, stride))
