"""Show the network every spot in every place of a tile, since it has weights of its own for each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sciml.techniques.diffraction.grid import TILE_PX
from napari_sciml.techniques.diffraction.prepare import STRIP_PX

if TYPE_CHECKING:
    from torch import Tensor


def rolled(tiles: Tensor, number: int) -> Tensor:
    """Roll tiles ``(n, 64, 64)`` around by a shift that `number` decides.

    The second convolution has weights of its own for each place in a tile; rolled tiles show it every spot
    in every place. A tile whose brightest pixel would come to lie at the border, where the network hardly
    looks, stays as it is.
    """
    import torch

    down, right = divmod(number * 2_654_435_761 % TILE_PX**2, TILE_PX)
    moved = tiles.roll((down, right), (1, 2))
    brightest = tiles.flatten(1).argmax(dim=1)
    y, x = (brightest // TILE_PX + down) % TILE_PX, (brightest + right) % TILE_PX
    lost = torch.minimum(y, x).lt(2) | torch.maximum(y, x).gt(TILE_PX - STRIP_PX - 2)
    moved[lost] = tiles[lost]
    return moved


def varied(tiles: Tensor) -> Tensor:
    """Turn or mirror a batch ``(b, 64, 64)`` and roll it, as training does."""
    import torch

    from napari_sciml.training.fit import turn

    symmetry, number = int(torch.randint(8, ())), int(torch.randint(TILE_PX**2, ()))
    return rolled(turn(tiles, symmetry), number)
