"""Defects of a detector in a frame: dead or hot rows, columns and single pixels, constant blocks, seams.

A line counts only where it is thin, sharp, straight and equally strong over the frame or one half of it.
A specular rod falls off along its length, a carbon edge is a step and not a line, a Bragg spot is short.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FloatImage = npt.NDArray[np.float32]

SEGMENTS = 8
"""Pieces of a line that are judged alone and must agree; even, so that half lines are seen. Set by hand."""
SAMPLE = 64
"""Pixels of each piece that are read: its median is then known to 0.16 of the noise of a pixel."""
LEAST_PX = 256
"""Shortest frame in which lines are looked for over one half only: shorter ones are texture as likely."""
CERTAIN = 4.0
"""Least height of a piece of a line in standard errors of its median, which counts where pieces are short."""
WIDEST_PX = 3
"""Pixels across of the widest line; wider ones may be features."""
LINE_SIGMA, LEAST_SIGMA = 1.0, 0.5
"""How far a line stands out, on average and in each piece, in noise of a pixel; weaker ones do no harm."""
SHARP = 0.7
"""Share of a line's height, or of a seam's, that lies in the one step beside it: a rod or ring is softer."""
EVEN = 0.6
"""Share of a line's strongest column that the weakest reaches: the middle of a soft line is far brighter."""
STEADY = 3.0
"""A line's strongest piece exceeds its weakest at most so many times; rods and streaks fall off by more."""
SEAM_SIGMA = 0.4
"""Least step of a seam in noise of a pixel, in each piece; set by hand."""
SEAM_REACH_PX = 6
"""Pixels on either side of a seam over which levels are averaged."""
LEAST_PART = 0.1
"""Share of a frame that lies between two seams at least: what is narrower is a band of the sample."""
CELL_PX = 16
"""Edge of the cells in which constant blocks are looked for."""
MOST = 0.5
"""Share of a frame that may be constant: where more is, it is the picture that is flat."""
BUSY = 0.5
"""Share of neighbouring pixels that are equal above which a constant stretch says nothing: sparse counts."""
FULL = 0.95
"""Share of its bounding box that a block fills: detector modules are rectangles, clipped features are not."""
MOST_VALUES = 8
"""Different values of constant blocks that are followed to their edges; set by hand."""
PIXEL_SIGMA = 8.0
"""How far a single pixel stands out from all around it, in noise of a pixel."""
ALONE = 0.4
"""Share of a single pixel's height that its neighbours, but for one of them, stay below."""
MOST_PIXELS = 1e-3
"""Share of single pixels above which they are no defects but what the picture is made of."""


@dataclass(frozen=True)
class Seam:
    """A step between two parts of a detector.

    Attributes
    ----------
    axis
        0 between two rows, 1 between two columns.
    start
        First row or column behind it.
    step
        How much higher the levels are from there on.
    """

    axis: int
    start: int
    step: float


@dataclass(frozen=True, eq=False)
class Defects:
    """What is broken in a frame.

    Attributes
    ----------
    flags
        ``(h, w)``, True where a pixel shows the detector and not the sample.
    seams
        Steps between parts of the detector.
    rows, columns, pixels
        How many lines and single pixels were found.
    blocks
        Pixels in constant blocks.
    """

    flags: BoolArray
    seams: tuple[Seam, ...] = ()
    rows: int = 0
    columns: int = 0
    pixels: int = 0
    blocks: int = 0

    @property
    def sentence(self) -> str:
        """What was found, as ``1 column, 8 rows``; empty if nothing was."""
        counts = (
            (self.rows, "row", "rows"),
            (self.columns, "column", "columns"),
            (self.pixels, "single pixel", "single pixels"),
            (self.blocks, "pixel in constant blocks", "pixels in constant blocks"),
            (len(self.seams), "gain seam", "gain seams"),
        )
        return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)


def find_defects(
    frame: npt.NDArray[Any],
    known: BoolArray | None = None,
    *,
    wide: bool = True,
    pixels: bool = False,
    seams: bool = False,
) -> Defects:
    """Find the defects of a frame ``(h, w)``.

    Parameters
    ----------
    known
        Pixels known to be bad, which do not count; they are not among those found.
    wide
        Look for borders and blocks of one value too; only where the sample itself never is one value.
    pixels
        Look for single pixels too; only for pictures whose features are wider than one.
    seams
        Look for gain seams too; only for pictures without straight edges along rows or columns.
    """
    values = np.asarray(frame, np.float32)
    bad = ~np.isfinite(values)
    if known is not None:
        bad |= known
    if bad.all() or min(values.shape) < 2 * SEGMENTS:
        return Defects(np.zeros(values.shape, bool))
    if bad.any():
        values = np.where(bad, np.median(values[~bad]), values)
    rows, columns = lines(values.T, bad.T, wide).T, lines(values, bad, wide)
    flags = rows | columns
    blocks = constant_blocks(values) & ~flags & ~bad if wide else np.zeros(values.shape, bool)
    flags |= blocks
    single = single_pixels(values, flags | bad) if pixels else np.zeros(values.shape, bool)
    flags |= single
    found = find_seams(values, flags) if seams else ()
    counts = int(rows.any(axis=1).sum()), int(columns.any(axis=0).sum())
    return Defects(flags & ~bad, found, *counts, int(single.sum()), int(blocks.sum()))


def mended(image: FloatImage, defects: Defects, reach_px: float) -> FloatImage:
    """Level the seams of an image ``(h, w)`` and put the mean of `reach_px` around where a defect is.

    What lies under a defect then looks like plain background.
    """
    from scipy.ndimage import uniform_filter

    result = image.astype(np.float32)
    for seam in defects.seams:
        behind = result[seam.start :] if seam.axis == 0 else result[:, seam.start :]
        behind -= np.float32(seam.step)
    bad = defects.flags | ~np.isfinite(result)
    if not bad.any() or bad.all():
        return result
    middle = np.median(result[~bad])
    size = max(9, round(reach_px))
    share = uniform_filter((~bad).astype(np.float32), size, mode="reflect")
    around = uniform_filter(np.where(bad, 0, result - middle), size, mode="reflect")
    level = np.divide(around, share, out=np.zeros_like(around), where=share > 1 / size**2)
    result[bad] = level[bad] + middle
    return result


def lines(values: FloatImage, bad: BoolArray, wide: bool) -> BoolArray:
    """Return which pixels ``(h, w)`` lie in broken columns."""
    flags = np.zeros(values.shape, bool)
    bounds = np.linspace(0, len(values), SEGMENTS + 1).astype(int)
    levels, noise = profiles(values, bounds)
    standing = standing_out(levels, noise)
    half = SEGMENTS // 2
    middle = int(bounds[half])
    first, second = (slice(half), slice(middle)), (slice(half, None), slice(middle, None))
    least = max(LEAST_SIGMA, CERTAIN * 1.25 / np.sqrt(min(SAMPLE, len(values) // SEGMENTS)))
    halves = (first, second) if len(values) >= LEAST_PX else ()
    for part, where in ((slice(None), slice(None)), *halves):
        for start, stop in thin_lines(standing[part], levels[part], least):
            flags[where, start:stop] = True
        flags[where] |= constant_lines(values[where], wide)
    flags[:, bad.all(axis=0)] = False
    return flags


def profiles(values: FloatImage, bounds: npt.NDArray[np.int64]) -> tuple[FloatImage, FloatImage]:
    """Return the median and the noise of a pixel of each column in each piece ``(pieces, w)``."""
    from scipy.ndimage import median_filter

    levels = np.empty((len(bounds) - 1, values.shape[1]), np.float32)
    noise = np.empty_like(levels)
    for index, (start, stop) in enumerate(pairwise(bounds)):
        piece = values[start : stop : max(1, (stop - start) // SAMPLE)]
        levels[index] = np.median(piece, axis=0)
        steps = np.abs(np.diff(piece, axis=1, append=piece[:, -2:-1]))
        spread = np.median(steps, axis=0) / np.float32(0.6745 * np.sqrt(2))
        # Where most neighbours are equal, as in sparse counts, the mean tells more than the median.
        noise[index] = np.maximum(spread, 0.5 * np.minimum(steps, np.quantile(steps, 0.99)).mean(axis=0))
    wide = 2 * min(15, values.shape[1] // 4) + 1
    floor = 0.01 * float(np.quantile(levels, 0.99) - np.quantile(levels, 0.01))
    return levels, np.maximum(median_filter(noise, (1, wide), mode="reflect"), max(floor, 1e-30))


def standing_out(levels: FloatImage, noise: FloatImage) -> FloatImage:
    """Return how far columns lie above both sides, or below (negative), in noise, at any width."""
    best = np.zeros_like(levels)
    for width in range(1, WIDEST_PX + 1):
        wide = np.pad(levels, ((0, 0), (width, width)), mode="reflect")
        left, right = wide[:, : -2 * width], wide[:, 2 * width :]
        above = np.maximum(levels - np.maximum(left, right), 0)
        below = np.minimum(levels - np.minimum(left, right), 0)
        found = (above + below) / noise
        best = np.where(np.abs(found) > np.abs(best), found, best)
    return best


def thin_lines(standing: FloatImage, levels: FloatImage, least: float) -> list[tuple[int, int]]:
    """Return start and stop of the thin, sharp and steady lines among columns ``(pieces, w)``.

    In each piece they stand out by `least` noises of a pixel.
    """
    count = standing.shape[1]
    heights = np.abs(standing)
    same = np.abs(np.sign(standing).sum(axis=0)) == len(standing)
    lowest, mean = heights.min(axis=0), heights.mean(axis=0)
    found = same & (lowest > least) & (mean > LINE_SIGMA)
    kept = []
    for start, stop in runs(found):
        if stop - start > WIDEST_PX:
            continue
        height = levels[:, start:stop].mean(axis=1)
        sides = [
            (levels[:, near], levels[:, far])
            for near, far in ((start - 1, start - 3), (stop, stop + 2))
            if near >= 0 and far >= 0 and near < count and far < count
        ]
        if not sides:
            continue
        base = np.mean([far for _, far in sides], axis=0)
        rise = height - base
        sharp = all(((height - near) / rise).mean() >= SHARP for near, _ in sides if np.all(rise != 0))
        steady = np.abs(rise).max() <= STEADY * np.abs(rise).min() and np.all(rise != 0)
        across = np.abs(levels[:, start:stop].mean(axis=0) - base.mean())
        if sharp and steady and across.min() >= EVEN * across.max():
            kept.append((start, stop))
    return kept


def constant_lines(values: FloatImage, wide: bool) -> BoolArray:
    """Return which columns hold one value, where others do not; broad runs of them only if `wide`."""
    flat: BoolArray = values.min(axis=0) == values.max(axis=0)
    if not flat.any() or flat.mean() > MOST or not is_busy(values[:, ~flat]):
        return np.zeros_like(flat)
    return flat if wide else flat & ~broad(flat)


def broad(flags: BoolArray) -> BoolArray:
    """Return those of the flags ``(w,)`` that stand in runs of more than `WIDEST_PX`."""
    result = np.zeros_like(flags)
    for start, stop in runs(flags):
        result[start:stop] = stop - start > WIDEST_PX
    return result


def runs(flags: BoolArray) -> list[tuple[int, int]]:
    """Return start and stop of each run of flags ``(w,)``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def is_busy(values: FloatImage) -> bool:
    """Whether neighbouring pixels differ, so that a constant stretch must be a defect."""
    sample = values[:: max(1, len(values) // 256)]
    return bool(sample.shape[1] > 1 and (np.diff(sample, axis=1) == 0).mean() < BUSY)


def constant_blocks(values: FloatImage) -> BoolArray:
    """Return the pixels of rectangles of one value, and of the lowest value where it touches the edge."""
    from scipy.ndimage import find_objects, label

    flags = np.zeros(values.shape, bool)
    rows, columns = (length // CELL_PX for length in values.shape)
    if not rows or not columns:
        return flags
    cells = values[: rows * CELL_PX, : columns * CELL_PX].reshape(rows, CELL_PX, columns, CELL_PX)
    lowest = cells.min(axis=(1, 3))
    flat = lowest == cells.max(axis=(1, 3))
    if not flat.any() or flat.mean() > MOST:
        return flags
    alive = cells.transpose(0, 2, 1, 3)[~flat]
    if (np.diff(alive[:: max(1, len(alive) // 1000)], axis=2) == 0).mean() > BUSY:
        return flags
    bottom = values.min()
    for value in np.unique(lowest[flat])[:MOST_VALUES]:
        seeds = CELL_PX * np.argwhere(flat & (lowest == value))
        # A block ends less than a cell beyond the cells that it fills.
        top, left = np.maximum(seeds.min(axis=0) - CELL_PX, 0)
        below, right = seeds.max(axis=0) + 2 * CELL_PX
        near = flags[top:below, left:right]
        groups, _ = label(values[top:below, left:right] == value)
        boxes = find_objects(groups)
        for number in np.unique(groups[tuple((seeds - (top, left)).T)]):
            box = boxes[number - 1]
            group = groups[box] == number
            starts = box[0].start + top, box[1].start + left
            ends = box[0].stop + top, box[1].stop + left
            at_edge = 0 in starts or any(map(int.__eq__, map(int, ends), values.shape))
            if group.mean() >= FULL or (at_edge and value == bottom):
                near[box] |= group
    return flags


def single_pixels(values: FloatImage, bad: BoolArray) -> BoolArray:
    """Return the pixels that stand far out from all around them."""
    flags = np.zeros(values.shape, bool)
    wide = np.pad(values, 1, mode="reflect")
    sides = (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
    away = np.abs(values - sum(sides[1:], sides[0]) / 4)
    noise = float(np.median(away[:: max(1, len(away) // 512)])) / (0.6745 * np.sqrt(1.25))
    rows, columns = np.nonzero((away > PIXEL_SIGMA * noise) & ~bad)
    if noise == 0 or not len(rows) or len(rows) > 20 * MOST_PIXELS * values.size:
        return flags
    offsets = [(down, right) for down in range(3) for right in range(3) if (down, right) != (1, 1)]
    around = np.stack([wide[rows + down, columns + right] for down, right in offsets])
    middle = np.median(around, axis=0)
    height = np.abs(values[rows, columns] - middle)
    others = np.sort(np.abs(around - middle), axis=0)[-2]
    alone = (height > PIXEL_SIGMA * noise) & (others < ALONE * height)
    if alone.sum() <= MOST_PIXELS * values.size:
        flags[rows[alone], columns[alone]] = True
    return flags


def find_seams(values: FloatImage, bad: BoolArray) -> tuple[Seam, ...]:
    """Find straight steps of one height over the whole frame, between columns and between rows."""
    return tuple(
        Seam(axis, start, step)
        for axis, picture, part in ((1, values, bad), (0, values.T, bad.T))
        for start, step in steps_between(picture, part.mean(axis=0) > 1 / SEGMENTS)
    )


def steps_between(values: FloatImage, broken: npt.NDArray[np.bool_]) -> list[tuple[int, float]]:
    """Return first column and height of the steps between columns, of which some may be `broken`."""
    bounds = np.linspace(0, len(values), SEGMENTS + 1).astype(int)
    levels, noise = profiles(values, bounds)
    reach, count = SEAM_REACH_PX, levels.shape[1]
    if count < 4 * reach or broken.all():
        return []
    places = np.arange(count)
    for piece in levels:
        piece[broken] = np.interp(places[broken], places[~broken], piece[~broken])
    sums = np.cumsum(np.pad(levels, ((0, 0), (1, 0))).astype(np.float64), axis=1)
    means = (sums[:, reach:] - sums[:, :-reach]) / reach
    # `steps[:, n]` is between columns `n + reach - 1` and `n + reach`.
    steps = means[:, reach:] - means[:, :-reach]
    starts = np.arange(steps.shape[1]) + reach
    jump = levels[:, starts] - levels[:, starts - 1]
    same = np.abs(np.sign(steps).sum(axis=0)) == SEGMENTS
    strong = (np.abs(steps) / noise[:, starts]).min(axis=0) > SEAM_SIGMA
    height = np.abs(steps.mean(axis=0))
    sharp = np.abs(jump.mean(axis=0)) >= SHARP * height
    steady = np.abs(steps).max(axis=0) <= STEADY * np.abs(steps).min(axis=0)
    found: list[tuple[int, float]] = []
    last = -reach
    for index in np.flatnonzero(same & strong & sharp & steady):
        near = slice(max(0, index - reach), index + reach + 1)
        if height[index] == height[near].max() and starts[index] - last >= reach:
            last = int(starts[index])
            found.append((last, float(steps[:, index].mean())))
    edges = np.array([0, *(start for start, _ in found), count])
    parts = np.diff(edges) >= LEAST_PART * count
    return [
        seam for seam, before, after in zip(found, parts[:-1], parts[1:], strict=True) if before and after
    ]
