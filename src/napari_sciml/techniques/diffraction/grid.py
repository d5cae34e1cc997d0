"""The grid of 64 x 64 tiles over a frame, and the rule that says which tiles hold Bragg spots.

A tile counts as *Bragg* if the centre of at least one reflection of the crystal, with an integrated signal
of at least five times the photon noise of its 7 x 7 box, lies at least two pixels inside. Weaker ones (2.5
to 5) and those nearer to the border leave the tile undecided. Ice, salt and other spots never count.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Pixel = TypeVar("Pixel", bound=np.generic)

TILE_PX = 64
"""Edge of a tile in pixels, as in Table IV of the paper."""
BOX_PX = 7
"""Edge in pixels of the box over which a spot's signal and noise are summed."""
COUNTED_SNR = 5.0
"""Signal-to-noise ratio from which a simulated spot makes its tile a Bragg tile."""
SEEN_SNR = 2.5
"""Signal-to-noise ratio from which a simulated spot leaves its tile undecided."""
BORDER_PX = 2.0
"""Pixels from a tile's border within which a spot leaves the tile undecided."""
BRAGG, NONE, UNDECIDED = 1, 0, -1
"""Labels of tiles."""


def grid_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the rows and columns of tiles that cover a frame ``(h, w)``; the last ones may overhang."""
    return -(-shape[0] // TILE_PX), -(-shape[1] // TILE_PX)


def padded(frame: npt.NDArray[Pixel], fill: float = 0.0) -> npt.NDArray[Pixel]:
    """Extend a frame with `fill` at bottom and right to whole tiles; a frame that fits comes back as is."""
    rows, columns = grid_shape(frame.shape)
    missing = rows * TILE_PX - frame.shape[0], columns * TILE_PX - frame.shape[1]
    if missing == (0, 0):
        return frame
    return np.pad(frame, ((0, missing[0]), (0, missing[1])), constant_values=fill)


def tile_of(
    y: npt.NDArray[np.floating], x: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the tile row and column of positions in pixels (pixel centres at integers)."""
    rows = np.floor((np.asarray(y) + 0.5) / TILE_PX).astype(np.int64)
    return rows, np.floor((np.asarray(x) + 0.5) / TILE_PX).astype(np.int64)


def inside_px(y: npt.NDArray[np.floating], x: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the distance of positions from the nearest border of their tile, in pixels."""
    depth = []
    for position in (np.asarray(y, np.float64), np.asarray(x, np.float64)):
        within = (position + 0.5) % TILE_PX
        depth.append(np.minimum(within, TILE_PX - within))
    return np.minimum(*depth)


def label_tiles(
    y: npt.NDArray[np.floating],
    x: npt.NDArray[np.floating],
    snr: npt.NDArray[np.floating],
    shape: tuple[int, ...],
) -> npt.NDArray[np.int8]:
    """Label the tiles of a frame ``(h, w)`` from the reflections ``(n,)`` of its crystals.

    Returns
    -------
    ndarray
        ``(rows, columns)`` int8: `BRAGG`, `NONE` or `UNDECIDED`.
    """
    labels = np.zeros(grid_shape(shape), np.int8)
    rows, columns = tile_of(y, x)
    deep = inside_px(y, x) >= BORDER_PX
    seen = snr >= SEEN_SNR
    labels[rows[seen], columns[seen]] = UNDECIDED
    # A reflection on a border leaves its light in the neighbours too.
    for dy in (-BORDER_PX, BORDER_PX):
        for dx in (-BORDER_PX, BORDER_PX):
            near_rows, near_columns = tile_of(y[seen] + dy, x[seen] + dx)
            fits = (
                (near_rows >= 0)
                & (near_columns >= 0)
                & (near_rows < labels.shape[0])
                & (near_columns < labels.shape[1])
            )
            labels[near_rows[fits], near_columns[fits]] = UNDECIDED
    counted = deep & (snr >= COUNTED_SNR)
    labels[rows[counted], columns[counted]] = BRAGG
    return labels
