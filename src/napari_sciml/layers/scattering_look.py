"""How small-angle scattering looks: counts over five decades, shown so that the weak spots are seen too.

napari has no logarithmic display. A small gamma comes close to it and leaves the counts as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_sciml.core.no_pixel import only_measured
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import TECHNIQUE_KEY

COLORMAP = "gray"
"""Spots, lines and peaks are marked in colours, which stand out on every grey and on no colour map."""
GAMMA = 0.25
"""Exponent of the display: weak spots are four decades below the beam."""
BRIGHTEST_PERCENT = 99.7
"""Of the measured pixels: only the streak beside the beamstop is brighter."""


def scattering_look(source: ImageSource) -> dict[str, Any]:
    """Return the arguments of a layer that shows GISAXS images: colours, contrast and what suits them.

    The last frame decides about the contrast: an in-situ series is watched because something grows.
    """
    frame = only_measured(source.read((-1,) * (source.ndim - 2) + (slice(None),) * 2))
    measured = frame[np.isfinite(frame) & (frame >= 0)]
    look: dict[str, Any] = {"colormap": COLORMAP, "gamma": GAMMA, "metadata": {TECHNIQUE_KEY: "gisaxs"}}
    high = float(np.percentile(measured, BRIGHTEST_PERCENT)) if measured.size else 0.0
    return {**look, "contrast_limits": (0.0, high)} if high > 0 else look
