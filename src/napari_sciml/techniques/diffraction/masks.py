"""Pixels to ignore: from the settings, or from the data file."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.mask import NO_MASK
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.frames import frame_shape
from napari_sciml.techniques.diffraction.prepare import BoolArray
from napari_sciml.techniques.diffraction.settings import DiffractionSettings


def find_mask(source: ImageSource, settings: DiffractionSettings) -> tuple[BoolArray | None, str]:
    """Give the pixels to ignore in every frame, or None, and one sentence that says where they are from.

    Raises
    ------
    SciMLError
        If the mask cannot be read or has another size than the frames.
    """
    from napari_sciml.io.detector_mask import mask_in_file

    wanted: Any = settings.mask
    if isinstance(wanted, str) and wanted == NO_MASK:
        return None, "no mask is used"
    if wanted is None:
        found = mask_in_file(source.path)
        if found is None:
            return None, ""
        if found.shape != frame_shape(source):
            size = " x ".join(map(str, found.shape))
            return None, f"the file's own mask has another size ({size} px) and is not used"
        return found, f"the file's own mask leaves out {int(found.sum())} pixels"
    mask, where = (
        (wanted, "the mask given") if isinstance(wanted, np.ndarray) else (read_mask(wanted), wanted)
    )
    if mask.shape != frame_shape(source):
        shape = frame_shape(source)
        raise SciMLError(
            f"The mask has {mask.shape[0]} x {mask.shape[1]} px, but the frames have {shape[0]} x {shape[1]}",
            "choose the mask that belongs to this detector",
        )
    return mask, f"{where} leaves out {int(mask.sum())} pixels"


def read_mask(path: str) -> BoolArray:
    """Read an image file as a mask."""
    from napari_sciml.io import open_image

    source = open_image(path)
    try:
        if source.ndim != 2:
            raise SciMLError(
                f"The mask {path} has the shape {source.shape}", "give one image (rows, columns)"
            )
        return np.asarray(source.read((slice(None), slice(None))) != 0)
    finally:
        source.close()
