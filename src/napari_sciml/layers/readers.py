"""Open what napari cannot, or not lazily: HDF5, detector files, MRC, big .npy files, picks, our runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.frames import frames_look, is_frames
from napari_sciml.layers.keys import KNOWN_KEY, OPENED_KEY, PATH_KEY, RECORD_NAME
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.micrographs import is_micrographs, micrograph_look
from napari_sciml.layers.notify import remark, tell
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.spatial import source_place

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Reader = Callable[[Paths], list[Any]]

VOLUME_SUFFIXES = (".h5", ".hdf5", ".hdf", ".nxs", ".cxi", ".npy")
PICK_SUFFIXES = (".star", ".box", ".cbox")
NOTHING: list[Any] = [(None,)]
"""What napari takes as "handled, but there is no layer"."""


def get_volume_reader(path: Paths) -> Reader | None:
    """Give the reader of lazily opened images, or None if the names are not among its own.

    Several detector or MRC files, or a folder of them, become one stack.
    """
    paths = _listed(path)
    if len(paths) == 1 and _is_folder(paths[0]):
        return read_volumes
    if all(_is_detector_file(p) for p in paths) or all(_is_mrc(p) for p in paths):
        return read_volumes if len(paths) == 1 else read_series
    return read_volumes if all(_name(p).endswith(VOLUME_SUFFIXES) for p in paths) else None


def get_run_reader(path: Paths) -> Reader | None:
    """Give the reader of saved runs, or None if the name is not that of a run record."""
    return read_runs if all(_name(p).endswith(RECORD_NAME) for p in _listed(path)) else None


def get_picks_reader(path: Paths) -> Reader | None:
    """Give the reader of particle picks, or None if the names are not those of such files."""
    return read_pick_files if all(_name(p).endswith(PICK_SUFFIXES) for p in _listed(path)) else None


def read_volumes(path: Paths) -> list[Any]:
    """Open volumes as lazy image layers. What is wrong with a file is told in one sentence."""
    return _read_each(path, lambda file: [volume_layer(file)])


def read_series(path: Paths) -> list[Any]:
    """Open detector or MRC files as one stack. What is wrong with them is told in one sentence."""
    from napari_sciml.io.series import open_series

    try:
        return [image_layer(open_series(_listed(path)))]
    except SciMLError as error:
        tell(error)
        return NOTHING


def read_runs(path: Paths) -> list[Any]:
    """Open saved runs as points layers. What is wrong with a file is told in one sentence."""
    from napari_sciml.layers.saved_run import saved_run_layers

    return _read_each(path, saved_run_layers)


def read_pick_files(path: Paths) -> list[Any]:
    """Open picks as points over the selected micrographs. What is wrong or lost is told in one sentence."""
    from napari_sciml.layers.pick_layers import PICKS_KEY, open_image_layer, pick_layers

    image = open_image_layer()
    layers = _read_each(path, lambda file: pick_layers(file, image))
    for layer in layers:
        for note in layer[1]["metadata"][PICKS_KEY]["notes"] if len(layer) > 1 else ():
            remark(note)
    return layers


def volume_layer(path: str | os.PathLike[str]) -> LayerData:
    """Open one volume as image layer data; pixels are read when they are looked at.

    Raises
    ------
    SciMLError
        If the file cannot be opened as an image.
    """
    from napari_sciml.io import open_image

    return image_layer(open_image(path))


def image_layer(source: ImageSource) -> LayerData:
    """Show an opened image; of frames and micrographs, one decides the contrast."""
    if is_frames(source):
        look = frames_look(source)
    else:
        look = micrograph_look(source) if is_micrographs(source) else {}
    known = {KNOWN_KEY: dict(source.known)} if source.known else {}
    opened = {OPENED_KEY: dict(source.opened)} if source.opened else {}
    metadata = {PATH_KEY: source.path, **opened, **known, **look.pop("metadata", {})}
    arguments = {"name": source.name, "metadata": metadata, **source_place(source), **look}
    return lazy_array(source), arguments, "image"


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


def _is_detector_file(path: str) -> bool:
    from napari_sciml.io.detector import is_detector_file

    return is_detector_file(Path(path))


def _is_mrc(path: str) -> bool:
    from napari_sciml.io.paths import is_mrc_name

    return is_mrc_name(Path(path))


def _is_folder(path: str) -> bool:
    """Whether a path is a folder of files; what is inside is looked at when it is opened."""
    from napari_sciml.io.paths import ZARR_MARKS

    folder = Path(path)
    return folder.is_dir() and not any((folder / mark).exists() for mark in ZARR_MARKS)


def _name(path: str) -> str:
    return Path(path).name.lower()
