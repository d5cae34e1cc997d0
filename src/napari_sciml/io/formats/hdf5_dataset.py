"""One image of an HDF5 file, with what the file says of it: axes, sizes, what is not there."""

from __future__ import annotations

import glob
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.frame_blocks import BlockFrames, Family
from napari_sciml.io.formats.hdf5_axes import stated_axes, text
from napari_sciml.io.formats.hdf5_candidates import choose
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.module_rows import ModuleRows
from napari_sciml.io.formats.nexus_q_axes import stated_q
from napari_sciml.io.formats.stated_geometry import in_nexus
from napari_sciml.io.formats.virtual_frames import VirtualFrames, pixels_of
from napari_sciml.io.raw_image import RawImage

MODULE = re.compile(r"(?P<run>.*)_m(?P<module>\d{2})\.nxs")
"""How LAMBDA detectors call the file of each of their modules."""
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
    return replace(raw, close=tree.close, cautions=(*raw.cautions, *moved[:1], *other_modules(path)))


def other_modules(path: Path) -> list[str]:
    """Return a caution if a file holds one of several modules of a detector."""
    if (match := MODULE.fullmatch(path.name)) is None:
        return []
    pattern = f"{match['run']}_m*.nxs"
    count = len(list(path.parent.glob(glob.escape(match["run"]) + "_m[0-9][0-9].nxs")))
    return [f"this is one of {count} modules; {pattern} opens all of them"] if count > 1 else []


def dataset_raw(tree: Hdf5Tree, part: str) -> RawImage:
    """Return the pixels of one dataset, with what the file says of them."""
    dataset = tree.node(part)
    check_filters(dataset, tree.path)
    data = pixels_of(dataset, tree)
    cautions = [*missing_frames(data), *unwritten(dataset)]
    letters, sizes = stated_axes(dataset)
    known, turned, unused = stated_q(dataset)
    cautions += unused
    if not known and dataset.ndim in (2, 3):
        known = in_nexus(tree, part)
    if "qy_range" in known:
        # Directions in q are no axes of a volume.
        letters, sizes = (*("t",) * (dataset.ndim - 2), *("xy" if turned else "yx")), {}
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
    return RawImage(data, letters, sizes, part=part, known=known, cautions=tuple(cautions))


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
    known = in_nexus(tree, family.part)
    return RawImage(
        frames, ("t", "y", "x"), sizes, part=family.part, place=frames.place, known=known, cautions=cautions
    )


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
