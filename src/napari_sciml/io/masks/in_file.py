"""The mask that a data file brings along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.io.paths import split_part

PLACES = (
    "mask",
    "pixel_mask",
    "/entry/mask",
    "/entry/instrument/detector/pixel_mask",
    "/entry/instrument/detector/detectorSpecific/pixel_mask",
    "/entry_1/data_1/mask",
    "/entry_1/instrument_1/detector_1/mask",
)
"""Where masks are found; the first two beside the data."""


def mask_in_file(path: str | None) -> npt.NDArray[np.bool_] | None:
    """Return the mask ``(h, w)`` of an HDF5 data file, true where to ignore, or None if it has none.

    Parameters
    ----------
    path
        ``file::/part`` as an image source states it; other files have no masks.
    """
    import h5py

    file_name, part = split_part(path or "")
    if not part or not Path(file_name).is_file() or not h5py.is_hdf5(file_name):
        return None
    with h5py.File(file_name, "r") as file:
        folder = part.rsplit("/", 1)[0] or "/"
        for place in PLACES:
            name = place if place.startswith("/") else f"{folder}/{place}"
            found = file.get(name)
            if isinstance(found, h5py.Dataset) and found.ndim == 2:
                return np.asarray(found[()] != 0)
    return None
