"""How micrographs look: grey, with a contrast that one of them decides, and proposed for cryo-EM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.formats.mrc import is_mrc_name
from napari_sciml.layers.keys import TECHNIQUE_KEY

PERCENT = (0.5, 99.5)
"""Of the pixels of one micrograph: single hot pixels would leave the rest flat grey."""
EVERY = 5
"""Every so many rows and columns are read for the contrast of a large micrograph."""
LOOKED_AT = 3
"""Micrographs of a series that are tried until one has a contrast."""


def is_micrographs(source: ImageSource) -> bool:
    """Whether an opened source is images from MRC files, and not a volume. Reads no pixels."""
    if "z" in source.axes:
        return False
    file = source.place(0)[0] if source.place is not None else (source.path or "")
    return is_mrc_name(Path(file))


def micrograph_look(source: ImageSource) -> dict[str, Any]:
    """Return the arguments of a layer that shows micrographs, or images of particles."""
    look: dict[str, Any] = {"colormap": "gray", "metadata": {TECHNIQUE_KEY: "cryoem"}}
    limits = first_contrast(source)
    return look if limits is None else {**look, "contrast_limits": limits}


def first_contrast(source: ImageSource) -> tuple[float, float] | None:
    """Return contrast limits from the first image, or a later one where that cannot be read."""
    count = source.shape[0] if source.ndim == 3 else 1
    for number in range(min(count, LOOKED_AT)):
        step = slice(None, None, EVERY if min(source.shape[-2:]) > 100 * EVERY else 1)
        try:
            sample = source.read((number, step, step) if source.ndim == 3 else (step, step))
        except SciMLError:
            # The run, or the one who scrolls to it, is told.
            continue
        finite = sample[np.isfinite(sample)]
        if finite.size and finite.min() < finite.max():
            low, high = (float(level) for level in np.percentile(finite.astype(np.float32), PERCENT))
            return (low, high) if low < high else (float(finite.min()), float(finite.max()))
    return None
