"""NumPy files: .npy memory-mapped, .npz by the array's name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image
from napari_sciml.io.raw_image import RawImage

DAMAGED = "the file may be truncated; copy it again"


def open_npy(path: Path) -> RawImage:
    """Memory-map a .npy file."""
    try:
        return RawImage(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError) as error:
        if "object" in str(error).lower():
            raise SciMLError(
                f"{path} holds Python objects, not numbers", "save a numeric array instead"
            ) from error
        raise SciMLError(f"{path} could not be read ({error})", DAMAGED) from error


def open_npz(path: Path, part: str) -> RawImage:
    """Load one array of a .npz archive: the named one, or the one that is meant.

    An archive cannot be mapped, so this is the one format that is read at once.

    Raises
    ------
    SciMLError
        If the archive is damaged, the name is absent, or several arrays may be meant and none is named.
    """
    try:
        # Opened here: numpy leaves the file open where it finds no archive in it.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(archive.files)
            if not names:
                raise SciMLError(f"{path} holds no array", "save an image into it")
            if part and part not in names:
                raise SciMLError(f"{path} has no array called {part}", f"use one of {', '.join(names)}")
            chosen = part or names[0]
            if not part and len(names) > 1:
                chosen = choose_image([described(archive, name) for name in names], path.name).part
            return RawImage(archive[chosen], part=chosen if len(names) > 1 else "")
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise SciMLError(f"{path} could not be read as .npz ({error})", DAMAGED) from error


def described(archive: Any, name: str) -> ArrayEntry:
    """Return shape and type of one array of an archive; its pixels are not read."""
    with archive.zip.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        first = version == (1, 0)
        read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    return ArrayEntry(name, tuple(shape), np.dtype(dtype))


NPY = Reader("NumPy", open_npy, (".npy",), ((0, b"\x93NUM"),), variants="numbers, mapped from the disk")
NPZ = Reader(
    "NumPy", open_npz, (".npz",), ((0, b"PK\x03\x04"),), parts=True, variants="one array, or the named one"
)
