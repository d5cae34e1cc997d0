"""The weights that training of Table IV begins with: a bank of matched filters that are silent on noise.

From random weights the network learns slowly: its second convolution has weights of its own for each of the
36 places in a tile, and the noise of 3,600 pooled features drowns the one that answers to a spot. So the
first convolution begins as spots, single pixels and lines of several widths at the nine places that a stride
of three tells apart, each with a bias that only what stands out of the noise gets over; and the second
begins with the same weights at all places. Training changes all of them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_sciml.networks.paper.table_iv import TableIV

SIGMA_TO_PASS = 3.0
"""Standard deviations of noise that a filter lets pass nothing of."""
SPOT_WIDTHS_PX = (0.5, 0.8, 1.2, 1.8)
"""Sigmas in pixels of the spots that the filters match."""
LINE_WIDTH_PX = 0.8
"""Sigma in pixels of the lines that the filters match."""
LINES = 8
"""Directions of the lines over half a turn."""


def set_first_weights(module: TableIV, seed: int) -> None:
    """Set the weights of both convolutions in place; the same seed gives the same weights."""
    draw = torch.Generator().manual_seed(seed)
    filters, _, edge, _ = module.conv1.weight.shape
    bank = matched_filters(edge, module.conv1.stride[0])
    rest = torch.randn((filters - len(bank), edge, edge), generator=draw)
    kernels = torch.cat([bank, rest])
    kernels = kernels - kernels.mean(dim=(1, 2), keepdim=True)
    # With unit length, a filter's answer to white noise has the noise of a pixel.
    kernels = kernels / kernels.flatten(1).norm(dim=1)[:, None, None]
    share = torch.randn((module.conv2.out_channels, filters, 1, 1), generator=draw) / filters**0.5
    with torch.no_grad():
        module.conv1.weight.copy_(kernels[:, None])
        module.conv1.bias.fill_(-SIGMA_TO_PASS)  # type: ignore[union-attr]
        module.conv2.weight.copy_(share.expand_as(module.conv2.weight))
        module.conv2.bias.zero_()  # type: ignore[union-attr]


def matched_filters(edge: int, stride: int) -> Tensor:
    """Return ``(n, edge, edge)``: spots and single pixels at all places within a stride, and lines."""
    axis = np.arange(edge) - (edge - 1) / 2
    y, x = axis[:, None], axis[None, :]
    places = [(dy, dx) for dy in range(stride) for dx in range(stride)]
    bank = []
    for dy, dx in places:
        away = (y - dy + stride // 2) ** 2 + (x - dx + stride // 2) ** 2
        bank += [np.exp(-away / (2 * width**2)) for width in SPOT_WIDTHS_PX]
        bank.append((away == 0).astype(np.float64))
    for turn in np.arange(LINES) * np.pi / LINES:
        for shift in range(stride):
            across = y * np.cos(turn) - x * np.sin(turn) - shift + stride // 2
            bank.append(np.exp(-(across**2) / (2 * LINE_WIDTH_PX**2)))
    return torch.from_numpy(np.stack(bank)).float()
