"""The values that a file itself states to mean "no pixel here"."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.no_pixel import Ranges
from napari_sciml.core.source import ImageSource
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.paths import split_part

DEFAULT_WIDTH = 0.1
"""``DDummy`` of an EDF header that states only ``Dummy``, in grey levels, as ESRF programs do."""
ROUNDING = 1e-6
"""Share of a stated value by which single precision may miss it."""
ATTRIBUTES = ("_FillValue", "missing_value", "bad_pixel_value", "no_data_value")
"""Attributes of an HDF5 dataset that state the value of pixels without data."""
UNDERLOAD = "underload_value"
DETECTORS = ("/entry/instrument/detector", "/entry_1/instrument_1/detector_1")
"""Where NeXus and CXI describe the detector, if not beside the data."""
NO_DATA_TAG = 42113
"""TIFF tag ``GDAL_NODATA``: text with the value of pixels without data."""


def stated_values(source: ImageSource) -> Ranges:
    """Return the ranges of values that the file of a source states to mean "not measured".

    Read from EDF (``Dummy``, ``DDummy``), HDF5 (a fill value that somebody set, `ATTRIBUTES`, and what lies
    below `UNDERLOAD`), and TIFF (`NO_DATA_TAG`). Of a series of files the first speaks for all.
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
    except (OSError, EOFError, ValueError, KeyError, SciMLError):
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

    tree = Hdf5Tree(file)
    try:
        data = _dataset(tree, part)
        if data is None:
            return ()
        values = [_number(data.attrs[name]) for name in ATTRIBUTES if name in data.attrs]
        filled = data.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED
        if filled and data.dtype.kind in "iuf":
            values.append(float(data.fillvalue))
        ranges = [pair for value in values for pair in about(value)]
        lowest = next((group[UNDERLOAD] for group in _detectors(tree, data) if UNDERLOAD in group), None)
        if isinstance(lowest, h5py.Dataset) and lowest.size == 1:
            ranges.append((-np.inf, float(np.nextafter(_number(lowest[()]), -np.inf))))
        return tuple(ranges)
    finally:
        tree.close()


def _dataset(tree: Hdf5Tree, part: str) -> Any:
    """Return the dataset at a path, or the first of several that hold the frames; None without any."""
    import h5py

    if "*" in part:
        part = next((name for name in tree.datasets() if fnmatch(name, part)), "")
    node = tree.node(part) if part else None
    if isinstance(node, h5py.Group):
        within = [name for name in tree.datasets() if name.startswith(f"{part.rstrip('/')}/")]
        nodes = [tree.node(name) for name in within if name not in tree.missing]
        node = next((found for found in nodes if found.ndim in (2, 3)), None)
    return node if isinstance(node, h5py.Dataset) else None


def _detectors(tree: Hdf5Tree, data: Any) -> Iterator[Any]:
    """Yield the groups that may describe the detector of a dataset."""
    import h5py

    yield data.parent
    for place in DETECTORS:
        try:
            group = tree.node(place)
        except (KeyError, SciMLError):
            continue
        if isinstance(group, h5py.Group):
            yield group


def _in_tiff(file: Path) -> Ranges:
    import tifffile

    with tifffile.TiffFile(file) as opened:
        tag = opened.pages.first.tags.get(NO_DATA_TAG)
        return () if tag is None else about(float(str(tag.value).strip("\x00 ")))
