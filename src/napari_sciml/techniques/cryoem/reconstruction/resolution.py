"""Fourier shell correlation of two maps, and the resolution where it falls below a level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.particles.particles import Images

MASK_RADIUS, MASK_EDGE = 0.36, 0.10
"""Radius of the sphere within which maps are compared, and the width of its cosine edge, in edges of the box:
the particle fills 0.62 of it, so that no sharp or tight border makes two maps look alike."""
HALF_SETS_LEVEL, TRUTH_LEVEL = 0.143, 0.5
"""FSC levels at which a resolution is read: of half maps (Rosenthal and Henderson 2003), and against a
known map."""


def soft_sphere(edge: int) -> npt.NDArray[np.float32]:
    """Return ``(n, n, n)``: 1 inside the sphere of `MASK_RADIUS`, 0 outside, a cosine between."""
    axis = np.arange(edge) - edge // 2
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    across = np.clip((distance / edge - MASK_RADIUS) / MASK_EDGE + 0.5, 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * across), np.float32)


def shell_resolutions(edge: int, pixel_size_A: float) -> npt.NDArray[np.float64]:
    """Return the period in Angstrom of the shells 1 to ``edge // 2``."""
    return np.asarray(edge * pixel_size_A / np.arange(1, edge // 2 + 1))


def shell_correlation(left: Images, right: Images) -> npt.NDArray[np.float64]:
    """Correlate two maps ``(n, n, n)`` within the soft sphere, in shells 1 to ``n // 2``, less their means.

    A shell in which one of them is nothing has 0.
    """
    import torch
    from torch_fourier_shell_correlation import fourier_shell_correlation

    mask = soft_sphere(left.shape[0])
    inside = [
        torch.from_numpy(np.asarray((a - np.average(a, weights=mask)) * mask, np.float32))
        for a in (left, right)
    ]
    with torch.inference_mode():
        curve = fourier_shell_correlation(*inside).numpy().astype(np.float64)
    return np.nan_to_num(curve[1:])


def crossing(curve: npt.NDArray[np.float64], level: float, edge: int, pixel_size_A: float) -> float:
    """Return the resolution in Angstrom where the curve first falls below `level`, between shells as a line.

    The finest period, two pixels, where it never does; NaN where it is below from the start or unknown.
    """
    if np.isnan(curve).any():
        return float("nan")
    below = np.flatnonzero(curve < level)
    if len(below) == 0:
        return 2 * pixel_size_A
    first = int(below[0])
    if first == 0:
        return float("nan")
    high, low = float(curve[first - 1]), float(curve[first])
    shell = first + (high - level) / (high - low)
    return edge * pixel_size_A / shell
