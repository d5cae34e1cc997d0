"""The mask beside an image in a ``.npz`` archive or a Zarr folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask, MaskChoice
from napari_sciml.io.masks.in_file import A_MASK, joined, not_used
from napari_sciml.io.masks.mask_file import read_mask
from napari_sciml.io.paths import split_part


def in_store(source: ImageSource) -> bool:
    """Whether the frames are one of several arrays of a ``.npz`` archive or a Zarr folder."""
    name, part = split_part(source.path or "")
    return bool(part) and (Path(name).suffix.lower() == ".npz" or Path(name).is_dir())


def mask_beside(source: ImageSource) -> MaskChoice:
    """Return the mask that lies beside an image in a ``.npz`` archive or a Zarr folder."""
    name, part = split_part(source.path or "")
    group = "/".join(part.strip("/").split("/")[:-1])
    if Path(name).is_dir():
        beside = [entry.name for entry in Path(name, group).iterdir() if entry.is_dir()]
    else:
        with np.load(name, allow_pickle=False) as archive:
            beside = list(archive.files)
    masks, cautions = [], []
    for mask in sorted(mask for mask in beside if A_MASK.match(mask)):
        where = "/".join(filter(None, (group, mask)))
        try:
            found, _ = read_mask(f"{name}::{where}", frame_count(source), frame_shape(source))
        except SciMLError as error:
            found = f"it could not be read ({error.message})"
        if isinstance(found, FrameMask):
            masks.append(found)
        else:
            cautions.append(not_used([where], found))
    if not masks:
        return MaskChoice(cautions=tuple(cautions))
    whole = joined(masks)
    note = f"the file's own mask leaves out {int(whole.of(0).sum())} pixels"
    return MaskChoice(whole, note if whole.each is None else f"{note} of the first frame", tuple(cautions))
