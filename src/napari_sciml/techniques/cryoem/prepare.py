"""Bring a micrograph to the size and the contrast that both pickers see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

FloatImage = npt.NDArray[np.float32]
SMALLEST_SHARE = 0.98
"""At least this share of a micrograph's pixels must be finite."""
ABSURD = 100.0
"""Pixels further from the median, in robust deviations, are broken and count as this far."""
SKEW_LIMIT = 0.05
"""A skewness this small says nothing about which way particles lie; raw micrographs show them dark."""


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A micrograph as the pickers see it.

    Attributes
    ----------
    image
        ``(h, w)`` with particles bright.
    step
        Pixels of the micrograph from one pixel of `image` to the next, along y and x.
    """

    image: FloatImage
    step: tuple[float, float]

    def to_micrograph(self, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return pixels of the micrograph for pixels ``(n, 2)`` of the image; pixel centres are integers."""
        steps = np.asarray(self.step)
        moved: npt.NDArray[np.float64] = (places + 0.5) * steps - 0.5
        return moved


def shrink(frame: npt.NDArray[Any], factor: float, bright: bool) -> Shrunk:
    """Average `factor` pixels into one, or interpolate if `factor` is below one; invert if not `bright`.

    Raises
    ------
    SciMLError
        If too many pixels are not finite, or all are the same.
    """
    import torch
    from torch.nn import functional as nnf

    pixels = finite(frame)
    shape = tuple(max(8, round(length / factor)) for length in pixels.shape)
    batch = torch.from_numpy(pixels)[None, None]
    with torch.inference_mode():
        small = nnf.interpolate(batch, shape, mode="bilinear", antialias=True, align_corners=False)[
            0, 0
        ].numpy()
    step = (pixels.shape[0] / shape[0], pixels.shape[1] / shape[1])
    return Shrunk(small if bright else -small, step)


def finite(frame: npt.NDArray[Any]) -> FloatImage:
    """Return the frame in single precision, the few pixels that are not finite replaced by the median.

    Raises
    ------
    SciMLError
        If too many pixels are not finite, or all are the same.
    """
    pixels = np.array(frame, np.float32)
    good = np.isfinite(pixels)
    share = float(good.mean())
    if share < SMALLEST_SHARE:
        raise SciMLError(
            f"{100 * (1 - share):.3g} % of its pixels are NaN or infinity", "correct or crop the micrograph"
        )
    if share < 1:
        pixels[~good] = np.median(pixels[good])
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        raise SciMLError("It has the same value everywhere", "choose a micrograph with something on it")
    # Moderate numbers, so that sums over a window keep their digits and no absurd pixel drowns the others.
    sample = pixels[:: max(1, pixels.shape[0] // 512), :: max(1, pixels.shape[1] // 512)]
    middle = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - middle))) or float(sample.std())
    pixels -= np.float32(middle)
    if spread > 0:
        np.clip(pixels, -ABSURD * spread, ABSURD * spread, out=pixels)
    return pixels


def is_bright(
    normalised: FloatImage, response: FloatImage, choice: Literal["auto", "dark", "light"]
) -> tuple[bool, str]:
    """Return whether things of a particle's size are brighter than the ice, and how that is known.

    Parameters
    ----------
    normalised, response
        The image with its own contrast, normalised, and its Laplacian of Gaussian, positive where it is
        brighter than around.
    """
    if choice != "auto":
        return choice == "light", "as you said"
    quiet = np.abs(normalised) < 6
    values = response[quiet]
    spread = float(values.std())
    skew = float(((values - values.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0
    if abs(skew) < SKEW_LIMIT:
        return False, "taken as dark, since the image does not tell"
    return skew > 0, "found from the image"
