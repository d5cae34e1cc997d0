"""The dense twin of Table VII: the same layers read without padding, so that one pass labels a whole field.

16x16 px of image go in for each element of the map: 16, conv 5x5 VALID, 12, pool 2, 6, conv 5x5 VALID,
2, pool 2, 1, then the dense layers as 1x1 convolutions. A map at a finer stride than the native 4 runs
the pools at stride 1 and dilates what follows (the "a trous" form), which gives exactly the numbers that
patch-by-patch evaluation gives at every position.

Whatever affine grey scale the image has, the answer is the same, and it depends on nothing outside the
16x16 window: the first kernels sum to zero (no offset survives), the convolutions have no bias (ReLU and
max-pool then pass a gain through unchanged), and their output is divided by the standard deviation of
the window. So a map equals its patches even when each patch is normalised by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

WINDOW_PX = 16
"""Edge of the window that decides one element of the map; the element sits at its centre, 7.5 px in."""
CENTRE_PX = (WINDOW_PX - 1) / 2
NATIVE_STRIDE = 4


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
        """Give the logits of every `stride`-th window of `field`; `stride` is 1, 2 or 4."""
        step1, step2 = {1: (1, 1), 2: (2, 1), 4: (2, 2)}[stride]
        kernel = self.conv1.weight
        features = torch.relu(nnf.conv2d(field, kernel - kernel.mean(dim=(2, 3), keepdim=True)))
        features = nnf.max_pool2d(features, 2, step1)
        dilation = 2 // step1
        features = torch.relu(nnf.conv2d(features, self.conv2.weight, dilation=dilation))
        # The second pool spans two elements of the native grid: `dilation` elements apart here.
        features = nnf.max_pool2d(features, 2, step2, dilation=dilation)
        features = features / window_spread(field, stride)
        features = torch.relu(self.dense1(features))
        features = torch.relu(self.dense2(features))
        logits: Tensor = self.head(features)
        return logits


def window_spread(field: Tensor, stride: int) -> Tensor:
    """Give the standard deviation of each 16x16 window, ``(n, 1, h', w')``.

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
