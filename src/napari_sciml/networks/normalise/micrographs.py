"""The rule for micrographs: even out the ice, then measure grey values in units of the noise."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.pixels import check_pixels

WINDOW_PX = 73
"""Edge of the window whose mean counts as background: four particles, in the network's pixels."""
LARGEST = 12.0
"""Distance from the background, in units of the spread, to which larger ones are cut; set by hand."""
TINY = 1e-30
"""Spread at or below which a field is flat and nothing is divided by it."""


class Micrograph:
    """Subtract the local background and divide by the field's robust spread.

    The background is a running mean over four particle diameters, twice; the spread is the median absolute
    deviation times 1.4826, which is the standard deviation of a normal distribution and hardly sees particles
    or carbon.
    """

    tag: ClassVar[str] = "micrograph"
    sentence: ClassVar[str] = (
        "each micrograph loses its slow background and is divided by the robust spread of its grey values"
    )

    def apply(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        from scipy.ndimage import uniform_filter

        check_pixels(images)
        result = np.empty(images.shape, np.float32)
        for image, out in zip(images, result, strict=True):
            wide = image.astype(np.float64)
            wide -= np.median(wide)
            reach = np.abs(wide).max(initial=0.0)
            if reach > 0:
                # Sums over a window must not overflow.
                wide /= reach
            background = uniform_filter(
                uniform_filter(wide, WINDOW_PX, mode="reflect"), WINDOW_PX, mode="reflect"
            )
            wide -= background
            spread = 1.4826 * float(np.median(np.abs(wide - np.median(wide))))
            if spread <= 0:
                spread = float(wide.std())
            out[:] = np.clip(wide / spread, -LARGEST, LARGEST) if spread > TINY else 0.0
        return result
