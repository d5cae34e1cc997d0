"""How long a run over frames will take and how much memory: a measured rate, bettered by each run."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.grid import TILE_PX

PIXEL_COPIES_BYTES = 24
"""Bytes for each pixel of the frame at hand: as read, in single precision, flags and levels."""


@dataclass
class Pace:
    """Seconds for a megapixel, learnt from the last run."""

    seconds_per_megapixel: float = 0.03

    def learn(self, frames: int, shape: tuple[int, int], seconds: float) -> None:
        """Remember how long these frames took. Short runs say little and are ignored."""
        if seconds > 1.0 and frames > 0:
            self.seconds_per_megapixel = seconds / (frames * shape[0] * shape[1] / 1e6)

    def estimate(self, frames: int, shape: tuple[int, int]) -> float:
        """Estimate the seconds that these frames take."""
        return frames * shape[0] * shape[1] / 1e6 * self.seconds_per_megapixel


PACE = Pace()
"""The pace of this process."""


def estimate_memory_gb(source: ImageSource) -> float:
    """Estimate the largest memory that a run holds besides the program itself.

    It grows with the number of frames only by one number for each tile.
    """
    height, width = frame_shape(source)
    tiles = frame_count(source) * height * width / TILE_PX**2 * 4
    return (height * width * (PIXEL_COPIES_BYTES + source.dtype.itemsize) + tiles) / 1e9
