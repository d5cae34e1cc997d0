"""Table IV of the paper: the network that says whether a 64 x 64 tile of a frame holds Bragg spots.

conv 11x11x100 with stride 3, max-pool 3, ReLU, conv 6x6x84, fully connected. The paper prints 84 outputs,
copied from its Table III; the question has two answers, so the head is 84 to 2. The stride is not printed:
3 is the one that gives the printed 18 x 18. No ReLU is listed between the second convolution and the head,
which makes the two one linear map; ``table-iv`` has one there, ``table-iv-printed`` has none.

Eighteen steps of 3 reach pixel 61: the last two rows and columns of a tile are never seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

TILE_PX = 64
"""Edge of a tile in pixels."""
PAPER_PARAMETERS = 12_200 + 302_484
"""Weights as the paper counts them: convolutions and classifier."""


class TableIV(nn.Module):
    """Table IV with a two-way head and a ReLU before it.

    Input ``(n, 1, 64, 64)``, normalised; output ``(n, 2)`` logits, columns ``not``, ``bragg``.
    """

    last_relu = True

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 100, 11, stride=3)
        self.conv2 = nn.Conv2d(100, 84, 6)
        self.head = nn.Linear(84, 2)

    def signature(self, tiles: Tensor) -> Tensor:
        """Return the 84 activations before the head."""
        answers = self.conv1(tiles)
        pooled = nn.functional.max_pool2d(answers, 3) if self.training else pool3(answers)
        pooled = pooled.relu()
        signature: Tensor = self.conv2(pooled).flatten(1)
        return signature.relu() if self.last_relu else signature

    def forward(self, tiles: Tensor) -> Tensor:
        """Return the logits of each tile."""
        logits: Tensor = self.head(self.signature(tiles))
        return logits


def pool3(maps: Tensor) -> Tensor:
    """Max-pool maps ``(n, c, h, w)`` over 3 x 3; faster than torch's own in the layout that conv1 gives."""
    rows = torch.maximum(torch.maximum(maps[:, :, 0::3], maps[:, :, 1::3]), maps[:, :, 2::3])
    return torch.maximum(torch.maximum(rows[..., 0::3], rows[..., 1::3]), rows[..., 2::3])


class TableIVPrinted(TableIV):
    """Table IV exactly as printed: nothing between the second convolution and the head."""

    last_relu = False
