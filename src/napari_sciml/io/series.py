"""`open_series`: files that a person picked, one frame or more each, as one stack."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.detector import detector_files, is_detector_file, open_detector
from napari_sciml.io.paths import natural_key
from napari_sciml.io.tiff_folder import is_tiff, open_tiffs


def open_series(files: Sequence[str | os.PathLike[str]]) -> ImageSource:
    """Open detector or TIFF files as one series, in the order of the numbers in their names.

    A file that is damaged or of another size keeps its place and is told when it is read.

    Raises
    ------
    SciMLError
        If there are none, they are of several kinds, or not one can be read.
    """
    paths = sorted((Path(file).expanduser() for file in files), key=lambda file: natural_key(file.name))
    if not paths:
        raise SciMLError("No file was given", "choose at least one")
    if all(is_detector_file(path) for path in paths):
        raw = open_detector(paths)
    elif all(is_tiff(path) for path in paths):
        raw = open_tiffs(paths, paths[0].parent.name, apart=True)
    else:
        raise SciMLError(
            f"{paths[0].name} and {paths[-1].name} cannot be one series",
            "choose only detector files (CBF, EDF, MarCCD, SMV), or only TIFF files",
        )
    folder = str(paths[0].parent.absolute())
    # Some of the files of a folder have no name in common by which they could be opened again.
    whole = detector_files(folder) == [Path(folder) / path.name for path in paths]
    return ImageSource.from_array(
        raw.data,
        axes=raw.axes,
        name=paths[0].name if len(paths) == 1 else f"{paths[0].stem} to {paths[-1].stem}",
        path=folder if whole else None,
        close=raw.close,
        place=raw.place,
    )
