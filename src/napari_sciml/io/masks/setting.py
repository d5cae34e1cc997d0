"""The mask that a run goes by: the one in the settings, or the one that the data file brings along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.mask_setting import NO_MASK
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.beside import in_store, mask_beside
from napari_sciml.io.masks.bits import bad_pixels
from napari_sciml.io.masks.frame_mask import FrameMask, MaskChoice, fitted
from napari_sciml.io.masks.in_file import mask_in_file
from napari_sciml.io.masks.mask_file import read_mask

MOST_MASKED = 0.5
"""A mask that leaves out more than this share may be meant the other way round."""


def find_mask(setting: Any, source: ImageSource) -> MaskChoice:
    """Return the pixels to ignore, where they are from, and which masks of the file are not used.

    Parameters
    ----------
    setting
        A file with one mask or one for each frame, flags ``(rows, columns)``, the word ``none``, or
        None for what the data file holds.
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
        return checked(mask_beside(source) if in_store(source) else mask_in_file(source))
    shape, frames = frame_shape(source), frame_count(source)
    if isinstance(setting, np.ndarray):
        mask: FrameMask | str = fitted(setting, frames, shape, bad_pixels, lambda number: setting[number])
        size, where = setting.shape, "the mask given"
    else:
        mask, size = read_mask(setting, frames, shape)
        where = setting
    if isinstance(mask, str) and "different masks" in mask:
        raise SciMLError(f"{where} cannot be the mask: {mask}", "give one mask, or one for each frame")
    if isinstance(mask, str):
        raise SciMLError(
            f"The mask has {' x '.join(map(str, size))} px, but the frames have {shape[0]} x {shape[1]}",
            "choose the mask that belongs to this detector",
        )
    first = "" if mask.each is None else " of the first frame"
    return checked(MaskChoice(mask, f"{where} leaves out {int(mask.of(0).sum())} pixels{first}"))


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
