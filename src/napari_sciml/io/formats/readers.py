"""`READERS`: the formats of single files, and which of them a file has."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.detector_series import SUFFIXES, open_detector
from napari_sciml.io.formats.hdf5 import HDF5
from napari_sciml.io.formats.jpeg_png import PHOTO
from napari_sciml.io.formats.meta_image import META_IMAGE
from napari_sciml.io.formats.mrc import MRC, MRC_STACK
from napari_sciml.io.formats.nifti import NIFTI
from napari_sciml.io.formats.nrrd_files import NRRD
from napari_sciml.io.formats.numpy_files import NPY, NPZ
from napari_sciml.io.formats.ome_zarr import ZARR, ZARR_ZIP, is_zarr
from napari_sciml.io.formats.raw_volume import RAW
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.tiff import TIFF
from napari_sciml.io.paths import unreadable

DETECTOR = Reader(
    "detector file",
    lambda path: open_detector([path]),
    SUFFIXES,
    packed=True,
    variants="CBF, EDF (also with three axes), MarCCD, mar345, SMV, Bruker, Esperanto",
)
READERS = (MRC, MRC_STACK, TIFF, HDF5, NPY, NPZ, ZARR_ZIP, PHOTO, NRRD, META_IMAGE, NIFTI, RAW)
"""In the order in which they are asked; detector files are known before, by their names alone."""
START_BYTES = max(at + len(mark) for reader in READERS for at, mark in reader.marks)
"""How much of a file is read to know its format, in bytes: up to the end of the last mark."""
READABLE = (
    "use TIFF, a folder of TIFF slices, OME-Zarr, HDF5/NeXus, MRC, CBF, EDF, MarCCD, SMV, .npy, .npz, "
    "JPEG, PNG, NRRD, MetaImage, NIfTI, or .raw and .vol with their size"
)


def all_formats() -> tuple[Reader, ...]:
    """Return every format that is read, in the order of the page on them."""
    return (
        TIFF,
        ZARR,
        ZARR_ZIP,
        HDF5,
        DETECTOR,
        MRC,
        MRC_STACK,
        NRRD,
        META_IMAGE,
        NIFTI,
        RAW,
        NPY,
        NPZ,
        PHOTO,
    )


def reader_by_name(path: Path) -> Reader | None:
    """Return the format that a path has by its name alone; None if it has none."""
    if DETECTOR.has_name(path) and not path.name.startswith("."):
        return DETECTOR
    return next((reader for reader in READERS if reader.has_name(path)), None)


def reader_of(path: Path) -> Reader | None:
    """Return what opens an existing path by what it holds, else by its name; None for a folder of files.

    Raises
    ------
    SciMLError
        If there is nothing there, it may not be read, it is empty, or it is no image.
    """
    try:
        if path.is_dir():
            return ZARR if is_zarr(path) else None
        if not path.exists():
            raise SciMLError(f"There is no file or folder {path}", "check the path")
        with path.open("rb") as file:
            start = file.read(START_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error
    if not start:
        raise SciMLError(f"The file {path} is empty", "copy it again")
    marked = [reader for reader in READERS if reader.has_mark(start)]
    if marked:
        # Two kinds of archive begin alike.
        return next((reader for reader in marked if reader.has_name(path)), marked[0])
    named = next((reader for reader in READERS if reader.has_name(path)), None)
    if named is None:
        raise SciMLError(f"{path} is not an image that can be opened here", READABLE)
    if named.needs_mark:
        raise SciMLError(
            f"{path} is not a {named.name} file, in spite of its name", "the file may be damaged"
        )
    return named
