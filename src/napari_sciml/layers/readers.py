"""Open what napari itself cannot, or not lazily: HDF5 and NeXus volumes, big .npy files, our own runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.notify import tell
from napari_sciml.layers.points import LayerData

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Reader = Callable[[Paths], list[Any]]

VOLUME_SUFFIXES = (".h5", ".hdf5", ".nxs", ".npy")
RECORD_NAME = "run.json"
NOTHING: list[Any] = [(None,)]
"""What napari takes as "handled, but there is no layer"."""


def get_volume_reader(path: Paths) -> Reader | None:
    """Give the reader of lazily opened volumes, or None if the name is not one of theirs."""
    return read_volumes if all(_name(p).endswith(VOLUME_SUFFIXES) for p in _listed(path)) else None


def get_run_reader(path: Paths) -> Reader | None:
    """Give the reader of saved runs, or None if the name is not that of a run record."""
    return read_runs if all(_name(p).endswith(RECORD_NAME) for p in _listed(path)) else None


def read_volumes(path: Paths) -> list[Any]:
    """Open volumes as lazy image layers. What is wrong with a file is told in one sentence."""
    return _read_each(path, lambda file: [volume_layer(file)])


def read_runs(path: Paths) -> list[Any]:
    """Open saved runs as points layers. What is wrong with a file is told in one sentence."""
    from napari_sciml.layers.saved_run import saved_run_layers

    return _read_each(path, saved_run_layers)


def volume_layer(path: str | os.PathLike[str]) -> LayerData:
    """Open one volume as image layer data; pixels are read when they are looked at.

    Raises
    ------
    SciMLError
        If the file cannot be opened as an image.
    """
    from napari_sciml.io import open_image

    source = open_image(path)
    return lazy_array(source), {"name": source.name, **source_place(source)}, "image"


def source_place(source: ImageSource) -> dict[str, Any]:
    """Give the spatial arguments of a layer that shows `source`: axis labels, scale, units."""
    place: dict[str, Any] = {"axis_labels": source.axes}
    if source.pixel_size is not None:
        place["scale"] = source.pixel_size
        place["units"] = tuple(source.unit if axis in SPATIAL_AXES else "pixel" for axis in source.axes)
    return place


def lazy_array(source: ImageSource) -> Any:
    """Wrap pixels so that napari slices them without reading the rest: as they are, or as dask planes."""
    import numpy as np

    if isinstance(source.data, np.ndarray):
        return source.data
    import dask.array as da

    chunks = getattr(source.data, "chunks", None) or (*(1,) * (source.ndim - 2), *source.shape[-2:])
    return da.from_array(  # type: ignore[no-untyped-call]
        source.data, chunks=chunks, lock=True, meta=np.empty((0,) * source.ndim, dtype=source.dtype)
    )


def _read_each(path: Paths, read: Callable[[str], list[LayerData]]) -> list[Any]:
    layers: list[Any] = []
    for file in _listed(path):
        try:
            layers.extend(read(file))
        except SciMLError as error:
            tell(error)
    return layers or NOTHING


def _listed(path: Paths) -> list[str]:
    return [os.fspath(p) for p in ([path] if isinstance(path, str | os.PathLike) else path)]


def _name(path: str) -> str:
    return Path(path).name.lower()
