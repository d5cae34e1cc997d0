"""The network that ships for GISAXS: small, and aware of where in the image it looks.

Strided and pooled 3x3 convolutions, and two extra inputs with each pixel's place. Which lattice it is lies
in where the spots are, not in how one of them looks: without the places a pooled network has to infer them
from the borders.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIZE_PX = 100
"""Edge of the image in pixels, as in the paper's Table VI."""
CLASS_COUNT = 7
"""Lattices that are told apart."""
WIDTHS = (16, 24, 48, 48, 64, 96)
"""Channels of the convolutions, from the image to the head; set by hand."""


class LatticeNet(nn.Module):
    """Input ``(n, 1, 100, 100)``, normalised; output ``(n, 7)`` logits."""

    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d, e, f = WIDTHS
        self.conv1 = _block(3, a, 5, stride=2)
        self.conv2 = _block(a, b, 3)
        self.conv3 = _block(b, c, 3)
        self.conv4 = _block(c, d, 3)
        self.conv5 = _block(d, e, 3)
        self.conv6 = _block(e, f, 3)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(f * 3 * 3, CLASS_COUNT)
        ticks = torch.linspace(-1, 1, SIZE_PX)
        places = torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"))
        self.register_buffer("places", places[None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of each image."""
        places = self.places.to(images.dtype).expand(len(images), -1, -1, -1)
        maps = self.conv1(torch.cat([images, places], dim=1))
        maps = self.pool(self.conv2(maps))
        maps = self.pool(self.conv4(self.conv3(maps)))
        maps = self.pool(self.conv5(maps))
        maps = self.pool(self.conv6(maps))
        logits: Tensor = self.head(self.drop(maps.flatten(1)))
        return logits


def _block(inside: int, outside: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )
