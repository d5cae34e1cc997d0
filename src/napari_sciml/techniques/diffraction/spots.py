"""Where in a Bragg tile the spots are: maxima that stand out from noise, with centre and intensity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.networks.normalise.local_noise import BLOCK_PX
from napari_sciml.techniques.diffraction.grid import BOX_PX, TILE_PX
from napari_sciml.techniques.diffraction.prepare import FloatArray, Prepared

LEAST_SNR = 5.0
"""Standard deviations by which a spot stands out of the noise at least."""
MOST_IN_TILE = 40
"""Spots of a tile at the most, the strongest: bounds the tables."""
HALF = BOX_PX // 2
"""Pixels from the middle of a spot's box to its edge."""
PIXEL_SIGMA = 3.0
"""Standard deviations above the background from which a pixel counts as part of a spot."""
LINE_PX = (4, 6)
"""How far to both sides a line is followed."""


def find_spots(
    prepared: Prepared,
    tiles: FloatArray,
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    scores: npt.NDArray[np.floating],
    frame: int,
    ceiling: float,
) -> pd.DataFrame:
    """Find the spots in normalised tiles ``(n, 64, 64)`` at grid places `rows`, `columns`.

    A spot is the largest of 5 x 5 means of 3 x 3 px, stands out by `LEAST_SNR`, and is no part of a line; a
    tile without any is given its largest mean, so that a tile that counts always shows why.

    Returns
    -------
    DataFrame
        The columns of `tables.SPOT_COLUMNS`; centres in pixels of the frame.
    """
    from scipy.ndimage import maximum_filter, uniform_filter

    if not len(tiles):
        return pd.DataFrame()
    above = np.sinh(tiles)
    smooth = uniform_filter(above, (0, 3, 3), mode="constant") * 3
    smooth /= noise_of(smooth)
    top = smooth == maximum_filter(smooth, (0, 5, 5), mode="constant")
    peaks = top & (smooth >= LEAST_SNR)
    tile, y, x = np.nonzero(peaks)
    peaks[tile, y, x] = ~on_line(smooth, tile, y, x)
    lonely = np.flatnonzero(~peaks.any(axis=(1, 2)))
    best = smooth[lonely].reshape(len(lonely), TILE_PX**2).argmax(axis=1)
    peaks[lonely, best // TILE_PX, best % TILE_PX] = True
    tile, y, x = np.nonzero(peaks)
    order = np.lexsort((-smooth[tile, y, x], tile))
    tile, y, x = tile[order], y[order], x[order]
    rank = np.arange(len(tile)) - np.searchsorted(tile, tile)
    tile, y, x = (part[rank < MOST_IN_TILE] for part in (tile, y, x))
    return measure(prepared, rows[tile], columns[tile], y, x, scores[tile], frame, ceiling)


def noise_of(smooth: FloatArray) -> np.float32:
    """Return the noise of means of 3 x 3 px, 1 where pixels are independent; robust against spots.

    Detectors that smooth have neighbours that share their noise, so that it averages out less.
    """
    squares = smooth[smooth != 0] ** 2
    # The median of a squared normal variable is 0.455.
    return np.float32(max(np.sqrt(np.median(squares) / 0.455), 1.0)) if len(squares) else np.float32(1)


def on_line(
    smooth: FloatArray, tile: npt.NDArray[np.integer], y: npt.NDArray[np.integer], x: npt.NDArray[np.integer]
) -> npt.NDArray[np.bool_]:
    """Return which maxima lie on a seam or an edge: what is bright goes on to both sides."""
    wide = np.pad(smooth, ((0, 0), (LINE_PX[-1],) * 2, (LINE_PX[-1],) * 2), mode="edge")
    half = 0.5 * smooth[tile, y, x]
    found = np.zeros(len(tile), bool)
    for dy, dx in ((0, 1.0), (1.0, 0), (0.7, 0.7), (0.7, -0.7)):
        goes_on = np.ones(len(tile), bool)
        for reach in LINE_PX:
            for side in (-1, 1):
                row = y + LINE_PX[-1] + round(side * reach * dy)
                column = x + LINE_PX[-1] + round(side * reach * dx)
                goes_on &= wide[tile, row, column] >= half
        found |= goes_on
    return found


def measure(
    prepared: Prepared,
    rows: npt.NDArray[np.integer],
    columns: npt.NDArray[np.integer],
    y: npt.NDArray[np.integer],
    x: npt.NDArray[np.integer],
    scores: npt.NDArray[np.floating],
    frame: int,
    ceiling: float,
) -> pd.DataFrame:
    """Measure spots at pixels `y`, `x` of tiles in their 7 x 7 boxes."""
    from scipy.ndimage import map_coordinates

    height, width = prepared.pixels.shape
    middle_y = np.clip(rows * TILE_PX + y, HALF, height - 1 - HALF)
    middle_x = np.clip(columns * TILE_PX + x, HALF, width - 1 - HALF)
    steps = np.arange(-HALF, HALF + 1)
    box_y, box_x = middle_y[:, None, None] + steps[:, None], middle_x[:, None, None] + steps
    # Between blocks the levels are joined linearly, which matters where the background is steep.
    where = (middle_y + 0.5) / BLOCK_PX - 0.5, (middle_x + 0.5) / BLOCK_PX - 0.5
    background, noise = (
        map_coordinates(grid, where, order=1, mode="nearest")
        for grid in (prepared.levels.background, prepared.levels.noise)
    )
    raw = np.where(prepared.dead[box_y, box_x], np.nan, prepared.pixels[box_y, box_x])
    above = np.nan_to_num(raw - background[:, None, None])
    # The centre is that of the light in the inner 5 x 5 px, so that a neighbour does not pull at it.
    light = np.maximum(above[:, 1:-1, 1:-1], 0) + 1e-6
    inner = steps[1:-1]
    total = light.sum(axis=(1, 2))
    intensity = above.sum(axis=(1, 2))
    maximum = np.nan_to_num(np.nanmax(np.where(np.isnan(raw), -np.inf, raw), axis=(1, 2)), neginf=0)
    return pd.DataFrame(
        {
            "frame": frame,
            "y": middle_y + (light * inner[:, None]).sum(axis=(1, 2)) / total,
            "x": middle_x + (light * inner).sum(axis=(1, 2)) / total,
            "score": scores,
            "tile_row": rows,
            "tile_column": columns,
            "intensity": intensity,
            "snr": intensity / (BOX_PX * noise),
            "pixels": (above > PIXEL_SIGMA * noise[:, None, None]).sum(axis=(1, 2)),
            "maximum": maximum,
            "saturated": maximum >= ceiling,
        }
    )
