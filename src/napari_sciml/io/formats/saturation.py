"""The highest count that a detector file vouches for."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from napari_sciml.io.formats.imgcif import open_plain
from napari_sciml.io.paths import split_part

HEAD_BYTES = 8192
"""Bytes at the start of a file among which its text header states the limit."""
CUTOFF = re.compile(rb"Count_cutoff\s+(\d+)")
"""As PILATUS and EIGER detectors write it into the text of CBF and TIFF files."""
PLACES = (
    "/entry/instrument/detector/saturation_value",
    "/entry/instrument/detector/detectorSpecific/countrate_correction_count_cutoff",
    "/entry_1/instrument_1/detector_1/saturation_value",
)


def count_limit(path: str | None) -> float | None:
    """Return the count above which a pixel of a file is saturated, or None if the file does not say.

    Parameters
    ----------
    path
        A file or ``file::/part`` as an image source states it. Of a folder or pattern, name one file.
    """
    if path is None:
        return None
    name, _ = split_part(path)
    file = Path(name)
    if not file.is_file():
        return None
    try:
        return _stated_in_hdf5(file, PLACES) if _is_hdf5(file) else _stated_in_text(file)
    except (OSError, EOFError, zlib.error):
        # A damaged file is told where its pixels are read, and may be one of many.
        return None


def _is_hdf5(file: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(file))


def _stated_in_text(file: Path) -> float | None:
    with open_plain(file) as opened:
        found = CUTOFF.search(opened.read(HEAD_BYTES))
    return float(found[1]) if found else None


def _stated_in_hdf5(file: Path, places: Sequence[str]) -> float | None:
    import h5py

    with h5py.File(file, "r") as opened:
        for place in places:
            stated = opened.get(place)
            if isinstance(stated, h5py.Dataset) and stated.size == 1 and stated.dtype.kind in "iuf":
                value = float(stated[()].item())
                if value > 0:
                    return value
    return None
