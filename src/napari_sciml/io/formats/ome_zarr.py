"""OME-Zarr images (level 0 of the first multiscale, versions 0.1 to 0.5) and plain Zarr arrays and groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.units import micrometres
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image
from napari_sciml.io.raw_image import RawImage

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
OLD_AXES = ("t", "c", "z", "y", "x")


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr store."""
    return any((folder / mark).exists() for mark in MARKS)


def open_zarr(path: Path, part: str) -> RawImage:
    """Open one array without reading it.

    Raises
    ------
    SciMLError
        If the folder is no Zarr store, its metadata is damaged, or the array is absent or ambiguous.
    """
    import zarr
    import zarr.errors

    try:
        node = zarr.open(path, mode="r")
        if part:
            if isinstance(node, zarr.Array) or part.strip("/") not in node:
                raise SciMLError(f"{path} has no array or group {part}", "check the name inside the store")
            node = node[part.strip("/")]
        if isinstance(node, zarr.Array):
            return RawImage(node, None, part=part)
        group = _image_group(node)
        multiscales = _ome(group).get("multiscales")
        if multiscales:
            return _multiscale(group, multiscales[0], path)
        return _plain(node, path)
    except (zarr.errors.BaseZarrError, OSError, ValueError, KeyError, TypeError) as error:
        raise SciMLError(
            f"{path} could not be read as Zarr ({type(error).__name__}: {error})",
            "its metadata may be damaged or incomplete; copy it again",
        ) from error


def _ome(group: Any) -> Mapping[str, Any]:
    """Return the OME attributes: under ``ome`` since version 0.5, at the top before."""
    attributes = dict(group.attrs)
    nested: Mapping[str, Any] = attributes.get("ome", attributes)
    return nested


def _image_group(group: Any) -> Any:
    """Step into the first image of a converted file, whose series are called ``0``, ``1``, ..."""
    if "bioformats2raw.layout" in _ome(group) and "0" in group:
        return group["0"]
    return group


def _multiscale(group: Any, multiscale: Mapping[str, Any], path: Path) -> RawImage:
    import zarr

    level = multiscale["datasets"][0]
    array = group[level["path"]]
    if not isinstance(array, zarr.Array):
        raise SciMLError(f"{path} names {level['path']} as its image, which is no array", "convert it again")
    axes = multiscale.get("axes")
    part = f"{group.path}/{level['path']}".strip("/")
    if not axes:
        return RawImage(array, OLD_AXES[-array.ndim :], part=part)
    named = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in axes]
    letters = tuple(str(axis["name"]).lower() for axis in named)
    if len(letters) != array.ndim:
        raise SciMLError(
            f"{path} names {len(letters)} axes for an array with {array.ndim}", "convert it again"
        )
    scale = np.ones(array.ndim)
    for transform in (
        *level.get("coordinateTransformations", ()),
        *multiscale.get("coordinateTransformations", ()),
    ):
        if transform.get("type") == "scale":
            scale = scale * np.asarray(transform["scale"], dtype=float)
    sizes = {}
    for letter, axis, edge in zip(letters, named, scale, strict=True):
        size = micrometres(float(edge), str(axis.get("unit", "")))
        if letter in "zyx" and size is not None:
            sizes[letter] = size
    known = tuple(letter if letter in OLD_AXES else "?" for letter in letters)
    return RawImage(array, known, sizes, part=part)


def _plain(group: Any, path: Path) -> RawImage:
    import zarr

    entries = []
    for name, node in group.members(max_depth=None):
        if isinstance(node, zarr.Array):
            entries.append(ArrayEntry(str(name), tuple(node.shape), np.dtype(node.dtype)))
    chosen = choose_image(entries, path.name)
    return RawImage(group[chosen.part], None, part=f"{group.path}/{chosen.part}".strip("/"))


ZARR = Reader("Zarr", open_zarr, parts=True)
