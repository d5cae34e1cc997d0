"""Which dataset of an HDF5 or NeXus file is meant: the named one, the one that is shown, the one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.frame_blocks import (
    BlockFrames,
    Family,
    dimensions_in,
    families,
    one_series,
)
from napari_sciml.io.formats.hdf5_axes import text
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image


@dataclass(frozen=True)
class Candidate:
    """An array that may be meant; of a family, all of its datasets."""

    entry: ArrayEntry
    family: Family | None = None


def choose(tree: Hdf5Tree, part: str) -> Candidate:
    """Return what is meant: `part`, the image in that group, or the image of the file."""
    import h5py

    part = "/" + part.strip("/")
    names = tree.datasets()
    if "*" in part:
        found = next((family for family in families(names) if family.part == part), None)
        if found is None:
            raise SciMLError(f"{tree.path} has no datasets {part}", "check the name inside the file")
        return Candidate(ArrayEntry(part, (), np.dtype(bool)), found)
    try:
        node = tree.node(part)
    except KeyError:
        parts = [c.entry.part for c in candidates(tree, names, "/") if c.entry.may_be_image]
        hint = f"use one of {', '.join(parts[:8])}" if parts else "choose another file"
        raise SciMLError(f"{tree.path} has no dataset {part}", hint) from None
    if not isinstance(node, h5py.Group):
        return Candidate(ArrayEntry(part, (), np.dtype(bool)))
    all_of_them = candidates(tree, names, part)
    where = tree.path.name if part == "/" else f"{tree.path.name}::{part}"
    images = [c.entry for c in all_of_them if c.entry.may_be_image]
    if (shown := lost_signal(tree, part)) and not any(entry.stated for entry in images):
        raise SciMLError(
            f"{tree.path} says that {shown} is to be shown, which is not there",
            "put the file that it links to beside it, or name another part",
        )
    if tree.missing and all(entry.auxiliary for entry in images):
        lost = next((at for at in tree.missing if at.startswith(part)), next(iter(tree.missing)))
        raise SciMLError(
            f"{tree.path} links to {tree.missing[lost]}, which is not there or not readable",
            "put the data file beside it",
        )
    entry = choose_image([candidate.entry for candidate in all_of_them], where)
    return next(candidate for candidate in all_of_them if candidate.entry is entry)


def candidates(tree: Hdf5Tree, names: Sequence[str], part: str) -> list[Candidate]:
    """List what in a group may be meant: each dataset, and each family of them as one."""
    import h5py

    within = [name for name in names if part == "/" or name.startswith(f"{part}/")]
    signals = {place: name for name, place in signals_below(tree, part).items()}
    found: list[Candidate] = []
    in_family: set[str] = set()
    for family in families(within):
        dimensions = dimensions_in(family, tree)
        if max(dimensions, default=2) < 2:
            # Numbers that stand beside each image.
            in_family |= set(family.names)
        if not one_series(family, tree, dimensions) or virtual_beside(tree, family, within):
            continue
        try:
            frames = BlockFrames(family, tree)
        except SciMLError:
            continue
        in_family |= set(family.names)
        stated = any(place_of(tree, name) in signals for name in family.names[:1])
        found.append(Candidate(ArrayEntry(family.part, frames.shape, frames.dtype, stated), family))
    for name in within:
        if name in in_family or name in tree.missing:
            continue
        dataset = tree.node(name)
        if dataset.shape:
            place = (dataset.file.filename, h5py.h5o.get_info(dataset.id).addr)
            stated = place in signals or old_signal(dataset)
            shown = signals.get(place, name)
            found.append(Candidate(ArrayEntry(shown, tuple(dataset.shape), np.dtype(dataset.dtype), stated)))
    return found


def virtual_beside(tree: Hdf5Tree, family: Family, names: Sequence[str]) -> bool:
    """Whether a virtual dataset lies beside linked data files: it shows the same frames in their order."""
    if not (family.in_one_group and family.detector_blocks):
        return False
    prefix = family.part.rstrip("/") + "/"
    beside = [name for name in names if name.startswith(prefix) and "/" not in name[len(prefix) :]]
    others = [name for name in beside if name not in family.names and name not in tree.missing]
    return any(tree.node(name).is_virtual and tree.node(name).ndim == 3 for name in others)


Place = tuple[str, int]
"""The file of an object, and where in it: the same by whatever name it is reached."""


def place_of(tree: Hdf5Tree, name: str) -> Place | None:
    """Return where an object lies; None if it is not there."""
    import h5py

    try:
        node = tree.node(name)
    except (SciMLError, KeyError):
        return None
    return node.file.filename, h5py.h5o.get_info(node.id).addr


def shown_below(tree: Hdf5Tree, part: str) -> list[str]:
    """List what NeXus says is shown, from ``default`` of a group on, whether it is there or not."""
    import h5py

    group, where = tree.node(part), part
    while isinstance(group, h5py.Group) and (name := text(group.attrs.get("default", ""))):
        try:
            group = tree.node(name, group)
        except (KeyError, SciMLError):
            break
        where = f"{where.rstrip('/')}/{name.strip('/')}"
    if not isinstance(group, h5py.Group):
        return [where]
    groups = [where]

    def note(name: bytes, info: Any) -> None:
        if info.type == h5py.h5o.TYPE_GROUP:
            groups.append(f"{where.rstrip('/')}/{name.decode(errors='replace')}")

    h5py.h5o.visit(group.id, note, info=True)
    attributes = ((name, tree.node(name).attrs) for name in groups)
    return [f"{name.rstrip('/')}/{text(own['signal'])}" for name, own in attributes if "signal" in own]


def signals_below(tree: Hdf5Tree, part: str) -> dict[str, Place]:
    """Return what NeXus says is shown and is there: path -> where it lies."""
    places = {name: place_of(tree, name) for name in shown_below(tree, part)}
    return {name: place for name, place in places.items() if place is not None}


def lost_signal(tree: Hdf5Tree, part: str) -> str:
    """Return what NeXus says is shown and is not there; empty if there is no such thing."""
    return next((name for name in shown_below(tree, part) if place_of(tree, name) is None), "")


def old_signal(dataset: Any) -> bool:
    """Whether a dataset is what NeXus shows, in the way of before 2014."""
    return "signal" in dataset.attrs and text(dataset.attrs["signal"]) == "1"
