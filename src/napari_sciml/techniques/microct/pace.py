"""How long a run will take and how much memory: a measured rate, bettered by each run of this program."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct.job import Job
from napari_sciml.techniques.microct.planes import slab_length
from napari_sciml.techniques.microct.score_map import map_shape

PIXEL_COPIES_BYTES = 36
"""Bytes for each pixel of a prepared plane: its copies in double and single precision and its map."""
ACTIVATION_BYTES = 900
"""Bytes for each pixel of a tile while the network runs."""


@dataclass
class Pace:
    """Seconds for one element of the map, learnt from the last run."""

    seconds_per_element: float = field(default_factory=lambda: first_guess(os.cpu_count() or 1))

    def learn(self, elements: int, seconds: float) -> None:
        """Remember how long these elements took. Short runs say little and are ignored."""
        if seconds > 1.0 and elements > 0:
            self.seconds_per_element = seconds / elements


def first_guess(cores: int) -> float:
    """Give the seconds for one element on an idle machine: 5 us with one core, and each more counts 0.85."""
    return 5e-6 / (1 + 0.85 * (min(cores, 16) - 1))


PACE = Pace()
"""The pace of this process."""


def estimate_seconds(job: Job, stride: int) -> float:
    """Estimate the time of a run."""
    rows, columns = map_shape(job, stride)
    return job.planes.count * rows * columns * PACE.seconds_per_element


def estimate_memory_gb(source: ImageSource, job: Job, tile_px: int) -> float:
    """Estimate the largest memory that a run holds besides the program itself."""
    rows, columns = job.planes.shape
    slab = slab_length(source, job.planes) * rows * columns * source.dtype.itemsize
    plane = job.shape[0] * job.shape[1] * PIXEL_COPIES_BYTES
    return (slab + plane + tile_px * tile_px * ACTIVATION_BYTES) / 1e9
