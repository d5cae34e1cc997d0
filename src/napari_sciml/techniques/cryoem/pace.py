"""How long a run over micrographs will take and how much memory: a measured rate, bettered by each run."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.scale import PickScale

FEATURES_BYTES = 500
"""Bytes for each pixel of the network's image: what its layers hold at once."""
MASK_BYTES = 0.25
TILE_PIXELS = 1136**2


@dataclass
class Pace:
    """Seconds for a megapixel of the micrograph and of the network's image, learnt from the last run."""

    seconds_per_raw_megapixel: float = 0.03
    seconds_per_network_megapixel: float = 1.2

    def learn(self, done: int, raw: float, small: float, seconds: float) -> None:
        """Remember how long micrographs of `raw` and `small` megapixels took; short runs say little."""
        if seconds > 1.0 and done > 0:
            expected = self.estimate(done, raw, small)
            factor = seconds / expected
            self.seconds_per_raw_megapixel *= factor
            self.seconds_per_network_megapixel *= factor

    def estimate(self, count: int, raw: float, small: float) -> float:
        """Estimate the seconds that so many micrographs take."""
        return count * (raw * self.seconds_per_raw_megapixel + small * self.seconds_per_network_megapixel)


PACE = Pace()
"""The pace of this process."""


def megapixels(source: ImageSource, scale: PickScale) -> tuple[float, float]:
    """Give the megapixels of a micrograph, and of the image that the network sees."""
    rows, columns = frame_shape(source)
    raw = rows * columns / 1e6
    return raw, raw / scale.downsampling**2


def estimate_memory_gb(source: ImageSource, scale: PickScale) -> float:
    """Estimate the largest memory that picking holds besides the program itself."""
    raw, small = megapixels(source, scale)
    # As read, in single precision twice, and the shrunk image with what is made of it.
    pixels = raw * (source.dtype.itemsize + 12) + small * 40
    tile = min(small, TILE_PIXELS / 1e6) * FEATURES_BYTES
    return (pixels + tile + frame_count(source) * small * MASK_BYTES) / 1e3
