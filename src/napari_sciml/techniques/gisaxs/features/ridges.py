"""Ridges: what stands out across a family of curves and goes on along them.

An image is summed up in a table: bins across the curves (the radius of circles, the place of lines) and
segments along them. A ridge is a run of segments that all stand out in the same bin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.local_contrast import Bools, Floats, LogImage

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SIZES = (1.0, 1.7, 2.9, 5.0)
"""Standard deviations of ridges that are looked for, in bins (pixels), each 1.7 times the last."""
SECTOR_DEG = 6.0
"""Degrees of a circle that are averaged before an arc is looked for along it."""
SEGMENTS = 24
"""Pieces into which a line across the image is cut before a ridge is looked for along it."""
ENOUGH, BOUND = 2.0, 6.0
"""What a segment must stand out by to carry a run, in standard deviations, and how much it can count."""
LEAST_SUM = 8.0
"""Sum of the excess along a ridge from which it is one, in standard deviations."""
FEWEST = 4
"""Segments or sectors that a ridge has at least; fewer are none."""
LEAST_HEIGHT = 0.03
"""Height of a ridge above both sides at least, in logarithms of the intensity."""


@dataclass(frozen=True)
class Family:
    """Curves of one kind in an image.

    Attributes
    ----------
    name
        ``circle``, ``upright`` or ``flat``.
    across, along
        ``(rows, columns)`` bin and segment of every pixel; -1 for none.
    bins, segments
        Their numbers.
    first, step
        Middle of bin 0 in 1/nm, and from bin to bin (negative where it falls).
    start, stride
        Beginning of segment 0 and length of a segment, 1/nm or degrees.
    """

    name: str
    across: Ints
    along: Ints
    bins: int
    segments: int
    first: float
    step: float
    start: float
    stride: float


@dataclass(frozen=True)
class Table:
    """Mean and its variance in each segment and bin, and the number of pixels; ``(segments, bins)``."""

    mean: Array
    variance: Array
    number: Array


@dataclass(frozen=True)
class Run:
    """A ridge: its bin and size in bins, first and last segment, how sure, and which share is seen."""

    bin: int
    size: float
    first: int
    last: int
    total: float
    strength: float
    share: float
    measured: int


def families(image: LogImage) -> tuple[Family, ...]:
    """Lay circles around q = 0, upright and flat lines over an image."""
    rows, columns = image.values.shape
    y, z = np.broadcast_arrays(image.q_y[None, :], image.q_z[:, None])
    step = max(image.step_y, image.step_z)
    radius = np.rint(np.hypot(y, z) / step).astype(np.int64)
    angle = np.degrees(np.arctan2(z, y))
    lowest = SECTOR_DEG * math.floor(float(angle.min()) / SECTOR_DEG)
    sector = ((angle - lowest) / SECTOR_DEG).astype(np.int64)
    # Close to the middle a sector is narrower than a pixel.
    sector = np.where(radius >= 8, sector, -1)
    row, column = np.mgrid[:rows, :columns]
    tall, long = rows / SEGMENTS, columns / SEGMENTS
    return (
        Family("circle", radius, sector, int(radius.max()) + 1, int(sector.max()) + 1, 0.0, step, lowest,
               SECTOR_DEG),
        Family("upright", column, (row / tall).astype(np.int64), columns, SEGMENTS, image.qy, image.step_y,
               image.qz, -tall * image.step_z),
        Family("flat", row, (column / long).astype(np.int64), rows, SEGMENTS, image.qz, -image.step_z,
               image.qy, long * image.step_y),
    )  # fmt: skip


def tabulate(family: Family, values: Floats, variance: Floats, free: Bools) -> Table:
    """Average the pixels that are `free` in every segment and bin."""
    used = free & (family.along >= 0)
    place = family.along[used] * family.bins + family.across[used]
    size = family.segments * family.bins

    def total(weights: Array | Floats | None) -> Array:
        return np.bincount(place, weights, size).reshape(family.segments, family.bins).astype(np.float64)

    number = total(None)
    safe = np.maximum(number, 1)
    return Table(total(values[used]) / safe, total(variance[used]) / safe**2, number)


def stand_out(table: Table, size: float) -> tuple[Array, Bools]:
    """Return by how many deviations each cell stands out from both sides, and where that is known.

    A step has only one lower side, and what borders on a gap has only one side at all: neither is a ridge.
    """
    from scipy.ndimage import convolve1d

    seen = (table.number > 0).astype(np.float64)
    half, near, far = round(0.8 * size), math.ceil(2.2 * size), math.ceil(4.2 * size)
    ticks = np.arange(-far, far + 1)
    parts = []
    for window in (np.abs(ticks) <= half, (ticks <= -near), (ticks >= near)):
        # Correlation, not convolution: the kernel is turned.
        kernel = window[::-1].astype(np.float64)
        count = convolve1d(seen, kernel, axis=1, mode="constant")
        safe = np.maximum(count, 1)
        mean = convolve1d(table.mean * seen, kernel, axis=1, mode="constant") / safe
        spread = convolve1d(table.variance * seen, kernel, axis=1, mode="constant") / safe**2
        parts.append((mean, spread, count >= 0.6 * window.sum()))
    (top, top_spread, top_seen), (left, left_spread, left_seen), (right, right_spread, right_seen) = parts
    height = top - 0.5 * (left + right)
    known = top_seen & left_seen & right_seen
    ridge = (np.minimum(top - left, top - right) > 0.3 * height) & (height >= LEAST_HEIGHT)
    sure = height / np.sqrt(top_spread + 0.25 * (left_spread + right_spread) + 1e-12)
    return np.where(known & ridge, sure, 0), known


def best_run(sure: Array, known: Bools, size: float) -> Run | None:
    """Find the run of segments, in one bin, whose excess over `ENOUGH` sums up to the most."""
    gain = np.where(known, np.minimum(sure, BOUND) - ENOUGH, 0.0)
    bins = np.arange(gain.shape[1])
    current, begin = np.zeros(len(bins)), np.zeros(len(bins), np.int64)
    best, first, last = np.zeros(len(bins)), np.zeros(len(bins), np.int64), np.zeros(len(bins), np.int64)
    for n, row in enumerate(gain):
        fresh = current <= 0
        begin = np.where(fresh, n, begin)
        current = np.where(fresh, 0, current) + row
        better = current > best
        best = np.where(better, current, best)
        first, last = np.where(better, begin, first), np.where(better, n, last)
    for where in np.argsort(-best)[:12]:
        if best[where] < LEAST_SUM:
            return None
        part = slice(int(first[where]), int(last[where]) + 1)
        carried = (sure[part, where] >= ENOUGH) & known[part, where]
        seen = int(known[part, where].sum())
        if carried.sum() >= FEWEST and carried.sum() >= 0.7 * seen and seen >= 0.5 * len(carried):
            total = float(sure[part, where][known[part, where]].sum() / math.sqrt(seen))
            measured = int(known[:, where].sum())
            share = float(carried.sum()) / max(measured, 1)
            return Run(
                int(where), size, part.start, part.stop - 1, float(best[where]), total, share, measured
            )
    return None


def best_ridge(family: Family, table: Table) -> Run | None:
    """Find the best ridge of a family at any size."""
    runs = [best_run(*stand_out(table, size), size) for size in SIZES]
    found = [run for run in runs if run is not None]
    return max(found, key=lambda run: (round(run.total, 1), run.strength), default=None)
