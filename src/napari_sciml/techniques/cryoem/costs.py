"""What picking costs: time on the machine that `core.run_rate` compares with, and memory."""

from __future__ import annotations

from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.pick_scale import PickScale

RAW_MEGAPIXEL_S = 0.07
"""Seconds for a megapixel of a micrograph: reading and shrinking it, and finding defects."""
LOOKS = 5
"""Micrographs, spread over a series, that decide its contrast before the first is picked: bounds the wait."""
NETWORK_MEGAPIXEL_S = {"torch": 1.5, "none": 0.2}
"""Seconds for a megapixel of what the network sees, by runtime; without a network, of the Laplacian."""
FASTER_S = 0.6
"""The same in the other runtimes."""
FEATURES_BYTES = 500
"""Bytes for each pixel of the network's image: what its layers hold at once."""
MASK_BYTES = 0.25
"""Bytes for each pixel of the network's image that stay of every micrograph until the run ends."""
TILE_PIXELS = 1136**2
"""Pixels of the largest tile that the network sees at once, with its overlap: the peak of memory."""


def seconds_per_micrograph(source: ImageSource, scale: PickScale, runtime: str) -> float:
    """Return the time of one micrograph."""
    raw, small = megapixels(source, scale)
    return raw * RAW_MEGAPIXEL_S + small * NETWORK_MEGAPIXEL_S.get(runtime, FASTER_S)


def looks(count: int) -> int:
    """Return how many micrographs of a series are looked at before the first is picked, besides it."""
    return min(count, LOOKS) - 1


def seconds_ahead(source: ImageSource, scale: PickScale) -> float:
    """Return the time of looking at one of these."""
    return seconds_per_micrograph(source, scale, "none")


def megapixels(source: ImageSource, scale: PickScale) -> tuple[float, float]:
    """Return the megapixels of a micrograph, and of the image that the network sees."""
    rows, columns = frame_shape(source)
    raw = rows * columns / 1e6
    return raw, raw / scale.downsampling**2


def memory_gb(source: ImageSource, scale: PickScale) -> float:
    """Return the most memory that picking holds besides the program itself."""
    raw, small = megapixels(source, scale)
    # As read, in single precision twice, and the shrunk image with what is made of it.
    pixels = raw * (source.dtype.itemsize + 12) + small * 40
    tile = min(small, TILE_PIXELS / 1e6) * FEATURES_BYTES
    return (pixels + tile + frame_count(source) * small * MASK_BYTES) / 1e3
