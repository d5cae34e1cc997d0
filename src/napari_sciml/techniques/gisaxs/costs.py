"""What a run over GISAXS images costs: time on the machine that `core.run_rate` compares with, and memory."""

from __future__ import annotations

from napari_sciml.core.frames import frame_shape
from napari_sciml.core.source import ImageSource

FRAME_S = 0.1
"""Seconds for a frame of any size: the network, and the fit of its spots."""
TORCH_S = 0.07
"""Seconds for a frame that the network takes longer in torch."""
MEGAPIXEL_S = 0.3
"""Seconds for a megapixel: cleaning, and the way into q."""
EXPLORE_S = 0.2
"""Seconds for a frame whose peaks, rings, arcs and lines are looked for too."""
BYTES_PER_PIXEL = 60
"""Bytes that cleaning and explaining a frame hold for each of its pixels."""


def seconds_per_frame(source: ImageSource, explore: bool, runtime: str) -> float:
    """Return the time of one frame."""
    rows, columns = frame_shape(source)
    extra = (TORCH_S if runtime == "torch" else 0.0) + (EXPLORE_S if explore else 0.0)
    return FRAME_S + extra + MEGAPIXEL_S * rows * columns / 1e6


def memory_gb(source: ImageSource) -> float:
    """Return the most memory that a run holds besides the program itself."""
    rows, columns = frame_shape(source)
    return rows * columns * BYTES_PER_PIXEL / 1e9
