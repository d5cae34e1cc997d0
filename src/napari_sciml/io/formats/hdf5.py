"""HDF5 and NeXus files: the named dataset, the one NeXus points at, or the largest that is an image."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.linked_frames import find_linked, target_of
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.virtual_frames import VirtualFrames
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image
from napari_sciml.io.paths import unreadable
from napari_sciml.io.raw_image import RawImage


def open_hdf5(path: Path, part: str) -> RawImage:
    """Open one dataset without reading it.

    Raises
    ------
    SciMLError
        If the file is no HDF5 file, is damaged, or the dataset is absent, ambiguous or unreadable here.
    """
    import h5py

    if importlib.util.find_spec("hdf5plugin") is not None:
        # Importing it registers the compressions that detectors write (bitshuffle, LZ4, Zstandard).
        importlib.import_module("hdf5plugin")
    try:
        file = h5py.File(path, "r")
    except PermissionError as error:
        raise unreadable(path, error) from error
    except OSError as error:
        raise SciMLError(
            f"{path} could not be read as HDF5 ({error})",
            "it may be damaged or still being written; copy it again",
        ) from error
    try:
        linked = find_linked(file, path) if part in ("", "/entry", "/entry/data") else None
        if linked is not None:
            _check_filters(next(part for part in linked.parts if part is not None), path)
            return RawImage(linked, ("t", "y", "x"), part=linked.name, close=file.close, place=linked.place)
        part = _image_part(file, path, part)
        dataset = file[part]
        _check_filters(dataset, path)
        data = VirtualFrames(dataset, path) if dataset.is_virtual else dataset
    except SciMLError:
        file.close()
        raise
    return RawImage(data, None, _sizes(dataset), part=part, close=file.close)


def _image_part(file: Any, path: Path, part: str) -> str:
    """Name the dataset that is meant: `part`, the image in that group, or the image of the file."""
    import h5py

    if not part:
        # A mask has the size of the picture it belongs to, and is never what is meant.
        entries = [entry for entry in _entries(file) if not entry.part.endswith("mask")]
        if not any(entry.may_be_image for entry in entries):
            _check_links(file, path)
        return _nexus_default(file) or choose_image(entries, path.name).part
    if file.get(part) is None:
        _check_links(file, path, part)
        images = [entry.part for entry in _entries(file) if entry.may_be_image]
        hint = f"use one of {', '.join(images[:8])}" if images else "choose another file"
        raise SciMLError(f"{path} has no dataset {part}", hint)
    found = file[part]
    if isinstance(found, h5py.Group):
        entries = [entry for entry in _entries(file) if entry.part.startswith(f"{found.name.rstrip('/')}/")]
        if not any(entry.may_be_image for entry in entries):
            _check_links(file, path, part)
        return choose_image(entries, path.name).part
    return part if part.startswith("/") else f"/{part}"


def _entries(file: Any) -> list[ArrayEntry]:
    import h5py

    entries: list[ArrayEntry] = []

    def collect(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.shape:
            entries.append(ArrayEntry(f"/{name}", tuple(node.shape), np.dtype(node.dtype)))

    file.visititems(collect)
    # The visit does not follow links into other files.
    for name in _links(file):
        collect(name, file.get(name))
    return entries


def _links(file: Any) -> list[str]:
    """Name the links into other files."""
    import h5py

    found: list[str] = []

    def collect(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append(name)

    file.visititems_links(collect)
    return found


def _check_links(file: Any, path: Path, part: str = "") -> None:
    """Raise `SciMLError` if a link on the way to `part`, or below it, points at a file that is not there."""
    wanted = part.strip("/")
    for name in _links(file):
        related = not wanted or f"{wanted}/".startswith(f"{name}/") or name.startswith(f"{wanted}/")
        if related and file.get(name) is None:
            raise SciMLError(
                f"{path} links to {target_of(file, name)}, which is not there or not readable",
                "put the data file beside it",
            )


def _nexus_default(file: Any) -> str:
    """Follow NeXus from the root's ``default`` to the plotted signal; empty if the file has none."""
    node = file
    while "default" in node.attrs and _text(node.attrs["default"]) in node:
        node = node[_text(node.attrs["default"])]
    signal = _text(node.attrs.get("signal", ""))
    if not signal or not hasattr(node, "keys") or signal not in node:
        return ""
    found = node[signal]
    entry = ArrayEntry(str(found.name), tuple(found.shape), np.dtype(found.dtype))
    return entry.part if entry.may_be_image else ""


def _check_filters(dataset: Any, path: Path) -> None:
    import h5py

    settings = dataset.id.get_create_plist()
    for index in range(settings.get_nfilters()):
        code, _, _, name = settings.get_filter(index)
        if not h5py.h5z.filter_avail(code):
            raise SciMLError(
                f"{path} is compressed with {_text(name) or code}, which cannot be read here",
                "install the decoder with: pip install hdf5plugin",
            )


def _sizes(dataset: Any) -> dict[str, float]:
    # The attribute that Fiji's and ilastik's HDF5 files carry: edges along z, y, x in micrometres.
    stated = dataset.attrs.get("element_size_um")
    if stated is None or np.shape(stated) != (3,) or min(stated) <= 0:
        return {}
    return {letter: float(size) for letter, size in zip("zyx", stated, strict=True)}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


# A user block may stand before the mark, so that only the library can tell.
HDF5 = Reader(
    "HDF5",
    open_hdf5,
    (".h5", ".cxi", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5"),
    ((0, b"\x89HDF"),),
    needs_mark=False,
    parts=True,
)
