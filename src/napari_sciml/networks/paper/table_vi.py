"""Table VI of the paper: the network that names the lattice of a 100 x 100 GISAXS image.

conv 5x5 (20), max-pool 2, conv 5x5 (20), max-pool 2, conv 4x4 (50), fully connected 7. No ReLU rows are
printed, and nothing is pooled after the third convolution; ``table-vi`` has a ReLU after every convolution,
``table-vi-printed`` has none, so that only the two max-pools are not linear.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as nnf

CLASS_COUNT = 7
"""Lattices that are told apart."""
PAPER_PARAMETERS = 152_947
"""Weights of the network as printed, the fully connected layer included."""


class TableVI(nn.Module):
    """Table VI. Input ``(n, 1, 100, 100)``, normalised; output ``(n, 7)`` logits."""

    relu = True

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 20, 5)
        self.conv3 = nn.Conv2d(20, 50, 4)
        self.head = nn.Linear(50 * 19 * 19, CLASS_COUNT)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of each image."""
        maps = nnf.max_pool2d(self._bent(self.conv1(images)), 2)
        maps = nnf.max_pool2d(self._bent(self.conv2(maps)), 2)
        logits: Tensor = self.head(self._bent(self.conv3(maps)).flatten(1))
        return logits

    def _bent(self, maps: Tensor) -> Tensor:
        return maps.relu() if self.relu else maps


class TableVIPrinted(TableVI):
    """Table VI exactly as printed: no ReLU."""

    relu = False
