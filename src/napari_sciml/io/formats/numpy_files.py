"""NumPy files: .npy memory-mapped, .npz by the array's name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.reader import Reader
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
    """Load one array of a .npz archive: the named one, or the only one.

    An archive cannot be mapped, so this is the one format that is read at once.

    Raises
    ------
    SciMLError
        If the archive is damaged, the name is absent, or there are several arrays and no name.
    """
    try:
        # Opened here: numpy leaves the file open where it finds no archive in it.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(archive.files)
            if not names:
                raise SciMLError(f"{path} holds no array", "save an image into it")
            if part and part not in names:
                raise SciMLError(f"{path} has no array called {part}", f"use one of {', '.join(names)}")
            if not part and len(names) > 1:
                raise SciMLError(
                    f"{path} holds {len(names)} arrays: {', '.join(names)}",
                    f"name one, for example {path.name}::{names[0]}",
                )
            chosen = part or names[0]
            return RawImage(archive[chosen], part=chosen if len(names) > 1 else "")
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise SciMLError(f"{path} could not be read as .npz ({error})", DAMAGED) from error


NPY = Reader("NumPy", open_npy, (".npy",), ((0, b"\x93NUM"),))
NPZ = Reader("NumPy", open_npz, (".npz",), ((0, b"PK\x03\x04"),), parts=True)
