"""From a raw frame to pixels that the network understands: dead pixels, background, noise, tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.no_pixel import NoPixels, Ranges, find_no_pixels
from napari_sciml.networks.normalise.local_noise import Levels, enlarge, grain, measure_levels, zeros_are_dead
from napari_sciml.techniques.diffraction.grid import TILE_PX, padded

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
STRIP_PX = 2
"""Rows and columns at the end of a tile that the network does not reach."""
HALO = 1
"""Blocks around a tile that the linear joining of levels looks at."""


@dataclass(frozen=True)
class Prepared:
    """A frame, extended to whole tiles, with its levels.

    Attributes
    ----------
    pixels
        ``(h, w)`` float32.
    dead
        ``(h, w)`` pixels to ignore.
    levels
        Background and noise, in blocks of 8 x 8 px.
    marked
        Those of the dead pixels that a value marks as not measured; None without any.
    """

    pixels: FloatArray
    dead: BoolArray
    levels: Levels
    marked: NoPixels | None = None

    def tiles(self, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]) -> FloatArray:
        """Return the normalised tiles ``(n, 64, 64)`` at places of the grid.

        Only what is asked for is computed, which is most of the speed on frames with few bright tiles.
        """
        tiles = np.empty((len(rows), TILE_PX, TILE_PX), np.float32)
        edge = TILE_PX // 8 + 2 * HALO
        blocks = np.empty((2, len(rows), edge, edge), np.float32)
        grids = [np.pad(grid, HALO, mode="edge") for grid in (self.levels.background, self.levels.noise)]
        for n, (row, column) in enumerate(zip(rows, columns, strict=True)):
            top, left = int(row) * 8, int(column) * 8
            for grid, out in zip(grids, blocks, strict=True):
                out[n] = grid[top : top + edge, left : left + edge]
        background, noise = (enlarge(part, 8)[:, 8:-8, 8:-8] for part in blocks)
        for n, (row, column) in enumerate(zip(rows, columns, strict=True)):
            top, left = int(row) * TILE_PX, int(column) * TILE_PX
            where = slice(top, top + TILE_PX), slice(left, left + TILE_PX)
            np.subtract(self.pixels[where], background[n], out=tiles[n])
            tiles[n] /= noise[n]
            tiles[n][self.dead[where]] = 0
        np.arcsinh(tiles, out=tiles)
        return tiles

    @staticmethod
    def moved(tiles: FloatArray, shift: int) -> FloatArray:
        """Move tiles ``(n, 64, 64)`` up and left, so that their last rows and columns come into view.

        What comes in is zero, and lies where the network does not look.
        """
        moved = np.zeros_like(tiles)
        moved[:, :-shift, :-shift] = tiles[:, shift:, shift:]
        return moved


def prepare(
    frame: npt.NDArray[Any],
    mask: BoolArray | None = None,
    name: str = "the frame",
    stated: Ranges = (),
) -> Prepared:
    """Measure a frame ``(h, w)``; `mask` is true where pixels are to be ignored.

    `stated` are values that the file says to mean "not measured".

    Raises
    ------
    SciMLError
        If the mask has another size, or nothing is left to look at.
    """
    if mask is not None and mask.shape != frame.shape:
        raise SciMLError(
            f"The mask has {mask.shape[0]} x {mask.shape[1]} px, but {name} has "
            f"{frame.shape[0]} x {frame.shape[1]}",
            "choose the mask that belongs to this detector",
        )
    marked = find_no_pixels(frame, mask, stated)
    dead = np.zeros(frame.shape, bool) if marked is None else marked.flags.copy()
    zeros = frame == 0
    if zeros.any() and zeros_are_dead(frame, dead):
        dead |= zeros
    if dead.any():
        dead = grown(dead)
    if mask is not None:
        dead |= mask
    # The outermost pixels are junk on many detectors, and no spot is centred on them.
    dead[[0, -1]] = dead[:, [0, -1]] = True
    if dead.all():
        raise SciMLError(
            f"{name[:1].upper()}{name[1:]} holds no pixel to look at", "check the mask and the file"
        )
    step = grain(frame)
    pixels = padded(frame.astype(np.float32))
    whole = padded(dead, True)
    return Prepared(pixels, whole, measure_levels(pixels, whole, step), marked)


def grown(dead: BoolArray) -> BoolArray:
    """Grow dead areas by one pixel, since pixels beside a gap read too much."""
    wide = dead.copy()
    wide[1:] |= dead[:-1]
    wide[:-1] |= dead[1:]
    wide[:, 1:] |= dead[:, :-1]
    wide[:, :-1] |= dead[:, 1:]
    return wide
