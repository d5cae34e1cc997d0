"""The ring around a particle: what is there is background, and sets zero and scale of its box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.particles.particles import Images

Bools = npt.NDArray[np.bool_]
INNER, OUTER = 0.38, 0.5
"""Radii of the ring in edges of the box: outside a particle that fills 0.62 of it, and inside the corners,
where the neighbours are."""


def radius(box_px: int) -> npt.NDArray[np.float64]:
    """Return the distance ``(box, box)`` of every pixel from the centre, pixel ``box // 2``, in pixels."""
    axis = np.arange(box_px) - box_px // 2
    distance: npt.NDArray[np.float64] = np.hypot(axis[:, np.newaxis], axis)
    return distance


def ring(box_px: int) -> Bools:
    """Mark the ring ``(box, box)``."""
    distance = radius(box_px)
    inside: Bools = (distance >= INNER * box_px) & (distance <= OUTER * box_px)
    return inside


def window_ring_mean(window: npt.NDArray[np.float32], here: Bools, field_px: float) -> float:
    """Return the mean of the ring in a window of the micrograph, as far as the micrograph reaches there.

    The mean of all that is there, where nothing of the ring is; 0 where nothing is at all.
    """
    distance = radius(len(window))
    chosen = here & (distance >= INNER * field_px) & (distance <= OUTER * field_px)
    values = window[chosen] if chosen.any() else window[here]
    return float(values.mean(dtype=np.float64)) if values.size else 0.0


def flatten(images: Images, valid: Bools | None = None) -> Images:
    """Take the plane through the ring off boxes ``(n, box, box)``, and divide by the ring's deviation.

    Parameters
    ----------
    valid
        Pixels that were measured; the others play no part and become 0, the mean of the ring. A box with
        less than a tenth of its ring measured loses its mean only.

    Returns
    -------
    ndarray
        float32; a box whose ring has the same value everywhere keeps its scale.
    """
    count, box = images.shape[:2]
    measured = np.ones(images.shape, bool) if valid is None else valid
    inside = ring(box)
    axis = (np.arange(box) - box // 2) / box
    terms = np.stack([np.ones((box, box)), *np.meshgrid(axis, axis, indexing="ij")])
    design = terms[:, inside].T
    result = np.zeros(images.shape, np.float32)
    for i in range(count):
        here = measured[i][inside]
        values = images[i][inside][here].astype(np.float64)
        if len(values) < 0.1 * inside.sum():
            values = images[i][measured[i]].astype(np.float64)
            plane = np.full((box, box), values.mean() if len(values) else 0.0)
            rest = values - values.mean() if len(values) else values
        else:
            solution = np.linalg.lstsq(design[here], values, rcond=None)[0]
            plane = np.tensordot(solution, terms, 1)
            rest = values - design[here] @ solution
        deviation = float(rest.std()) if len(rest) else 0.0
        # Rounding leaves a deviation where there is none.
        floor = 1e-6 * float(np.abs(values).max(initial=0.0))
        result[i] = (images[i] - plane) / (deviation if deviation > floor else 1.0)
    result[~measured] = 0
    return result
