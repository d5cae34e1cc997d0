"""The Laplacian of Gaussian: finds blobs of a known size, needs no training, and knows nothing of junk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX
from napari_sciml.techniques.cryoem.picking.local_maxima import find_peaks

FloatImage = npt.NDArray[np.float32]
BLOB = 0.7
"""Size of the blob in units of the disc of the particle's diameter: particles are compacter than discs."""
HALF = 3.0
"""So many robust deviations above the mean get the score 1/2."""
STRONG = 8.0
"""Robust deviations from which scores grow slowly, so that stronger blobs still differ; set by hand."""
SMALLEST = 1e-6
"""Least score that is told from 0."""


def blob_response(image: FloatImage, diameter_px: float = NETWORK_DIAMETER_PX) -> FloatImage:
    """Return the scale-normalised Laplacian of Gaussian ``(h, w)``, positive on bright blobs.

    A disc of radius r answers most at sigma = r / sqrt(2) (Lindeberg 1998).
    """
    from scipy.ndimage import gaussian_laplace

    sigma = BLOB * diameter_px / 2 / np.sqrt(2)
    response: FloatImage = -(sigma**2) * gaussian_laplace(image.astype(np.float32), sigma, mode="reflect")
    return response


def deviations(response: FloatImage, mask: npt.NDArray[np.bool_] | None = None) -> FloatImage:
    """Return how far a response lies above its middle, in robust deviations of what is not masked."""
    seen = response if mask is None or mask.all() else response[~mask]
    middle = float(np.median(seen))
    spread = 1.4826 * float(np.median(np.abs(seen - middle))) or float(seen.std()) or 1.0
    away: FloatImage = ((response - middle) / spread).astype(np.float32)
    return away


def blob_scores(away: npt.NDArray[np.floating]) -> FloatImage:
    """Return scores from 0 to 1 of deviations: 1/2 where they exceed `HALF`, never 1.

    A logistic curve, which strong responses would round to 1, each like the other; from `STRONG` on
    the score comes nearer to 1 as their inverse.
    """
    clipped = np.clip(away, -30, STRONG)
    below_one = 1 - 1 / (1 + np.exp(HALF - clipped.astype(np.float64)))
    scores: FloatImage = (1 - below_one * STRONG / np.maximum(away, STRONG)).astype(np.float32)
    return scores


def blob_peaks(
    response: FloatImage,
    min_distance: float,
    floor: float,
    mask: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.float64], FloatImage]:
    """Return places ``(n, 2)`` and scores of blobs, best first: the maxima of the response itself."""
    least = HALF + float(np.log(max(floor, SMALLEST) / (1 - floor)))
    places, values = find_peaks(deviations(response, mask), min_distance, least, mask)
    return places, blob_scores(values)
