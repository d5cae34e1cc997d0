"""The mask that a run goes by: the one in the settings, or the one that the data file brings along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_shape
from napari_sciml.core.mask_setting import NO_MASK
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask, MaskChoice
from napari_sciml.io.masks.in_file import mask_in_file

BoolArray = npt.NDArray[np.bool_]
MOST_MASKED = 0.5
"""A mask that leaves out more than this share may be meant the other way round."""


def find_mask(setting: Any, source: ImageSource) -> MaskChoice:
    """Return the pixels to ignore, where they are from, and which masks of the file are not used.

    Parameters
    ----------
    setting
        A file, flags ``(rows, columns)``, the word ``none``, or None for what the data file holds.
    source
        The frames.

    Raises
    ------
    SciMLError
        If the mask cannot be read or has another size than the frames.
    """
    if isinstance(setting, str) and setting == NO_MASK:
        return MaskChoice(note="no mask is used")
    if setting is None:
        return checked(mask_in_file(source))
    mask, where = (
        (setting, "the mask given") if isinstance(setting, np.ndarray) else (read_mask(setting), setting)
    )
    shape = frame_shape(source)
    if mask.shape != shape:
        raise SciMLError(
            f"The mask has {mask.shape[0]} x {mask.shape[1]} px, but the frames have {shape[0]} x {shape[1]}",
            "choose the mask that belongs to this detector",
        )
    return checked(MaskChoice(FrameMask(mask), f"{where} leaves out {int(mask.sum())} pixels"))


def checked(choice: MaskChoice) -> MaskChoice:
    """Add a caution if a mask leaves out most of a frame."""
    share = 0.0 if choice.mask is None else float(choice.mask.of(0).mean())
    if share <= MOST_MASKED:
        return choice
    caution = (
        f"The mask leaves out {share:.0%} of the pixels: it is not zero where to ignore, "
        "so turn it around if you meant the opposite"
    )
    return replace(choice, cautions=(caution, *choice.cautions))


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
