"""`LogContrast`: scattering images as the contrast of their logarithm over the surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.pixels import check_pixels

WINDOW_PX = 15
"""Edge in pixels of the window over which the surroundings are averaged, twice; set by hand."""
CLIP = 6.0
"""Contrast in standard deviations to which larger ones are cut; set by hand."""
FLOOR = 0.05
"""Spread of the log contrast below which an image is taken to be flat, so that noise is not blown up; set by
hand."""


@dataclass(frozen=True)
class LogContrast:
    """Take ``log(1 + counts)``, subtract its mean over the surroundings, divide by the spread in the image.

    The form factor of the particles and the fall of intensity with q are smooth and go; spots and streaks
    stay. Negative pixels are those that were not measured: they become zero and count nowhere.
    """

    tag: ClassVar[str] = "log-contrast"
    sentence: ClassVar[str] = (
        "each image is scaled by the logarithm of its counts and compared with its own surroundings"
    )

    def apply(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        from scipy.ndimage import uniform_filter

        check_pixels(images)
        measured = (images >= 0).astype(np.float32)
        logs = np.log1p(np.clip(images, 0, None)).astype(np.float32)

        def smooth(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            # Twice a box is nearly a Gaussian.
            once = uniform_filter(values, WINDOW_PX, axes=(1, 2), mode="nearest")
            twice: npt.NDArray[np.float32] = uniform_filter(once, WINDOW_PX, axes=(1, 2), mode="nearest")
            return twice

        around = smooth(logs * measured) / np.maximum(smooth(measured), 1e-3)
        contrast = (logs - around) * measured
        count = np.maximum(measured.sum(axis=(1, 2), keepdims=True), 1)
        spread = np.sqrt((contrast**2).sum(axis=(1, 2), keepdims=True) / count)
        result: npt.NDArray[np.float32] = np.clip(contrast / np.maximum(spread, FLOOR), -CLIP, CLIP)
        return result
