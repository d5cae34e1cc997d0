"""How diffraction frames look: dark spots on white, with a contrast that one frame decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.no_pixel import only_measured
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import TECHNIQUE_KEY

COLORMAP = "gray_r"
PERCENT = (1.0, 99.0)
"""Of the pixels of one frame: the water ring turns dark, and spots stand out beside it."""
LEAST_EDGE_PX = 256
"""Edge in pixels below which an image is no detector frame."""
EVERY = 3
"""Every so many pixels in each direction decide about the contrast."""


def is_frames(source: ImageSource) -> bool:
    """Whether an opened file holds detector frames, as far as its name and type tell. Reads no pixels.

    Detectors are the only cameras that write whole numbers of 32 bits, or files of their own.
    """
    from napari_sciml.io.formats.detector_series import detector_files

    file = (source.path or "").partition("::")[0]
    if file.lower().endswith(".cxi") or (file and detector_files(file)):
        return True
    wide = source.dtype.kind in "ui" and source.dtype.itemsize == 4
    return wide and source.ndim <= 3 and min(source.shape[-2:]) >= LEAST_EDGE_PX


def frames_look(source: ImageSource) -> dict[str, Any]:
    """Return the arguments of a layer that shows frames: colours, contrast and what suits them."""
    look: dict[str, Any] = {"colormap": COLORMAP, "metadata": {TECHNIQUE_KEY: "diffraction"}}
    limits = first_contrast(source)
    return look if limits is None else {**look, "contrast_limits": limits}


def first_contrast(source: ImageSource) -> tuple[float, float] | None:
    """Return contrast limits from the first frame, or one further on where that cannot be used."""
    count = source.shape[0] if source.ndim == 3 else 1
    for number in dict.fromkeys((0, count // 2, count - 1)):
        try:
            frame = source.read(
                (number, slice(None), slice(None)) if source.ndim == 3 else (slice(None),) * 2
            )
        except SciMLError:
            # The run lists the frames that cannot be read.
            continue
        if (limits := contrast(frame)) is not None:
            return limits
    return None


def contrast(frame: npt.NDArray[Any]) -> tuple[float, float] | None:
    """Return contrast limits of a frame ``(h, w)``, or None for one that holds nothing.

    Gaps, dead pixels and what lies behind the beamstop are zero or below and do not count.
    """
    sample = only_measured(frame)[::EVERY, ::EVERY]
    lit = sample[np.isfinite(sample) & (sample > 0)]
    if not lit.size:
        return None
    low, high = (float(value) for value in np.percentile(lit, PERCENT))
    return (low, high) if high > low else None
