"""The large shapes of a composite: tows that the slice cuts across, and plies that lie in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.microct.simulate.spec import PhantomSpec

Array = npt.NDArray[np.floating]


def place_tows(spec: PhantomSpec, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the ellipses that tows fill, ``(m, 5)``: row, column, half axes, angle."""
    size = spec.size_px
    tows = []
    for _ in range(spec.tows):
        row, column = size / 2 + rng.uniform(-0.28, 0.28, 2) * size
        half = size * rng.uniform(0.25, 0.45) / np.sqrt(max(1, spec.tows - 1))
        tows.append((row, column, half, half * rng.uniform(0.45, 1.0), rng.uniform(0, np.pi)))
    return np.asarray(tows)


def in_tow(tow: npt.NDArray[np.float64], points: Array) -> Array:
    """Return the squared elliptic radius of `points` ``(..., 2)``; inside where at most 1."""
    along, across = turned(points - tow[:2], tow[4])
    radius2: Array = (along / tow[2]) ** 2 + (across / tow[3]) ** 2
    return radius2


def turned(delta: Array, angle: float) -> tuple[Array, Array]:
    """Return the coordinates of offsets ``(..., 2)`` along and across a direction."""
    cos, sin = np.cos(angle), np.sin(angle)
    return delta[..., 0] * cos + delta[..., 1] * sin, -delta[..., 0] * sin + delta[..., 1] * cos


def place_bands(spec: PhantomSpec, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the plies that lie in the slice, ``(k, 4)``: row, column, half width, angle."""
    size = spec.size_px
    bands = [
        (
            *(size / 2 + rng.uniform(-0.35, 0.35, 2) * size),
            size * rng.uniform(0.04, 0.12),
            rng.uniform(0, np.pi),
        )
        for _ in range(spec.bands)
    ]
    return np.asarray(bands).reshape(-1, 4)


def in_band(bands: npt.NDArray[np.float64], points: Array, margin_px: float = 0.0) -> npt.NDArray[np.bool_]:
    """Return which `points` ``(n, 2)`` lie in any band widened by a margin."""
    inside = np.zeros(points.shape[:-1], np.bool_)
    for band in bands:
        inside |= np.abs(turned(points - band[:2], band[3])[1]) < band[2] + margin_px
    return inside


def lying_fibers(
    spec: PhantomSpec, band: npt.NDArray[np.float64], grid: Array, z_px: float, seed: int
) -> tuple[npt.NDArray[np.bool_], Array, Array]:
    """Paint a ply of lying fibres on a grid ``(h, w, 2)`` of positions.

    A fibre that lies in the slice shows as a stripe, narrower than itself where the slice cuts it above
    its middle. Gives where the ply is, and its cover by cores and by coated fibres.
    """
    rng = np.random.default_rng(seed)
    along, across = turned(grid - band[:2], band[3])
    wave = band[2] * 0.2 * np.sin(2 * np.pi * along / spec.size_px * rng.uniform(0.5, 2) + rng.uniform(0, 6))
    position = across + wave
    step = 0.1
    line = np.arange(-1.3 * band[2], 1.3 * band[2], step)
    cores, coats = np.zeros_like(line), np.zeros_like(line)
    radius = spec.fiber_diameter_um / spec.pixel_size_um / 2
    coating = spec.coating_um / spec.pixel_size_um
    middle = line[0]
    while middle < line[-1]:
        # Height of the cut over the fibre's axis; it changes from slice to slice.
        height = radius * np.sin(rng.uniform(0, 2 * np.pi) + z_px / (2 * radius)) * 0.95
        core = np.sqrt(radius**2 - height**2)
        coat = np.sqrt((radius + coating) ** 2 - height**2)
        cores = np.maximum(cores, np.clip(0.5 - (np.abs(line - middle) - core), 0, 1))
        coats = np.maximum(coats, np.clip(0.5 - (np.abs(line - middle) - coat), 0, 1))
        middle += (radius + coating) * rng.uniform(1.2, 2.6)
    inside = np.abs(across) < band[2]
    return inside, np.interp(position, line, np.minimum(cores, coats)), np.interp(position, line, coats)
