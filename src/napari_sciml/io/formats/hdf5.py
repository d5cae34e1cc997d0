"""HDF5 and NeXus files: the named dataset, the one that the file says is shown, or the one image in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
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
from napari_sciml.io.formats.hdf5_axes import stated_axes, text
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.module_rows import ModuleRows
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.virtual_frames import VirtualFrames, pixels_of
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image
from napari_sciml.io.raw_image import RawImage

DETECTOR = re.compile(r"detector|instrument|image_\d+$|data_\d+$", re.IGNORECASE)
"""What is in the path of frames of a detector, by which four axes are frames and modules, not a series."""


def open_hdf5(path: Path, part: str) -> RawImage:
    """Open one dataset, or several that hold frames in turn, without reading them.

    Raises
    ------
    SciMLError
        If the file is no HDF5 file, is damaged, or the dataset is absent, ambiguous or unreadable here.
    """
    tree = Hdf5Tree(path)
    try:
        chosen = choose(tree, part)
        raw = frames_raw(tree, chosen.family) if chosen.family else dataset_raw(tree, chosen.entry.part)
    except SciMLError:
        tree.close()
        raise
    moved = [f"{stated} was not there and {file} was taken instead" for stated, file in tree.moved.items()]
    return replace(raw, close=tree.close, cautions=(*raw.cautions, *moved[:1]))


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
        images = [c.entry.part for c in candidates(tree, names, "/") if c.entry.may_be_image]
        hint = f"use one of {', '.join(images[:8])}" if images else "choose another file"
        raise SciMLError(f"{tree.path} has no dataset {part}", hint) from None
    if not isinstance(node, h5py.Group):
        return Candidate(ArrayEntry(part, (), np.dtype(bool)))
    all_of_them = candidates(tree, names, part)
    where = tree.path.name if part == "/" else f"{tree.path.name}::{part}"
    if tree.missing and not any(candidate.entry.may_be_image for candidate in all_of_them):
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


def signals_below(tree: Hdf5Tree, part: str) -> dict[str, Place]:
    """Return what NeXus says is shown, from ``default`` of a group on: path -> where it lies."""
    import h5py

    group, where = tree.node(part), part
    while isinstance(group, h5py.Group) and (name := text(group.attrs.get("default", ""))):
        try:
            group = tree.node(name, group)
        except (KeyError, SciMLError):
            break
        where = f"{where.rstrip('/')}/{name.strip('/')}"
    if not isinstance(group, h5py.Group):
        return {where: place} if (place := place_of(tree, where)) else {}
    groups = [where]

    def note(name: bytes, info: Any) -> None:
        if info.type == h5py.h5o.TYPE_GROUP:
            groups.append(f"{where.rstrip('/')}/{name.decode(errors='replace')}")

    h5py.h5o.visit(group.id, note, info=True)
    found: dict[str, Place] = {}
    for name in groups:
        shown = tree.node(name).attrs
        whole = f"{name.rstrip('/')}/{text(shown['signal'])}" if "signal" in shown else ""
        if whole and (place := place_of(tree, whole)) is not None:
            found.setdefault(whole, place)
    return found


def old_signal(dataset: Any) -> bool:
    """Whether a dataset is what NeXus shows, in the way of before 2014."""
    return "signal" in dataset.attrs and text(dataset.attrs["signal"]) == "1"


def dataset_raw(tree: Hdf5Tree, part: str) -> RawImage:
    """Return the pixels of one dataset, with what the file says of them."""
    dataset = tree.node(part)
    check_filters(dataset, tree.path)
    data = pixels_of(dataset, tree)
    cautions = [*missing_frames(data), *unwritten(dataset)]
    letters, sizes = stated_axes(dataset)
    if dataset.ndim == 4 and letters is None and of_detector(tree, dataset, part):
        modules, rows, columns = data.shape[1:]
        if modules > 1:
            cautions.append(
                f"{modules} modules of {rows} x {columns} px are shown below each other: the file does not "
                "say where they lie on the detector"
            )
        data, letters = ModuleRows(data), ("t", "y", "x")
    elif letters is None and (dataset.ndim > 4 or (dataset.ndim == 4 and 1 in dataset.shape[:-2])):
        # Axes of one step are left out if that makes an image of it.
        letters = ("?",) * dataset.ndim
    return RawImage(data, letters, sizes, part=part, cautions=tuple(cautions))


def frames_raw(tree: Hdf5Tree, family: Family) -> RawImage:
    """Return the frames of several datasets."""
    frames = BlockFrames(family, tree)
    first = next(name for name in family.names if name not in tree.missing)
    dataset = tree.node(first)
    check_filters(dataset, tree.path)
    cautions: tuple[str, ...] = ()
    if frames.missing:
        lost = (
            f"{len(frames.missing)} of {len(family.names)} files that {tree.path.name} links to are not there"
        )
        cautions = (f"{lost}, the first is {frames.missing[0]}; their frames are left out",)
    sizes = stated_axes(dataset)[1]
    return RawImage(frames, ("t", "y", "x"), sizes, part=family.part, place=frames.place, cautions=cautions)


def of_detector(tree: Hdf5Tree, dataset: Any, part: str) -> bool:
    """Whether a dataset holds frames of a detector, so that its second axis counts modules."""
    if DETECTOR.search(part.rpartition("/")[0]) or DETECTOR.search(dataset.name.rpartition("/")[0]):
        return True
    instruments = [name for name in tree.datasets() if DETECTOR.search(name.rpartition("/")[0])]
    return bool(instruments) or tree.path.suffix.lower() == ".cxi"


def missing_frames(data: Any) -> list[str]:
    """Return a caution if frames of a virtual dataset are not there."""
    if not isinstance(data, VirtualFrames) or not data.missing:
        return []
    file = next(iter(data.missing.values()))
    return [f"{len(data.missing)} of {len(data)} frames are not there, the first should be in {file}"]


def unwritten(dataset: Any) -> list[str]:
    """Return a caution if parts of a dataset were never written: they read as one value."""
    if dataset.chunks is None or dataset.is_virtual:
        return []
    expected = int(np.prod([-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)]))
    there = int(dataset.id.get_num_chunks())
    if there >= expected:
        return []
    return [f"{expected - there} of {expected} chunks were never written and read as {dataset.fillvalue}"]


def check_filters(dataset: Any, path: Path) -> None:
    """Raise `SciMLError` if a dataset is compressed in a way that cannot be read here."""
    import h5py

    settings = dataset.id.get_create_plist()
    for index in range(settings.get_nfilters()):
        code, _, _, name = settings.get_filter(index)
        if not h5py.h5z.filter_avail(code):
            raise SciMLError(
                f"{path} is compressed with {text(name) or code}, which cannot be read here",
                "install the decoder with: pip install hdf5plugin",
            )


# A user block may stand before the mark, so that only the library can tell.
HDF5 = Reader(
    "HDF5",
    open_hdf5,
    (".h5", ".cxi", ".hdf5", ".hdf", ".nxs", ".nx5", ".he5"),
    ((0, b"\x89HDF"),),
    needs_mark=False,
    parts=True,
)
