"""Table VII of the paper: the network that says whether a fibre is centred in a 16x16 patch.

conv 5x5x64, max-pool 2, conv 5x5x64, max-pool 2, FC 384, FC 192, with zero padding (SAME). The paper
prints 382 units for the first dense layer; its own total of 571,648 parameters only comes out with 384,
and its sizes (16 to 16, 8 to 8) only with padding, although the text says there is none. The two-way
head is not part of the printed total.
"""

from __future__ import annotations

from torch import Tensor, nn

PATCH_PX = 16
"""Edge of a patch in pixels."""
PAPER_PARAMETERS = 571_648
"""Weights as the paper counts them."""


class TableVII(nn.Module):
    """Table VII with SAME padding and a two-way head.

    Input ``(n, 1, 16, 16)``, standardised per patch; output ``(n, 2)`` logits, columns ``not``, ``fiber``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.dense = nn.Sequential(nn.Linear(1024, 384), nn.ReLU(), nn.Linear(384, 192), nn.ReLU())
        self.head = nn.Linear(192, 2)

    def signature(self, patches: Tensor) -> Tensor:
        """Return the 192 activations of the last dense layer, the paper's retrieval feature."""
        signature: Tensor = self.dense(self.convolutions(patches).flatten(1))
        return signature

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits of each patch."""
        logits: Tensor = self.head(self.signature(patches))
        return logits
