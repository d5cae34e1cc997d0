"""Find out what a path is, and say in one sentence why it cannot be opened."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from napari_sciml.core.errors import SciMLError

TIFF_SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
MRC_SUFFIXES = (".mrc", ".mrcs", ".map", ".st", ".rec", ".ccp4")
PACKED_SUFFIXES = (".gz", ".bz2")
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
HDF5_SUFFIXES = (".h5", ".cxi", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5")
SIGNATURES = {
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
    b"\x89HDF": "hdf5",
    b"\x93NUM": "npy",
    b"PK\x03\x04": "npz",
    b"\xff\xd8\xff": "photo",
    b"\x89PNG": "photo",
}
MRC_MARK = (208, b"MAP")
"""Where an MRC file says that it is one, and how."""
ZARR_MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
READABLE = (
    "use TIFF, a folder of TIFF slices, OME-Zarr, HDF5/NeXus, MRC, CBF, EDF, MarCCD, SMV, .npy, .npz, "
    "JPEG or PNG"
)


def split_part(path: str) -> tuple[str, str]:
    """Split ``file.h5::/entry/data`` into the file and the part inside it."""
    file, _, part = path.partition("::")
    return file, part


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts ``slice_9`` before ``slice_10``."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple((1, int(piece)) if piece.isdigit() else (0, piece) for piece in pieces)


def is_mrc_name(path: Path) -> bool:
    """Whether the name is that of an MRC file, packed or not."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in MRC_SUFFIXES


def is_pattern(path: str) -> bool:
    """Whether the path is a pattern such as ``scan_*.tif`` rather than a name that exists."""
    return glob.has_magic(path) and not os.path.lexists(path)


def format_of(path: Path) -> str:
    """Name the format of an existing path: tiff, hdf5, npy, npz, mrc, photo, zarr or folder.

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
            start = file.read(MRC_MARK[0] + len(MRC_MARK[1]))
    except OSError as error:
        raise unreadable(path, error) from error
    if not start:
        raise SciMLError(f"The file {path} is empty", "copy it again")
    if start[MRC_MARK[0] :] == MRC_MARK[1]:
        return "mrc"
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if is_mrc_name(path):
        return "mrc"
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES:
        raise SciMLError(f"{path} is not a TIFF file, in spite of its name", "the file may be damaged")
    if suffix in HDF5_SUFFIXES:
        # A user block may stand before the signature, so that only the library can tell.
        return "hdf5"
    if suffix in PHOTO_SUFFIXES:
        raise SciMLError(f"{path} is no JPEG or PNG file, in spite of its name", "it may be damaged")
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
