"""How sure the pixels of an image are."""

from __future__ import annotations

import numpy as np

from napari_sciml.techniques.gisaxs.local_contrast import Floats, LogImage, smooth

DARK, BRIGHT = 0.15, 0.02
"""Least noise of a pixel without counts and of a bright one, in logarithms: lone counts are no features, nor
is what differs by a percent or two."""
REACH_PX = 6.0
"""Standard deviation in pixels of the surroundings over which noise is averaged: wider than the widest
peak."""


def flatten(image: LogImage) -> Floats:
    """Estimate the noise of every pixel in logarithms, ``(rows, columns)``, from how neighbours differ."""
    from scipy.ndimage import convolve

    around = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
    share = image.measured.astype(np.float32)
    number = convolve(share, around, mode="constant")
    beside = convolve(image.values, around, mode="constant") / np.maximum(number, 1)
    usable = image.measured & (number >= 2)
    # The mean of n neighbours has its own noise, a part 1/n of the pixel's.
    squares = np.where(usable, (image.values - beside) ** 2 / (1 + 1 / np.maximum(number, 1)), 0)
    sigma = (REACH_PX, REACH_PX)
    # A narrow peak differs from its neighbours too: what rules its surroundings is cut.
    squares = np.minimum(squares, 4 * smooth(squares, usable, sigma))
    local = smooth(squares, usable, sigma)
    least = DARK**2 * np.exp(-image.values) + BRIGHT**2
    return np.sqrt(np.maximum(local, least)).astype(np.float32)
