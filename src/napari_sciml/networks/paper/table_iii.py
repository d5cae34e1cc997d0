"""Table III of the paper: the network that names the view of a 64 x 64 particle image.

conv 11x11 with stride 3 and no padding (100), max-pool 3 with stride 3, ReLU, conv 6x6 (84): 64 -> 18 -> 6 ->
1. The 2000 in the printed input size is the number of images; there is one channel. The last two rows and
columns of an image are never seen.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as nnf

CLASS_COUNT = 84
"""Views that are told apart."""
PAPER_PARAMETERS = 314_684
"""Weights of the network as printed, its last layer included."""


class TableIII(nn.Module):
    """Table III as printed. Input ``(n, 1, 64, 64)``, normalised; output ``(n, 84)`` logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 100, 11, stride=3)
        self.conv2 = nn.Conv2d(100, CLASS_COUNT, 6)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of each image."""
        maps = nnf.max_pool2d(self.conv1(images), 3, stride=3).relu()
        logits: Tensor = self.conv2(maps).flatten(1)
        return logits
