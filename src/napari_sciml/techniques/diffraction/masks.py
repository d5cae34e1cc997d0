"""Pixels to ignore: from the settings, from the data file, and hot ones found in the stack itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.frames import frame_count, frame_shape, read_frame
from napari_sciml.techniques.diffraction.prepare import BoolArray, prepare
from napari_sciml.techniques.diffraction.settings import NO_MASK, DiffractionSettings

HOT_SIGMA = 6.0
HOT_SHARE = 0.7
FEWEST_FRAMES = 5
SAMPLED_FRAMES = 9


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
        if found is None or found.shape != frame_shape(source):
            return None, ""
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


def hot_pixels(source: ImageSource, mask: BoolArray | None) -> BoolArray | None:
    """Find single pixels that are bright in most of a few frames spread over the stack.

    In serial crystallography every shot is another crystal, so that a spot does not come back to a pixel.
    None for a stack of fewer than five frames, and where nothing is hot.
    """
    count = frame_count(source)
    if count < FEWEST_FRAMES:
        return None
    seen = np.zeros(frame_shape(source), np.int16)
    used = 0
    for number in np.unique(np.linspace(0, count - 1, SAMPLED_FRAMES).astype(int)):
        try:
            prepared = prepare(read_frame(source, int(number)), mask)
        except SciMLError:
            # The run itself lists the frames that cannot be used.
            continue
        height, width = seen.shape
        bright = lonely(prepared.levels.scale(prepared.pixels, prepared.dead))[:height, :width]
        seen += bright
        used += 1
    hot: npt.NDArray[np.bool_] = seen >= max(HOT_SHARE * used, 3)
    return hot if hot.any() else None


def lonely(scaled: npt.NDArray[np.float32]) -> BoolArray:
    """Say which pixels of a normalised frame stand out while their eight neighbours together do not."""
    bright = scaled > np.arcsinh(HOT_SIGMA)
    rows, columns = np.nonzero(bright[1:-1, 1:-1])
    rows, columns = rows + 1, columns + 1
    around: Any = sum(
        np.sinh(scaled[rows + dy, columns + dx])
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dy, dx) != (0, 0)
    )
    keep = around < 0.5 * np.sinh(scaled[rows, columns])
    result = np.zeros(scaled.shape, bool)
    result[rows[keep], columns[keep]] = True
    return result
