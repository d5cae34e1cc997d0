"""Augmentation of training fields: random filters and a random spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

GAIN = 0.3
"""Natural logarithm of how far the spread of a training field may be off."""
FINE_PX = 1.6
"""Largest sigma of the random blur in pixels, for particles of 18 pixels."""
COARSE_PX = (6.0, 20.0)
"""Standard deviations of the filters that training fields go through, in pixels."""


def as_batch(images: Tensor, index: Tensor) -> Tensor:
    """Return a batch as the network takes it: the fields are normalised, up to an error of the spread.

    Each is filtered at random first, as pictures in the world have been filtered by somebody: a network that
    knows one spectrum of noise by heart finds less in pictures with another.
    """
    import torch

    filtered = random_filter(images.float())
    gains = torch.exp(torch.empty(len(images), 1, 1).uniform_(-GAIN, GAIN))
    return (filtered * gains)[:, None]


def random_filter(images: Tensor) -> Tensor:
    """Take away fine detail in half of the images ``(n, h, w)`` and coarse in half; keep their spread."""
    import torch

    count, height, width = images.shape
    squared = torch.fft.fftfreq(height)[:, None] ** 2 + torch.fft.rfftfreq(width)[None] ** 2

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(count, 1, 1).uniform_(low, high)

    fine = draw(0, FINE_PX) * (draw(0, 1) < 0.5)
    share = draw(0, 0.9) * (draw(0, 1) < 0.5)
    coarse = draw(*COARSE_PX)
    transfer = torch.exp(-2 * (torch.pi * fine) ** 2 * squared)
    transfer = transfer * (1 - share * torch.exp(-2 * (torch.pi * coarse) ** 2 * squared))
    filtered = torch.fft.irfft2(torch.fft.rfft2(images) * transfer, s=(height, width))
    spread = filtered.flatten(1).std(1).clamp_min(1e-6)[:, None, None]
    rescaled: Tensor = filtered * images.flatten(1).std(1)[:, None, None] / spread
    return rescaled
