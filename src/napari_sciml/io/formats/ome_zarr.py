"""OME-Zarr images (versions 0.1 to 0.6, files with several series, plates) and plain Zarr arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.axis_rules import letters_of
from napari_sciml.io.formats.ome_multiscale import meaning, multiscales, ome_attributes
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.which_array import LISTED, ArrayEntry, choose_image
from napari_sciml.io.formats.zarr_axes import axis_names, pixel_sizes
from napari_sciml.io.formats.zarr_chunks import missing_chunks
from napari_sciml.io.paths import natural_key
from napari_sciml.io.raw_image import RawImage

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
NO_IMAGES = ("labels", "OME")
"""Groups beside the levels of an image that hold segmentations and metadata."""


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr store, or a group or an array of one."""
    return any(os.path.exists(folder / mark) for mark in MARKS)


def open_zarr(path: Path, part: str = "") -> RawImage:
    """Open one array of a folder without reading it.

    Raises
    ------
    SciMLError
        If the folder is no Zarr store, its metadata is damaged, or the array is absent or ambiguous.
    """
    return _open(path, str(path), "", part)


def open_zipped(path: Path, part: str = "") -> RawImage:
    """Open one array of a zipped store without reading it.

    Raises
    ------
    SciMLError
        As `open_zarr`, and if there is no store in the archive.
    """
    import zipfile

    import zarr.storage

    try:
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.rpartition("/")[2] in MARKS]
    except zipfile.BadZipFile as error:
        raise SciMLError(f"{path} could not be unpacked ({error})", "copy it again") from error
    if not inside:
        raise SciMLError(
            f"{path} is an archive without a Zarr store in it", "unpack it and open what it holds"
        )
    store = zarr.storage.ZipStore(path, mode="r")
    try:
        top = min(inside, key=lambda name: name.count("/")).rpartition("/")[0]
        return replace(_open(path, store, top, part), close=store.close)
    except SciMLError:
        store.close()
        raise


def _open(path: Path, store: Any, top: str, part: str) -> RawImage:
    import zarr
    import zarr.errors

    try:
        node = _node(store, top)
        inner = part.strip("/")
        if inner:
            if isinstance(node, zarr.Array) or inner not in node:
                raise SciMLError(f"{path} has no array or group {part}", "check the name inside the store")
            node = node[inner]
        if isinstance(node, zarr.Array):
            return _raw(Image(node, inner, None), path, top)
        images = list(_images(node, inner, path))
        chosen = _chosen(images, path)
        others = [image.part for image in images if image.ome and image.part != chosen.part]
        return _raw(chosen, path, top, _unused(others, chosen.part, path))
    except (zarr.errors.BaseZarrError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SciMLError(
            f"{path} could not be read as Zarr ({type(error).__name__}: {error})",
            "its metadata may be damaged or incomplete; copy it again",
        ) from error


def _node(store: Any, inside: str = "") -> Any:
    """Open a group or an array as it is now, not as it was when its metadata was last gathered."""
    import zarr
    import zarr.errors

    try:
        return zarr.open_group(store, path=inside, mode="r", use_consolidated=False)
    except (zarr.errors.ContainsArrayError, zarr.errors.GroupNotFoundError):
        return zarr.open_array(store, path=inside, mode="r")


@dataclass(frozen=True)
class Image:
    """An array that may be meant.

    Attributes
    ----------
    part
        Where it lies, seen from the path that was given.
    ome
        Its image and its level in the OME metadata; None if there is none.
    """

    array: Any
    part: str
    ome: tuple[Mapping[str, Any], Mapping[str, Any]] | None

    @property
    def entry(self) -> ArrayEntry:
        """Its description for the choice among several."""
        return ArrayEntry(self.part, tuple(self.array.shape), np.dtype(self.array.dtype))


def _chosen(images: Sequence[Image], path: Path) -> Image:
    """Return the only image, or the one that is meant.

    Raises
    ------
    SciMLError
        If there is none, or several may be meant.
    """
    told = [image for image in images if image.ome]
    if len(told) == 1:
        return told[0]
    meant = choose_image([image.entry for image in told or images], path.name).part
    return next(image for image in images if image.part == meant)


def _unused(others: Sequence[str], part: str, path: Path) -> tuple[str, ...]:
    if not others:
        return ()
    more = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
    return (f"Of the images of {path.name} {part} is taken, not {', '.join(others[:LISTED])}{more}",)


def _images(group: Any, part: str, path: Path) -> Iterator[Image]:
    """Yield the images of a group: the first level of each, and arrays that are no levels."""
    import zarr

    if found := multiscales(group):
        level = found[0]["datasets"][0]
        array = group[level["path"]]
        if not isinstance(array, zarr.Array):
            raise SciMLError(
                f"{path} names {level['path']} as its image, which is no array", "convert it again"
            )
        yield Image(array, f"{part}/{level['path']}".strip("/"), (found[0], level))
        return
    wells = ome_attributes(group).get("plate", {}).get("wells", ())
    if len(wells) > 1:
        first = f"{part}/{wells[0]['path']}/0".strip("/")
        listed = ", ".join(str(well["path"]) for well in wells[:5])
        raise SciMLError(
            f"{path} is a plate with {len(wells)} wells ({listed}{', ...' * (len(wells) > 5)})",
            f"name one field of a well, for example {path}::{first}",
        )
    for name, node in sorted(group.members(), key=lambda member: natural_key(member[0])):
        inner = f"{part}/{name}".strip("/")
        if isinstance(node, zarr.Array):
            yield Image(node, inner, None)
        elif name not in NO_IMAGES:
            yield from _images(node, inner, path)


def _raw(image: Image, path: Path, top: str, cautions: tuple[str, ...] = ()) -> RawImage:
    array = image.array
    name = f"{path.name}::{image.part}" if image.part else path.name
    cautions = (*cautions, *missing_chunks(array, name))
    around = list(_groups_around(array, path, top))
    for group, inside in around if image.ome is None else ():
        levels = [(one, level) for one in multiscales(group) for level in one["datasets"]]
        if owner := [(one, level) for one, level in levels if level["path"].strip("/") == inside]:
            image = replace(image, ome=owner[0])
            break
    if image.ome is not None:
        letters, sizes, more = meaning(*image.ome, tuple(array.shape), name)
        return RawImage(array, letters, sizes, image.part, cautions=(*more, *cautions))
    names = axis_names(array)
    sizes = pixel_sizes(array, names, around[0][0] if around else None) if names else {}
    return RawImage(array, letters_of(names), sizes, image.part, cautions=cautions)


def _groups_around(array: Any, path: Path, top: str) -> Iterator[tuple[Any, str]]:
    """Yield the groups in which an array lies, innermost first, each with the path of the array in it.

    The path that was given may itself be inside a store.
    """
    steps = [step for step in array.path.split("/") if step]
    for depth in range(len(steps) - 1, len(top.split("/")) - 1 if top else -1, -1):
        yield _node(array.store, "/".join(steps[:depth])), "/".join(steps[depth:])
    whole = path.absolute()
    for folder in whole.parents if not top and whole.is_dir() else ():
        if not is_zarr(folder):
            return
        yield _node(str(folder)), "/".join([*whole.relative_to(folder).parts, *steps])


ZARR = Reader(
    "Zarr",
    open_zarr,
    parts=True,
    variants="Zarr 2 and 3, OME-Zarr 0.1 to 0.6, converted series, nested images, one level",
)
ZARR_ZIP = Reader(
    "zipped Zarr",
    open_zipped,
    (".zip", ".ozx"),
    ((0, b"PK\x03\x04"),),
    parts=True,
    variants="a Zarr store in one file",
    window_patterns=("*.zarr.zip", "*.ozx"),
)
