"""Which files a folder or a pattern stands for, and which reader they have: TIFF, MRC or pictures."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.hdf5 import HDF5
from napari_sciml.io.formats.jpeg_png import PHOTO
from napari_sciml.io.formats.mrc import MRC, MRC_STACK
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.tiff import TIFF
from napari_sciml.io.paths import natural_key, unreadable

SERIES = (TIFF, MRC, MRC_STACK, PHOTO, HDF5)
"""Formats whose files may stand in one series."""


def common_reader(paths: Sequence[Path]) -> Reader | None:
    """Return the format that all of these files have by their names, or None."""
    return next((reader for reader in SERIES if all(map(reader.has_name, paths))), None)


def files_in(folder: Path) -> tuple[Reader, list[Path]]:
    """List the image files of a folder in natural order; hidden files do not count.

    Raises
    ------
    SciMLError
        If there are none or several kinds, or the folder may not be read.
    """
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
    if not entries:
        raise SciMLError(f"The folder {folder} is empty", "choose a folder of images")
    seen = [path for path in entries if not path.name.startswith(".")]
    found = {reader.name: [path for path in seen if reader.has_name(path)] for reader in SERIES}
    present = [reader for reader in SERIES if found[reader.name]]
    # Pictures beside other images are previews of them, HDF5 files often what came of them.
    for beside in (PHOTO, HDF5):
        if len(present) > 1 and beside in present:
            present.remove(beside)
    if not present:
        raise SciMLError(
            f"The folder {folder} holds no TIFF files, nor MRC, HDF5, JPEG or PNG",
            "choose a folder of images",
        )
    if len(present) > 1:
        kinds = " and ".join(f"{len(found[reader.name])} {reader.name} files" for reader in present)
        example = next(iter(found[present[0].name])).suffix
        raise SciMLError(
            f"The folder {folder} holds {kinds}", f"say which with a pattern, for example '*{example}'"
        )
    return present[0], in_order(found[present[0].name])


def files_matching(pattern: str) -> tuple[Reader, list[Path]]:
    """List the files that a pattern such as ``scan_*.tif`` matches, in natural order.

    Raises
    ------
    SciMLError
        If there are none, or they are of several kinds.
    """
    found = [Path(path) for path in glob.glob(pattern)]
    if not found:
        raise SciMLError(f"No file matches {pattern}", "check the pattern and put quotes around it")
    paths = in_order(found)
    # What only a look inside can tell is tried as TIFF, and named if it is none.
    reader = common_reader(paths) or TIFF
    if reader is TIFF and any(other.has_name(path) for other in SERIES[1:] for path in paths):
        raise SciMLError(
            f"{pattern} matches files of several kinds", "give a pattern that ends in one suffix"
        )
    return reader, paths


def in_order(paths: Sequence[Path]) -> list[Path]:
    """Sort files by the numbers in their names."""
    return sorted(paths, key=lambda path: natural_key(path.name))
