"""The Laplacian of Gaussian: finds blobs of a known size, needs no training, and knows nothing of junk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX

FloatImage = npt.NDArray[np.float32]
BLOB = 0.7
"""Size of the blob in units of the disc of the particle's diameter: particles are compacter than discs."""
HALF = 3.0
"""So many robust deviations above the mean get the score 1/2."""


def blob_response(image: FloatImage, diameter_px: float = NETWORK_DIAMETER_PX) -> FloatImage:
    """Return the scale-normalised Laplacian of Gaussian ``(h, w)``, positive on bright blobs.

    A disc of radius r answers most at sigma = r / sqrt(2) (Lindeberg 1998).
    """
    from scipy.ndimage import gaussian_laplace

    sigma = BLOB * diameter_px / 2 / np.sqrt(2)
    response: FloatImage = -(sigma**2) * gaussian_laplace(image.astype(np.float32), sigma, mode="reflect")
    return response


def blob_scores(response: FloatImage, mask: npt.NDArray[np.bool_] | None = None) -> FloatImage:
    """Return scores from 0 to 1: 1/2 where the response exceeds its mean by `HALF` robust deviations."""
    seen = response if mask is None or mask.all() else response[~mask]
    middle = float(np.median(seen))
    spread = 1.4826 * float(np.median(np.abs(seen - middle))) or float(seen.std()) or 1.0
    deviations = np.clip((response - middle) / spread, -30, 30)
    scores: FloatImage = (1 / (1 + np.exp(HALF - deviations))).astype(np.float32)
    return scores
