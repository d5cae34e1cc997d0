"""The rule for diffraction frames: subtract the local background, divide by the local noise, then asinh.

Background and noise are measured in blocks of 8 x 8 px, made robust by the median of 3 x 3 blocks and
joined linearly, so that a whole frame and one of its tiles are treated by the same rule; only along a lone
tile's border do they differ, where the frame has neighbours and the tile has none. ``asinh`` is linear for
noise and logarithmic for spots, so that neither weak nor strong ones drown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_sciml.core.no_pixel import find_no_pixels
from napari_sciml.networks.normalise.pixels import FloatArray, check_pixels

BoolArray = npt.NDArray[np.bool_]
BLOCK_PX = 8
"""Edge in pixels of the blocks of which background and noise are read; set by hand."""
LEAST_PIXELS = 16
"""Live pixels, of 64, below which a block takes the levels of its nearest neighbour; set by hand."""
FLOOR = 0.3
"""Lowest noise, in steps of the grey levels: what rounding alone makes (1/sqrt(12))."""
CHUNK = 128
"""Images that are normalised at once: bounds memory, changes no value."""


@dataclass(frozen=True)
class LocalNoise:
    """The rule as a `Normalisation`."""

    tag: ClassVar[str] = "local-noise"
    sentence: ClassVar[str] = (
        "each pixel is compared with the background and noise around it (blocks of 8 px), then asinh"
    )

    def apply(self, images: npt.NDArray[Any]) -> FloatArray:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        check_pixels(images)
        height, width = images.shape[1:]
        extra = (0, 0), (0, -height % BLOCK_PX), (0, -width % BLOCK_PX)
        result = np.empty(images.shape, np.float32)
        for first in range(0, len(images), CHUNK):
            chunk = np.pad(images[first : first + CHUNK], extra, mode="edge")
            dead = dead_pixels(chunk)
            pixels = chunk.astype(np.float32)
            levels = measure_levels(pixels, dead, grain(chunk))
            scaled = levels.scale(pixels, dead)
            result[first : first + CHUNK] = scaled[:, :height, :width]
        return result


@dataclass(frozen=True)
class Levels:
    """Background and noise of each 8 x 8 block, ``(..., h/8, w/8)``, in grey levels of a pixel.

    `residual` ``(..., h/2, w/2)`` is the mean of each 2 x 2 px above the background, 0 where dead.
    """

    background: FloatArray
    noise: FloatArray
    residual: FloatArray

    def sigmas(self, pixels: FloatArray, dead: BoolArray | None) -> FloatArray:
        """Return ``(pixel - background) / noise``; dead pixels become 0."""
        sigmas = pixels - enlarge(self.background, BLOCK_PX)
        sigmas /= enlarge(self.noise, BLOCK_PX)
        if dead is not None:
            sigmas[dead] = 0
        return sigmas

    def scale(self, pixels: FloatArray, dead: BoolArray | None) -> FloatArray:
        """Return the ``asinh`` of `sigmas`."""
        scaled = self.sigmas(pixels, dead)
        np.arcsinh(scaled, out=scaled)
        return scaled


def measure_levels(pixels: FloatArray, dead: BoolArray | None, grain: float = 1.0) -> Levels:
    """Measure images ``(..., h, w)`` whose edges are multiples of 8; `grain` is the step of grey levels.

    Dead pixels are set to 0 in `pixels`, in place: copying a large frame would cost too much.
    """
    if dead is None:
        fine = pool2(pixels)
        live = None
    else:
        live = LivePixels.without(dead)
        pixels[dead] = 0
        fine = pool2(pixels)
        np.divide(fine, live.share, out=fine, where=live.share > 0)
    background = median9(block_means(fine, live))
    residual = fine - enlarge(background, BLOCK_PX // 2)
    if live is not None:
        residual[live.share == 0] = 0
    variance = median9(block_variances(residual, live))
    # The mean of four pixels has half the noise of one.
    noise = np.maximum(2 * np.sqrt(variance), np.float32(FLOOR * grain))
    return Levels(background, noise, residual)


@dataclass(frozen=True)
class LivePixels:
    """How much of an image was recorded.

    Attributes
    ----------
    share
        ``(..., h/2, w/2)`` of each 2 x 2 px.
    weight
        ``(..., h/8, w/8)`` of each block.
    """

    share: FloatArray
    weight: FloatArray

    @classmethod
    def without(cls, dead: BoolArray) -> LivePixels:
        """Count what is not dead."""
        share = 1 - count2(dead) * np.float32(0.25)
        return cls(share, pool2(pool2(share)))

    @property
    def enough(self) -> BoolArray:
        """Blocks that can be measured by themselves."""
        return np.asarray(self.weight >= LEAST_PIXELS / BLOCK_PX**2)

    def fill(self, values: FloatArray) -> FloatArray:
        """Fill blocks with too few pixels with the value of the nearest with enough, in place."""
        planes, flags = (part.reshape(-1, *part.shape[-2:]) for part in (values, self.enough))
        for plane, known in zip(planes, flags, strict=True):
            if known.any() and not known.all():
                plane[...] = plane[nearest_known(known.tobytes(), known.shape)]
        return values


@lru_cache(maxsize=4)
def nearest_known(known: bytes, shape: tuple[int, int]) -> tuple[npt.NDArray[np.int32], ...]:
    """Return row and column of the nearest known block for each ``(h/8, w/8)``; frames of a run share it."""
    from scipy.ndimage import distance_transform_edt

    unknown = ~np.frombuffer(known, bool).reshape(shape)
    return tuple(distance_transform_edt(unknown, return_distances=False, return_indices=True))


def block_variances(residual: FloatArray, live: LivePixels | None) -> FloatArray:
    """Return the variance of each 4 x 4 elements about the plane through them.

    Without the plane, the flank of a beam or of a ring would count as noise and drown the spots on it.
    Blocks with dead elements are taken about zero.
    """
    blocks = residual.reshape(*residual.shape[:-2], residual.shape[-2] // 4, 4, residual.shape[-1] // 4, 4)
    rows = [blocks[..., k, :, :] for k in range(4)]
    columns = rows[0] + rows[1] + rows[2] + rows[3]
    down = 1.5 * (rows[3] - rows[0]) + 0.5 * (rows[2] - rows[1])
    total = columns.sum(axis=-1)
    across = 1.5 * (columns[..., 3] - columns[..., 0]) + 0.5 * (columns[..., 2] - columns[..., 1])
    square = block_means(residual**2, live)
    # Sixteen elements less the three numbers of a plane; (+-0.5, +-1.5)^2 over four rows sum to 20.
    plane = total**2 / 16 + (across**2 + down.sum(axis=-1) ** 2) / 20
    about = np.maximum((16 * square - plane) / 13, 0)
    if live is None:
        return np.asarray(about, np.float32)
    return np.asarray(np.where(live.weight == 1, about, square), np.float32)


def dead_pixels(images: npt.NDArray[Any]) -> BoolArray | None:
    """Return which pixels of images ``(n, h, w)`` were never recorded, or None if all were.

    Those of `core.no_pixel`, and zeros where hardly any other pixel comes near zero.
    """
    dead = np.zeros(images.shape, bool)
    for image, gone in zip(images, dead, strict=True):
        if (found := find_no_pixels(image)) is not None:
            gone |= found.flags
        zeros = image == 0
        if zeros.any() and zeros_are_dead(image, gone):
            gone |= zeros
    return dead if dead.any() else None


def zeros_are_dead(image: npt.NDArray[Any], dead: BoolArray) -> bool:
    """Return whether the zeros of an image ``(h, w)`` stand alone: nine in ten others are above eight."""
    step = max(1, image.shape[0] // 64)
    sample = image[::step, ::step][~dead[::step, ::step]]
    counted = np.sort(sample[sample != 0])
    return bool(len(counted)) and bool(counted[len(counted) // 10] > 8)


def grain(images: npt.NDArray[Any]) -> float:
    """Return the step between neighbouring grey levels: 1 for integers, the smallest seen for floats."""
    if images.dtype.kind in "bui":
        return 1.0
    step = max(1, images.size // 4000)
    levels = np.unique(np.asarray(images, np.float64).ravel()[::step])
    steps = np.diff(levels[np.isfinite(levels)])
    return float(steps.min()) if len(steps) else 1.0


def pool2(image: npt.NDArray[Any]) -> FloatArray:
    """Return the mean of each 2 x 2 px of images ``(..., h, w)``."""
    rows = image[..., 0::2, :] + image[..., 1::2, :]
    return np.asarray((rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25), np.float32)


def count2(flags: BoolArray) -> FloatArray:
    """Count the flags in each 2 x 2 px of ``(..., h, w)``."""
    small = flags.view(np.uint8)
    rows = small[..., 0::2, :] + small[..., 1::2, :]
    return (rows[..., 0::2] + rows[..., 1::2]).astype(np.float32)


def block_means(fine: FloatArray, live: LivePixels | None) -> FloatArray:
    """Average 4 x 4 elements, weighted by what lives; blocks too empty take their neighbour's."""
    if live is None:
        return pool2(pool2(fine))
    total = pool2(pool2(fine * live.share))
    means = np.divide(total, live.weight, out=np.zeros_like(total), where=live.enough)
    return live.fill(means)


def enlarge(blocks: FloatArray, factor: int) -> FloatArray:
    """Join blocks ``(..., h, w)`` linearly into ``(..., h * factor, w * factor)``."""
    for axis in (-2, -1):
        along = np.moveaxis(blocks, axis, 0)
        before = np.concatenate([along[:1], along[:-1]])
        after = np.concatenate([along[1:], along[-1:]])
        out = np.empty((len(along), factor, *along.shape[1:]), np.float32)
        for step in range(factor):
            away = np.float32((step + 0.5) / factor - 0.5)
            other = before if away < 0 else after
            out[:, step] = along + abs(away) * (other - along)
        blocks = np.moveaxis(out.reshape(len(along) * factor, *along.shape[1:]), 0, axis)
    return np.ascontiguousarray(blocks)


# Compare-exchange pairs that leave the median of nine in the middle (Paeth 1990).
MEDIAN9 = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8)),
    *((0, 3), (5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)


def median9(blocks: FloatArray) -> FloatArray:
    """Return the median of each 3 x 3 neighbourhood of ``(..., h, w)``; the border is repeated."""
    edges = [(0, 0)] * (blocks.ndim - 2) + [(1, 1), (1, 1)]
    wide = np.pad(blocks, edges, mode="edge")
    height, width = blocks.shape[-2:]
    sorted_: list[FloatArray] = [
        wide[..., dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)
    ]
    for low, high in MEDIAN9:
        a, b = sorted_[low], sorted_[high]
        sorted_[low], sorted_[high] = np.minimum(a, b), np.maximum(a, b)
    return sorted_[4]
