"""The particle picker: a small U-shaped network that labels every second pixel of a micrograph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

NATIVE_STRIDE = 2
"""Pixels of the micrograph for each label."""
CENTRE_PX = 0.5
"""Pixel of the first element of a map."""
COARSEST_PX = 8
"""Fields are padded to multiples of it."""
WIDTHS = (24, 48, 96)
"""Channels at full, half and quarter resolution; set by hand."""


class PickerNet(nn.Module):
    """Labels background, particle and junk (carbon, contaminants, dead borders) in a field of any size.

    Input ``(n, 1, h, w)`` normalised by the rule ``micrograph``, particles bright and about 18 px long;
    output ``(n, 3, h', w')`` logits with ``h' = ceil(h / 2)``. Element ``i`` sits at pixel ``2 i + 0.5``.
    Three scales of 3x3 convolutions; an element sees some 90 px around it.
    """

    centre_px = CENTRE_PX

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.stem = block(1, fine, stride=2, kernel=5)
        self.fine = block(fine, fine)
        self.down1 = block(fine, middle, stride=2)
        self.middle = block(middle, middle)
        self.down2 = block(middle, coarse, stride=2)
        self.coarse = nn.Sequential(block(coarse, coarse, dilation=1), block(coarse, coarse, dilation=2))
        self.up1 = block(coarse + middle, middle)
        self.up2 = block(middle + fine, fine)
        self.head = nn.Conv2d(fine, 3, 1)

    def forward(self, field: Tensor, stride: int = NATIVE_STRIDE) -> Tensor:
        """Return the logits of every second pixel, or of every ``stride``-th, a multiple of two."""
        rows, columns = field.shape[-2:]
        padded = nnf.pad(field, (0, -columns % COARSEST_PX, 0, -rows % COARSEST_PX), mode="replicate")
        fine = self.fine(self.stem(padded))
        middle = self.middle(self.down1(fine))
        coarse = self.coarse(self.down2(middle))
        middle = self.up1(torch.cat((enlarge(coarse), middle), dim=1))
        fine = self.up2(torch.cat((enlarge(middle), fine), dim=1))
        logits: Tensor = self.head(fine)[..., : -(-rows // 2), : -(-columns // 2)]
        every = stride // NATIVE_STRIDE
        return logits[..., ::every, ::every]


def block(inputs: int, outputs: int, *, stride: int = 1, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    """Return a convolution with batch normalisation and ReLU."""
    reach = dilation * (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(
            inputs, outputs, kernel, stride, reach, dilation=dilation, bias=False, padding_mode="replicate"
        ),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def enlarge(features: Tensor) -> Tensor:
    """Double rows and columns, each element becoming four."""
    return nnf.interpolate(features, scale_factor=2, mode="nearest")
