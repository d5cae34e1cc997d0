"""Find out what a path is, and say in one sentence why it cannot be opened."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from napari_sciml.core.errors import SciMLError

TIFF_SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
HDF5_SUFFIXES = (".h5", ".cxi", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5")
SIGNATURES = {
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
    b"\x89HDF": "hdf5",
    b"\x93NUM": "npy",
    b"PK\x03\x04": "npz",
}
ZARR_MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
READABLE = "use TIFF, a folder of TIFF slices, OME-Zarr, HDF5/NeXus, CBF, EDF, MarCCD, SMV, .npy or .npz"


def split_part(path: str) -> tuple[str, str]:
    """Split ``file.h5::/entry/data`` into the file and the part inside it."""
    file, _, part = path.partition("::")
    return file, part


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts ``slice_9`` before ``slice_10``."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple((1, int(piece)) if piece.isdigit() else (0, piece) for piece in pieces)


def is_pattern(path: str) -> bool:
    """Whether the path is a pattern such as ``scan_*.tif`` rather than a name that exists."""
    return glob.has_magic(path) and not os.path.lexists(path)


def format_of(path: Path) -> str:
    """Name the format of an existing path: tiff, hdf5, npy, npz, zarr or folder.

    Raises
    ------
    SciMLError
        If there is nothing there, it may not be read, it is empty, or it is no image.
    """
    try:
        if path.is_dir():
            return "zarr" if any((path / mark).exists() for mark in ZARR_MARKS) else "folder"
        if not path.exists():
            raise SciMLError(f"There is no file or folder {path}", "check the path")
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise unreadable(path, error) from error
    if not start:
        raise SciMLError(f"The file {path} is empty", "copy it again")
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES:
        raise SciMLError(f"{path} is not a TIFF file, in spite of its name", "the file may be damaged")
    if suffix in HDF5_SUFFIXES:
        # A user block may stand before the signature, so that only the library can tell.
        return "hdf5"
    if suffix in (".npy", ".npz"):
        raise SciMLError(f"{path} is not a NumPy file, in spite of its name", "the file may be damaged")
    raise SciMLError(f"{path} is not an image that can be opened here", READABLE)


def unreadable(path: Path | str, error: OSError) -> SciMLError:
    """Turn an operating system's refusal into a sentence."""
    if isinstance(error, FileNotFoundError):
        return SciMLError(f"There is no file or folder {path}", "check the path")
    if isinstance(error, PermissionError):
        return SciMLError(f"There is no permission to read {path}", "ask its owner for read access")
    return SciMLError(
        f"{path} could not be read ({error.strerror or error})", "check the disk or the network"
    )
