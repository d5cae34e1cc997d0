"""Images to measure on. Speed does not depend on what they show, only on their size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def texture(rows: int, columns: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return a soft random texture."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(rows, columns)), 2.0)
    return np.clip(noise / noise.std() * 20 + 110, 0, 255).astype(np.uint8)
