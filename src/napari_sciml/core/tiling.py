"""The one tiling: a map of a sliding window is cut into tiles that fit into memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Tile:
    """A part of a map, and the part of the image it is made from.

    Attributes
    ----------
    core
        Rows and columns of the map that this tile owns; the cores of all tiles cover the map once.
    padded
        Rows and columns of the image that all windows of the core see; these overlap.
    """

    core: tuple[slice, slice]
    padded: tuple[slice, slice]


def map_length(length: int, window: int, stride: int) -> int:
    """Count the windows that fit into `length` pixels, one every `stride` pixels."""
    return max(0, (length - window) // stride + 1)


def plan_tiles(shape: tuple[int, int], window: int, stride: int, edge: int) -> list[Tile]:
    """Cut the map of an image into tiles of nearly equal size, row by row.

    Parameters
    ----------
    shape
        Rows and columns of the image.
    window
        Edge of the window that makes one element of the map, in pixels.
    stride
        Distance of neighbouring windows in pixels.
    edge
        Largest edge of the part of the image that one tile may see, in pixels.
    """
    rows, columns = (spans(map_length(length, window, stride), window, stride, edge) for length in shape)
    return [
        Tile((row, column), (seen(row, window, stride), seen(column, window, stride)))
        for row in rows
        for column in columns
    ]


def spans(length: int, window: int, stride: int, edge: int) -> list[slice]:
    """Cut `length` elements into the fewest equal parts whose windows see at most `edge` pixels."""
    longest = max(1, map_length(edge, window, stride))
    count = -(-length // longest)
    bounds = [length * part // count for part in range(count + 1)] if count else []
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def seen(core: slice, window: int, stride: int) -> slice:
    """Return the pixels that the windows of these elements see."""
    return slice(core.start * stride, (core.stop - 1) * stride + window)
