"""Rules that bring raw pixel values into the range a network was trained on.

Each rule is a small frozen class with a tag; a model card names the tag, so training, `classify` and
`run` can only ever use the same one. All rules treat each image by itself, accept integers, booleans
and floats of any range, and turn a constant image into zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.local_noise import LocalNoise
from napari_sciml.networks.normalise.log_contrast import LogContrast
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.networks.normalise.pixels import FloatArray, check_pixels

SAMPLE_PIXELS = 250_000
"""Pixels of a large field of which its statistics are read: the mean is then off by 0.2 % of the spread."""
LARGEST = 1e15
"""Limit of a normalised value, so that one absurd pixel cannot become infinite in single precision."""


class Normalisation(Protocol):
    """A rule for pixel values."""

    tag: ClassVar[str]
    sentence: ClassVar[str]
    """What the rule does, in one sentence that the panel shows."""

    def apply(self, images: npt.NDArray[Any]) -> FloatArray:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        ...


@dataclass(frozen=True)
class PerPatch:
    """Standardise each patch: subtract its mean, divide by its standard deviation."""

    tag: ClassVar[str] = "per-patch"
    sentence: ClassVar[str] = "each patch is standardised by its own mean and standard deviation"

    def apply(self, images: npt.NDArray[Any]) -> FloatArray:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        wide = centred(images)
        wide -= wide.mean(axis=(1, 2), keepdims=True)
        spread = wide.std(axis=(1, 2), keepdims=True)
        standardised: FloatArray = ratio(wide, spread).astype(np.float32)
        return standardised


@dataclass(frozen=True)
class FieldRobust:
    """Shift and scale a whole field by one pair of numbers: its median and a robust spread.

    For networks whose answer does not depend on the affine grey scale of a window: the rule only keeps
    the numbers of moderate size. The offset is one of the field's own values and the gain a power of two,
    so that integers pass without any rounding.
    """

    tag: ClassVar[str] = "field-robust"
    sentence: ClassVar[str] = (
        "each slice is shifted by its median and scaled by its spread; the network itself removes "
        "brightness and contrast in every 16 x 16 window"
    )

    def apply(self, images: npt.NDArray[Any]) -> FloatArray:
        """Normalise images ``(n, h, w)``, each by itself, into float32 of the same shape."""
        check_pixels(images)
        result = np.empty(images.shape, np.float32)
        for image, out in zip(images, result, strict=True):
            offset, gain = robust_affine(image)
            wide = image.astype(np.result_type(image.dtype, np.float32))
            with np.errstate(over="ignore"):
                np.clip(wide * gain - offset * gain, -LARGEST, LARGEST, out=out, casting="same_kind")
        return result


NORMALISATIONS: dict[str, Normalisation] = {
    rule.tag: rule for rule in (PerPatch(), FieldRobust(), LocalNoise(), LogContrast(), Micrograph())
}
"""Every rule by its tag."""


def centred(images: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the images as double, each from -1/2 to 1/2; a constant one as exact zeros."""
    check_pixels(images)
    wide = images.astype(np.float64)
    if not len(wide):
        return wide
    high, low = wide.max(axis=(1, 2), keepdims=True), wide.min(axis=(1, 2), keepdims=True)
    # Halved first, since the difference of two huge numbers need not be a number.
    half_range = high / 2 - low / 2
    wide = wide / 2 - (high / 4 + low / 4)
    return ratio(wide, half_range)


def ratio(values: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Divide, giving zeros where the spread is zero."""
    return np.divide(values, spread, out=np.zeros_like(values), where=spread > 0)


def robust_affine(field: npt.NDArray[Any]) -> tuple[float, float]:
    """Measure offset and gain of one field ``(h, w)`` on at most a quarter of a million of its pixels.

    The spread is the interquartile range over 1.349, which is the standard deviation of a normal
    distribution; where half of the field is one value, wider and wider quantiles are taken.
    """
    step = max(1, math.ceil(math.sqrt(field.size / SAMPLE_PIXELS)))
    sample = field[::step, ::step].ravel()
    levels = np.quantile(sample.astype(np.float64), (0.25, 0.75, 0.05, 0.95, 0.0, 1.0, 0.5), method="nearest")
    for low, high, normal in ((0, 1, 1.349), (2, 3, 3.290), (4, 5, 6.0)):
        spread = (float(levels[high]) / normal) - (float(levels[low]) / normal)
        if spread > 0:
            return float(levels[6]), 2.0 ** min(1000, -round(math.log2(spread)))
    return float(levels[6]), 1.0
