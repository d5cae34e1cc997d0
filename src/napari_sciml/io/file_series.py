"""`open_series`: files that a person picked, one frame or more each, as one stack."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.file_pixels import reopening
from napari_sciml.io.formats.detector_series import detector_files, is_detector_file, open_detector
from napari_sciml.io.formats.file_patterns import common_reader, files_in
from napari_sciml.io.formats.file_stack import open_files
from napari_sciml.io.opening import arrange
from napari_sciml.io.paths import natural_key


def open_series(files: Sequence[str | os.PathLike[str]]) -> ImageSource:
    """Open detector, TIFF or MRC files or pictures as one series, in the order of the numbers in their names.

    A file that is damaged or of another size keeps its place and is told when it is read.

    Raises
    ------
    SciMLError
        If there are none, they are of several kinds, or not one can be read.
    """
    paths = sorted((Path(file).expanduser().absolute() for file in files), key=lambda f: natural_key(f.name))
    if not paths:
        raise SciMLError("No file was given", "choose at least one")
    series = reopening(partial(open_once, tuple(paths)), open_once(paths))
    return replace(series, opened={"files": [str(path) for path in paths]})


def open_once(paths: Sequence[Path]) -> ImageSource:
    """Open a series as `open_series` does, until it is closed."""
    if all(is_detector_file(path) for path in paths):
        raw = open_detector(list(paths))
    elif reader := common_reader(paths):
        raw = open_files(reader, list(paths), paths[0].parent.name, independent_frames=True)
    else:
        raise SciMLError(
            f"{paths[0].name} and {paths[-1].name} cannot be one series",
            "choose only detector files (CBF, EDF, MarCCD, SMV), or only TIFF, MRC or picture files",
        )
    name = paths[0].name if len(paths) == 1 else f"{paths[0].stem} to {paths[-1].stem}"
    source = arrange(raw, name, None, None, None)
    return replace(
        source,
        path=path_of(paths),
        close=raw.close,
        place=raw.place,
        known=raw.known,
        cautions=raw.cautions,
    )


def path_of(paths: Sequence[Path]) -> str | None:
    """Return the one path that opens these very files again, or None: the folder, or the only file.

    Some of the files of a folder have no name in common by which they could be opened again.
    """
    if len(paths) == 1 and not is_detector_file(paths[0]):
        return str(paths[0].absolute())
    folder = paths[0].parent.absolute()
    here = [folder / path.name for path in paths]
    if detector_files(str(folder)) == here:
        return str(folder)
    try:
        reader, found = files_in(folder)
    except SciMLError:
        return None
    # A folder of TIFF slices or pictures opens as a volume.
    return str(folder) if reader.outer == "t" and found == here else None
