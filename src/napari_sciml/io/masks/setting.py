"""The mask that a run goes by: the one in the settings, or the one that the data file brings along."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.mask_setting import NO_MASK
from napari_sciml.io.masks.in_file import mask_in_file

BoolArray = npt.NDArray[np.bool_]


def find_mask(setting: Any, path: str | None, shape: tuple[int, int]) -> tuple[BoolArray | None, str]:
    """Return the pixels to ignore in every frame, or None, and one sentence that says where they are from.

    Parameters
    ----------
    setting
        A file, flags ``(rows, columns)``, the word ``none``, or None for what the data file holds.
    path
        The data file as an image source states it, or None.
    shape
        Rows and columns of a frame.

    Raises
    ------
    SciMLError
        If the mask cannot be read or has another size than the frames.
    """
    if isinstance(setting, str) and setting == NO_MASK:
        return None, "no mask is used"
    if setting is None:
        found = mask_in_file(path)
        if found is None:
            return None, ""
        if found.shape != shape:
            size = " x ".join(map(str, found.shape))
            return None, f"the file's own mask has another size ({size} px) and is not used"
        return found, f"the file's own mask leaves out {int(found.sum())} pixels"
    mask, where = (
        (setting, "the mask given") if isinstance(setting, np.ndarray) else (read_mask(setting), setting)
    )
    if mask.shape != shape:
        raise SciMLError(
            f"The mask has {mask.shape[0]} x {mask.shape[1]} px, but the frames have {shape[0]} x {shape[1]}",
            "choose the mask that belongs to this detector",
        )
    return mask, f"{where} leaves out {int(mask.sum())} pixels"


def read_mask(path: str) -> BoolArray:
    """Read an image file as a mask, true where it is not zero.

    Raises
    ------
    SciMLError
        If it cannot be read or is no single image.
    """
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
