"""A classical peak finder as the baseline: the idea of Cheetah's peakfinder8, written from its description.

Mean and sigma of each ring of pixels around the beam, found in a few rounds without the pixels that stick
out; pixels above are joined to peaks, which must stand out from the ring of pixels around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ROUNDS = 5
"""Rounds in which pixels far above the mean of their radius are left out of it."""
RING_PX = 3
"""Half width in pixels of the box about a peak; its background is taken around twice that."""


@dataclass(frozen=True)
class RadialFinder:
    """Finds peaks in frames with one beam centre.

    Attributes
    ----------
    center
        Direct beam (row, column).
    snr
        Threshold of a pixel, and of a peak's sum.
    least, most
        Fewest and most pixels of a peak.
    """

    center: tuple[float, float]
    snr: float = 5.0
    least: int = 2
    most: int = 200

    def find(self, frame: npt.NDArray[Any], dead: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the centres ``(n, 2)`` of the peaks of a frame; `dead` pixels are left out."""
        from scipy import ndimage

        pixels = frame.astype(np.float64)
        mean, sigma, ring = self._radial(pixels, ~dead)
        bright = (pixels > (mean + self.snr * sigma)[ring]) & ~dead
        labels, count = ndimage.label(bright, np.ones((3, 3)))
        if not count:
            return np.empty((0, 2))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        kept = []
        for number, where in enumerate(ndimage.find_objects(labels), start=1):
            if self.least <= sizes[number - 1] <= self.most:
                peak = self._check(pixels, bright, dead, labels, number, where)
                if peak is not None:
                    kept.append(peak)
        return np.asarray(kept).reshape(-1, 2)

    def _radial(
        self, pixels: npt.NDArray[np.float64], good: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        y, x = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
        ring = np.rint(np.hypot(y - self.center[0], x - self.center[1])).astype(np.int64)
        count = int(ring.max()) + 1
        used = good.copy()
        for _ in range(ROUNDS):
            number = np.maximum(np.bincount(ring[used], minlength=count), 1)
            mean = np.bincount(ring[used], pixels[used], count) / number
            square = np.bincount(ring[used], pixels[used] ** 2, count) / number
            sigma = np.sqrt(np.maximum(square - mean**2, 0))
            used = good & (np.abs(pixels - mean[ring]) <= (self.snr * sigma)[ring])
        return mean, sigma, ring

    def _check(
        self,
        pixels: npt.NDArray[np.float64],
        bright: npt.NDArray[np.bool_],
        dead: npt.NDArray[np.bool_],
        labels: npt.NDArray[np.int32],
        number: int,
        where: tuple[slice, slice],
    ) -> tuple[float, float] | None:
        reach = 2 * RING_PX
        box = tuple(
            slice(max(part.start - reach, 0), min(part.stop + reach, size))
            for part, size in zip(where, pixels.shape, strict=True)
        )
        own, near = labels[box] == number, pixels[box]
        around = ~bright[box] & ~dead[box]
        if around.sum() < 10:
            return None
        level, spread = near[around].mean(), near[around].std()
        above = near[own] - level
        if above.sum() < self.snr * spread or near[own].max() <= near[around].max():
            return None
        rows, columns = np.nonzero(own)
        total = above.sum()
        return (
            float((rows * above).sum() / total + box[0].start),
            float((columns * above).sum() / total + box[1].start),
        )
