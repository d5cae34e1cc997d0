"""Bring a micrograph to the size that both pickers see, without the defects of its detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.defects import Defects, find_defects, mended
from napari_sciml.core.errors import SciMLError

BoolImage = npt.NDArray[np.bool_]
FloatImage = npt.NDArray[np.float32]
SMALLEST_SHARE = 0.98
"""At least this share of a micrograph's pixels must be finite."""
ABSURD = 100.0
"""Pixels further from the median, in robust deviations, are broken and count as this far."""
FILL_PX = 36.0
"""Width over which the level under a defect is averaged, in pixels of the shrunk image: two particles."""


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A micrograph as the pickers see it.

    Attributes
    ----------
    image
        ``(h, w)`` with particles bright.
    step
        Pixels of the micrograph from one pixel of `image` to the next, along y and x.
    broken
        ``(h, w)``, True where most of a pixel shows defects, in whose place plain background was put.
    defects
        What they are, in words; empty if there are none.
    """

    image: FloatImage
    step: tuple[float, float]
    broken: BoolImage
    defects: str = ""

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

    pixels, defects = repaired(frame, factor)
    shape = tuple(max(8, round(length / factor)) for length in pixels.shape)

    def resized(image: FloatImage) -> FloatImage:
        batch = torch.from_numpy(image)[None, None]
        with torch.inference_mode():
            small = nnf.interpolate(batch, shape, mode="bilinear", antialias=True, align_corners=False)
        return np.asarray(small[0, 0].numpy())

    small = resized(pixels)
    step = (pixels.shape[0] / shape[0], pixels.shape[1] / shape[1])
    flags = defects.flags
    broken = resized(flags.astype(np.float32)) > 0.5 if flags.any() else np.zeros(shape, bool)
    return Shrunk(small if bright else -small, step, broken, defects.sentence)


def repaired(frame: npt.NDArray[Any], factor: float) -> tuple[FloatImage, Defects]:
    """Return the frame in single precision and its defects, which show plain background then.

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
    low, high = float(pixels.min(where=good, initial=np.inf)), float(pixels.max(where=good, initial=-np.inf))
    if low == high:
        raise SciMLError("It has the same value everywhere", "choose a micrograph with something on it")
    defects = find_defects(pixels, pixels=True, seams=True)
    pixels = mended(pixels, defects, FILL_PX * factor)
    # Moderate numbers, so that sums over a window keep their digits and no absurd pixel drowns the others.
    sample = pixels[:: max(1, pixels.shape[0] // 512), :: max(1, pixels.shape[1] // 512)]
    middle = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - middle))) or float(sample.std())
    pixels -= np.float32(middle)
    if spread > 0:
        np.clip(pixels, -ABSURD * spread, ABSURD * spread, out=pixels)
    return pixels, defects
