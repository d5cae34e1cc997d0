"""Detectors: where their gaps are, what a photon becomes, and what is wrong with single pixels.

Five families, each with its own seams, gaps and noise. All frames have one size, as if cut from the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Family = Literal["rayonix", "pilatus", "eiger", "jungfrau", "cspad"]
FAMILIES: tuple[Family, ...] = ("rayonix", "pilatus", "eiger", "jungfrau", "cspad")
HELD_FAMILY: Family = "cspad"
"""Never trained on: tells how the network fares on a detector that it has not seen."""


@dataclass(frozen=True)
class DetectorKind:
    """What is typical of a family.

    Attributes
    ----------
    pixels_mm
        Edges of a pixel that occur.
    adu
        Smallest and largest number of grey levels that a photon makes.
    read
        Smallest and largest read-out noise in grey levels.
    pixel_gain
        Smallest and largest relative gain error of pixels: fresh and stale calibrations both occur.
    panel_gain
        Relative gain error of panels.
    common_mode
        Whether the pixels of a chip share a part of their read-out noise.
    smoothed
        Whether neighbouring pixels share their noise (phosphor, distortion correction).
    ceiling
        Largest grey level.
    gap_value
        What stands in gaps and behind the edge.
    """

    pixels_mm: tuple[float, ...]
    adu: tuple[float, float]
    read: tuple[float, float]
    pixel_gain: tuple[float, float]
    panel_gain: float
    common_mode: bool
    smoothed: bool
    ceiling: int
    gap_value: int


RAYONIX_PIXELS_MM = (0.1770833, 0.0885417)
"""Edges of a pixel in mm, binned 4 x 4 and 2 x 2."""
KINDS: dict[Family, DetectorKind] = {
    "rayonix": DetectorKind(
        RAYONIX_PIXELS_MM, (0.4, 1.6), (0.8, 5.0), (0.002, 0.012), 0.015, False, True, 65_535, 0
    ),
    "pilatus": DetectorKind(
        (0.172,), (1.0, 1.0), (0.0, 0.0), (0.001, 0.010), 0.005, False, False, 1_000_000, -1
    ),
    "eiger": DetectorKind(
        (0.075,), (1.0, 1.0), (0.0, 0.0), (0.002, 0.020), 0.01, False, False, 1_000_000, -1
    ),
    "jungfrau": DetectorKind(
        (0.075,), (6.0, 20.0), (1.0, 6.0), (0.005, 0.030), 0.01, True, False, 100_000, 0
    ),
    "cspad": DetectorKind((0.110,), (6.0, 30.0), (3.0, 8.0), (0.020, 0.020), 0.02, True, False, 16_383, 0),
}


@dataclass(frozen=True)
class Detector:
    """One detector, the same in every frame of a run.

    Attributes
    ----------
    family, pixel_mm, adu, read
        As drawn from `KINDS`.
    gap
        ``(h, w)`` where nothing is recorded.
    gain
        ``(h, w)`` relative sensitivity, with the area of wide pixels in it.
    panel
        ``(h, w)`` number of the read-out chip, for common-mode noise.
    hot
        ``(n, 2)`` rows and columns of hot and warm pixels, and their `heat` ``(n,)`` in grey levels.
    """

    family: Family
    pixel_mm: float
    adu: float
    read: float
    gap: npt.NDArray[np.bool_]
    gain: npt.NDArray[np.float32]
    panel: npt.NDArray[np.int16]
    hot: npt.NDArray[np.int64]
    heat: npt.NDArray[np.float32]

    @property
    def kind(self) -> DetectorKind:
        """What is typical of its family."""
        return KINDS[self.family]


def make_detector(family: Family, size_px: int, rng: np.random.Generator, hot: int) -> Detector:
    """Draw a detector of a family, with about `hot` hot pixels."""
    kind = KINDS[family]
    gap, panel, area = LAYOUTS[family](size_px, rng)
    count = int(panel.max()) + 1
    panel_gain = 1 + rng.normal(0, kind.panel_gain, count).astype(np.float32)
    error = np.float32(np.exp(rng.uniform(*np.log(kind.pixel_gain))))
    gain = 1 + error * rng.standard_normal((size_px, size_px), np.float32)
    gain *= panel_gain[panel] * area
    bad = rng.integers(0, size_px, size=(int(rng.poisson(hot)), 2))
    adu = float(np.exp(rng.uniform(*np.log(kind.adu))))
    return Detector(
        family=family,
        pixel_mm=float(rng.choice(kind.pixels_mm)),
        adu=adu,
        read=float(rng.uniform(*kind.read)),
        gap=gap,
        gain=gain.astype(np.float32),
        panel=panel,
        hot=bad,
        heat=(adu * np.exp(rng.uniform(np.log(15), np.log(2e4), len(bad)))).astype(np.float32),
    )


Layout = tuple[npt.NDArray[np.bool_], npt.NDArray[np.int16], npt.NDArray[np.float32]]


def tiled(size_px: int, rng: np.random.Generator, module: tuple[int, int], gaps: tuple[int, int]) -> Layout:
    """Lay modules ``(h, w)`` with gaps between them, shifted at random against the frame."""
    inside, number = [], []
    for edge, gap in zip(module, gaps, strict=True):
        place = np.arange(size_px) + int(rng.integers(edge + gap))
        inside.append(place % (edge + gap) < edge)
        number.append(place // (edge + gap))
    panel = number[0][:, None] * (number[1].max() + 1) + number[1]
    open_ = inside[0][:, None] & inside[1]
    return ~open_, panel.astype(np.int16), np.ones((size_px, size_px), np.float32)


def rayonix(size_px: int, rng: np.random.Generator) -> Layout:
    """Lay out 4 x 4 tapers that meet at seams; the outermost pixels are junk."""
    edge = size_px // 4
    row = np.minimum(np.arange(size_px) // edge, 3)
    panel = (row[:, None] * 4 + row).astype(np.int16)
    return np.zeros((size_px, size_px), bool), panel, np.ones((size_px, size_px), np.float32)


def pilatus(size_px: int, rng: np.random.Generator) -> Layout:
    """Lay out modules of 195 x 487 with gaps of 17 and 7 px."""
    return tiled(size_px, rng, (195, 487), (17, 7))


def eiger(size_px: int, rng: np.random.Generator) -> Layout:
    """Lay out modules of 514 x 1030 with gaps of 37 and 10 px."""
    return tiled(size_px, rng, (514, 1030), (37, 10))


def jungfrau(size_px: int, rng: np.random.Generator) -> Layout:
    """Lay out modules of 514 x 1030 whose chips of 256 have pixels of double size at their edges."""
    gap, panel, area = tiled(size_px, rng, (514, 1030), (36, 8))
    for axis in (0, 1):
        place = (np.arange(size_px) + int(rng.integers(258))) % 258
        double = (place == 256) | (place == 257)
        area *= np.expand_dims(np.where(double, 1.5, 1.0), 1 - axis).astype(np.float32)
    return gap, panel, area


def cspad(size_px: int, rng: np.random.Generator) -> Layout:
    """Lay out four quadrants of eight panels of 185 x 388, the quadrants shifted around a central hole."""
    gap = np.ones((size_px, size_px), bool)
    panel = np.zeros((size_px, size_px), np.int16)
    area = np.ones((size_px, size_px), np.float32)
    hole = int(rng.integers(10, 40))
    middle, number = size_px // 2, 1
    for quadrant in range(4):
        block = np.zeros((4 * 203, 2 * 415), np.int16)
        wide = np.ones(block.shape, np.float32)
        for row in range(4):
            for column in range(2):
                top = row * 203 + int(rng.integers(0, 6))
                left = column * 415 + int(rng.integers(0, 8))
                # Two chips of 194 columns; the pixels where they meet are 2.5 times as wide.
                for chip in range(2):
                    block[top : top + 185, left + 194 * chip : left + 194 * (chip + 1)] = number
                    number += 1
                wide[top : top + 185, left + 193 : left + 195] = 2.5
        block, wide = np.rot90(block, quadrant), np.rot90(wide, quadrant)
        up, to_left = quadrant in (0, 1), quadrant in (0, 3)
        height, width = block.shape
        shift = int(rng.integers(0, 12))
        y = middle - hole - height + shift if up else middle + hole - shift
        x = middle - hole - width - shift if to_left else middle + hole + shift
        rows, columns = slice(max(y, 0), min(y + height, size_px)), slice(max(x, 0), min(x + width, size_px))
        part = (
            slice(rows.start - y, rows.stop - y),
            slice(columns.start - x, columns.stop - x),
        )
        free = block[part] > 0
        panel[rows, columns][free] = block[part][free]
        area[rows, columns][free] = wide[part][free]
        gap[rows, columns][free] = False
    return gap, panel, area


LAYOUTS: dict[Family, Callable[[int, np.random.Generator], Layout]] = {
    "rayonix": rayonix,
    "pilatus": pilatus,
    "eiger": eiger,
    "jungfrau": jungfrau,
    "cspad": cspad,
}


def read_out(
    photons: npt.NDArray[np.float32], detector: Detector, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Turn expected photons ``(h, w)`` into grey levels: count, blur, gain, offset, read-out noise.

    The blur comes after the counting, as it does in a phosphor, so that neighbours share their noise.
    Gaps are set by the caller, who may add what happens after the read-out.
    """
    counts = count_photons(photons, rng)
    if detector.kind.smoothed:
        counts = blur(counts)
    levels = counts * (detector.gain * np.float32(detector.adu))
    if detector.read:
        levels += np.float32(detector.read) * rng.standard_normal(levels.shape, np.float32)
    if detector.kind.common_mode:
        common = rng.normal(0, detector.read, int(detector.panel.max()) + 1).astype(np.float32)
        levels += common[detector.panel]
    return levels


def count_photons(photons: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw Poisson counts; above 40 photons the normal distribution is as good and much faster."""
    normal = rng.standard_normal(photons.shape, np.float32)
    counts = np.rint(photons + np.sqrt(photons) * normal)
    few = photons < 40
    if few.any():
        counts[few] = rng.poisson(photons[few])
    return np.maximum(counts, 0, out=counts)


def blur(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Share 15 % of a pixel with each neighbour along rows and along columns."""
    for axis in (0, 1):
        image = np.swapaxes(image, 0, axis)
        mixed = 0.70 * image
        mixed[1:] += 0.15 * image[:-1]
        mixed[:-1] += 0.15 * image[1:]
        mixed[0] += 0.15 * image[0]
        mixed[-1] += 0.15 * image[-1]
        image = np.swapaxes(mixed, 0, axis)
    return image.astype(np.float32, copy=False)
