"""Whether an image is a detector's raw frame, which ranges in q cannot be typed for."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.core.frames import frame_shape
from napari_sciml.core.source import ImageSource

RAW_SUFFIXES = (".cbf", ".mccd", ".marccd", ".mar2300", ".mar3450", ".img", ".sfrm", ".esperanto")
"""Files that detectors write and converters do not; EDF holds pictures in q too."""
SIZES = {
    "PILATUS 100K": (195, 487),
    "PILATUS 200K": (407, 487),
    "PILATUS 300K": (619, 487),
    "PILATUS 300K-W": (195, 1475),
    "PILATUS 1M": (1043, 981),
    "PILATUS 2M": (1679, 1475),
    "PILATUS 6M": (2527, 2463),
    "EIGER 500K": (514, 1030),
    "EIGER 1M": (1065, 1030),
    "EIGER 4M": (2167, 2070),
    "EIGER 9M": (3269, 3110),
    "EIGER 16M": (4371, 4150),
    "EIGER2 500K": (512, 1028),
    "EIGER2 1M": (1062, 1028),
    "EIGER2 4M": (2162, 2068),
    "EIGER2 9M": (3262, 3108),
    "EIGER2 16M": (4362, 4148),
}
"""Rows and columns of detectors that GISAXS is measured with, as their maker states them."""


def raw_frame_of(source: ImageSource) -> str:
    """Return why an image must be a detector's raw frame, as words after "it", or an empty string.

    A picture in q is interpolated: it is no detector's file, and no whole numbers of a detector's size.
    """
    if {"qy_range", "qz_range"} & set(source.known):
        return ""
    file = Path(source.place(0)[0] if source.place is not None else (source.path or ""))
    suffixes = [suffix.lower() for suffix in file.suffixes]
    written = next((suffix for suffix in suffixes if suffix in RAW_SUFFIXES), "")
    if written:
        return f"is a detector's own file ({written})"
    name = next((name for name, size in SIZES.items() if size == frame_shape(source)), "")
    return f"has the size of a {name} and whole numbers" if name and source.dtype.kind in "ui" else ""
