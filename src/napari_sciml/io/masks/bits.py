"""What the bits of a mask mean: not every mark says that a pixel is bad."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NEXUS_BAD = 0x0000FFFF
"""Bits of NeXus' ``pixel_mask`` that reject a pixel (NXdetector); the upper two bytes are properties, such as
"interpolated"."""
CXI_KEPT = 2 | 256 | 2048 | 8192 | 16384
"""Bits of a CXI mask (Maia 2012) that do not: saturated, outside the resolution asked for, artefact
corrected, part of a peak, background corrected. Saturated spots are spots, and their value tells them."""
CXI_BITS = 16
"""Bits that CXI defines. Wider masks follow other rules, as those of European XFEL, where each is a fault."""


def bad_pixels(values: npt.NDArray[Any], *, nexus: bool = False, cxi: bool = False) -> npt.NDArray[np.bool_]:
    """Return which pixels a mask rejects: those that are not zero, or have a bit that means so.

    Parameters
    ----------
    nexus
        It is NeXus' ``pixel_mask``.
    cxi
        It is the mask of a CXI file.
    """
    if values.dtype.kind in "iu":
        if nexus:
            values = values & values.dtype.type(NEXUS_BAD & int(np.iinfo(values.dtype).max))
        elif cxi and values.dtype.itemsize >= 2 and not (values.astype(np.int64) >> CXI_BITS).any():
            values = values & values.dtype.type(~CXI_KEPT & int(np.iinfo(values.dtype).max))
    return np.asarray(values != 0)
