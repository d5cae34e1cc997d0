"""Open in the window what the command line opens, in the same way: images, picks, our runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.formats.which_array import SeveralImages
from napari_sciml.layers.choosing import chosen_part
from napari_sciml.layers.image_layer import image_layer
from napari_sciml.layers.keys import RECORD_NAME
from napari_sciml.layers.notify import remark, tell
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.run_folder import is_run_folder
from napari_sciml.layers.window_layers import open_layers

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Reader = Callable[[Paths], list[Any]]

SURE_PICKS = (".star", ".box", ".cbox", ".cs")
TABLE_SUFFIX = ".csv"
TABLE_STEMS = ("points", "findings", "corrected_points")
"""Tables that a run saves; others are left to napari."""
NOTHING: list[Any] = [(None,)]
"""What napari takes as "handled, but there is no layer"."""


def get_volume_reader(path: Paths) -> Reader | None:
    """Return the reader of lazily opened images, or None if these are none of its own.

    Several files of one kind, which napari hands over as a stack, become one; so do the files of a folder.
    """
    from napari_sciml.io.formats.file_patterns import common_reader
    from napari_sciml.io.formats.readers import DETECTOR, reader_by_name
    from napari_sciml.io.formats.tiff import TIFF, is_colour

    paths = [Path(file) for file in _listed(path)]
    if len(paths) == 1 and paths[0].is_dir():
        return None if is_run_folder(paths[0]) else read_volumes
    kinds = [reader_by_name(file) for file in paths]
    if not all(kind is not None and kind.offers(file) for kind, file in zip(kinds, paths, strict=True)):
        return None
    if kinds[0] is TIFF and is_colour(paths[0]):
        return None
    joined = len(paths) > 1 and (all(kind is DETECTOR for kind in kinds) or common_reader(paths) is not None)
    return read_series if joined else read_volumes


def get_run_reader(path: Paths) -> Reader | None:
    """Return the reader of saved runs, or None if no path is a run's folder, its record or a table of it."""
    return read_runs if all(is_run_folder(p) or _is_file_of_run(p) for p in _listed(path)) else None


def get_picks_reader(path: Paths) -> Reader | None:
    """Return the reader of particle picks, or None if these are no such files.

    A text may be about anything, and is looked into; other files are told what they lack.
    """
    from napari_sciml.io.picks.which_files import is_pick_file

    sure = (_name(file).endswith(SURE_PICKS) or is_pick_file(file) for file in _listed(path))
    return read_pick_files if all(sure) else None


def read_volumes(path: Paths) -> list[Any]:
    """Open volumes as lazy image layers. What is wrong with a file is told in one sentence."""
    return _read_each(path, lambda file: [volume_layer(file)])


def read_series(path: Paths) -> list[Any]:
    """Open files as one stack. What is wrong with them is told in one sentence."""
    from napari_sciml.io.file_series import open_series

    try:
        return [told_image(open_series(_listed(path)))]
    except SciMLError as error:
        tell(error)
        return NOTHING


def read_runs(path: Paths) -> list[Any]:
    """Open saved runs with all their layers, or tables of points on their image.

    What is wrong with a file, or is not there any more, is told in one sentence.
    """
    from napari_sciml.layers.saved_run import notes_on, saved_run_layers
    from napari_sciml.layers.table_to_points import is_own_record, points_table_layers

    images = open_layers()

    def read(file: str) -> list[LayerData]:
        name = _name(file)
        if name.endswith(TABLE_SUFFIX) or is_own_record(name):
            return points_table_layers(file, images)
        layers = saved_run_layers(file, images)
        for note in notes_on(layers):
            remark(note.removesuffix("."))
        return layers

    return _read_each(path, read)


def read_pick_files(path: Paths) -> list[Any]:
    """Open picks as points over the micrographs that they name. What is wrong or lost is told."""
    from napari_sciml.layers.pick_layers import PICKS_KEY, routed_pick_layers

    open_now = open_layers()
    layers = _read_each(path, lambda file: routed_pick_layers(file, open_now))
    for layer in layers:
        for note in layer[1]["metadata"][PICKS_KEY]["notes"] if len(layer) > 1 else ():
            remark(note)
    return layers


def volume_layer(path: str | os.PathLike[str]) -> LayerData:
    """Open one volume as image layer data; pixels are read when they are looked at.

    Where several images of a file may be meant, the person is asked; nothing is opened if they do not choose.

    Raises
    ------
    SciMLError
        If the file cannot be opened as an image.
    """
    from napari_sciml.io import open_image

    try:
        return told_image(open_image(path))
    except SeveralImages as several:
        part = chosen_part(several)
        return told_image(open_image(f"{os.fspath(path)}::{part}")) if part else NOTHING[0]


def told_image(source: ImageSource) -> LayerData:
    """Return the layer of an opened image; what of its file was not used is told. Main thread only."""
    for caution in source.cautions:
        remark(caution)
    return image_layer(source)


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


def _is_file_of_run(path: str) -> bool:
    name = _name(path)
    table = name.endswith(TABLE_SUFFIX) and name.startswith(TABLE_STEMS)
    return table or name == RECORD_NAME or name.endswith(f".{RECORD_NAME}")


def _name(path: str) -> str:
    return Path(path).name.lower()
