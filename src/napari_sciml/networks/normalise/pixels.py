"""What every rule for pixel values asks of the pixels first."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

FloatArray = npt.NDArray[np.float32]


def check_pixels(images: npt.NDArray[Any]) -> None:
    """Raise `SciMLError` unless `images` is ``(n, h, w)`` and every pixel is a finite real number."""
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise SciMLError(f"The images have the shape {images.shape}", "give an array (n, rows, columns)")
    if images.dtype.kind not in "buif":
        raise SciMLError(f"The images hold {images.dtype} values, not real numbers", "give grey values")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        bad = int(images.size - np.isfinite(images).sum())
        raise SciMLError(
            f"{bad} of {images.size} pixels are not finite numbers (NaN or infinity)",
            "replace them first, for example with numpy.nan_to_num",
        )
