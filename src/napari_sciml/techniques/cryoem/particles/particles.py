"""Particles cut out of micrographs, as everything that sorts and averages them takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Images = npt.NDArray[np.float32]
NO_VIEW = -1
"""The view of a particle that is none of the 84."""


@dataclass(frozen=True, eq=False)
class Particles:
    """Boxes cut out around picks.

    Attributes
    ----------
    images
        ``(n, box, box)``, particles bright, the ring outside the particle at mean 0 and deviation 1.
    table
        One row each, in the same order: ``frame, y, x, score`` (pixels of the micrograph).
    pixel_size_A
        Edge of a pixel of `images`.
    ctf
        ``(frames, box, box // 2 + 1)`` transfer of each micrograph in the layout of ``numpy.fft.rfft2``, or
        None if it is not known.
    """

    images: Images
    table: pd.DataFrame
    pixel_size_A: float
    ctf: Images | None = None
