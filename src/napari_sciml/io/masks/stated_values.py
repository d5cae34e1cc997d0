"""The values that a file itself states to mean "no pixel here"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.no_pixel import Ranges
from napari_sciml.core.source import ImageSource
from napari_sciml.io.paths import split_part

DEFAULT_WIDTH = 0.1
"""``DDummy`` of an EDF header that states only ``Dummy``, in grey levels, as ESRF programs do."""
ROUNDING = 1e-6
"""Share of a stated value by which single precision may miss it."""
ATTRIBUTES = ("_FillValue", "missing_value", "bad_pixel_value", "no_data_value")
"""Attributes of an HDF5 dataset that state the value of pixels without data."""
NO_DATA_TAG = 42113
"""TIFF tag ``GDAL_NODATA``: text with the value of pixels without data."""


def stated_values(source: ImageSource) -> Ranges:
    """Return the ranges of values that the file of a source states to mean "not measured".

    Read from EDF (``Dummy``, ``DDummy``), HDF5 (a fill value that somebody set, `ATTRIBUTES`, and what lies
    below ``underload_value``), and TIFF (`NO_DATA_TAG`). Of a series of files the first speaks for all.
    """
    import h5py

    path = source.place(0)[0] if source.place is not None else source.path
    if path is None:
        return ()
    name, part = split_part(path)
    file = Path(name)
    if not file.is_file():
        return ()
    try:
        if h5py.is_hdf5(file):
            return _in_hdf5(file, part or split_part(source.path or "")[1])
        if ".edf" in file.name.lower():
            return _in_edf(file)
        if file.suffix.lower() in (".tif", ".tiff"):
            return _in_tiff(file)
    except (OSError, EOFError, ValueError, KeyError):
        # A damaged file is told where its pixels are read.
        pass
    return ()


def about(value: float, width: float = 0.0) -> Ranges:
    """Return the range around a stated value; none around zero, which is a count."""
    if value == 0 or not np.isfinite(value):
        return ()
    reach = max(abs(width), ROUNDING * abs(value))
    return ((value - reach, value + reach),)


def _number(value: Any) -> float:
    found = np.ravel(value)
    if found.dtype.kind in "SUO":
        return float(found[0])
    return float(found[0]) if found.size == 1 and found.dtype.kind in "iuf" else 0.0


def _in_edf(file: Path) -> Ranges:
    from napari_sciml.io.formats.detector_file import opened

    with opened(file) as image:
        header = {str(key).lower(): value for key, value in image.header.items()}
    if "dummy" not in header:
        return ()
    return about(float(header["dummy"]), float(header.get("ddummy", DEFAULT_WIDTH)))


def _in_hdf5(file: Path, part: str) -> Ranges:
    import h5py

    with h5py.File(file, "r") as opened:
        data = opened.get(part) if part else None
        if not isinstance(data, h5py.Dataset):
            return ()
        values = [_number(data.attrs[name]) for name in ATTRIBUTES if name in data.attrs]
        filled = data.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED
        if filled and data.dtype.kind in "iuf":
            values.append(float(data.fillvalue))
        ranges = [pair for value in values for pair in about(value)]
        lowest = data.parent.get("underload_value")
        if isinstance(lowest, h5py.Dataset) and lowest.size == 1:
            ranges.append((-np.inf, np.nextafter(_number(lowest[()]), -np.inf)))
        return tuple(ranges)


def _in_tiff(file: Path) -> Ranges:
    import tifffile

    with tifffile.TiffFile(file) as opened:
        tag = opened.pages.first.tags.get(NO_DATA_TAG)
        return () if tag is None else about(float(str(tag.value).strip("\x00 ")))
