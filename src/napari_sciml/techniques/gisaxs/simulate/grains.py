"""Finite grains of several shapes, reduced to how often each in-plane distance occurs.

The azimuth average of a grain needs only the distances between the particles of each two layers
(see `powder`). The distances of a net are counted by an autocorrelation of which of its points are occupied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.lattices.lattice import Stack

Array = npt.NDArray[np.float64]
GrainShape = Literal["cells", "block", "cylinder", "hexagon", "dome"]
GRAIN_SHAPES: tuple[GrainShape, ...] = ("cells", "block", "cylinder", "hexagon", "dome")
"""`cells` is a parallelogram of unit cells (a plain product of sums), the others stand upright; a `dome` gets
narrower with height, as half an ellipsoid."""


@dataclass(frozen=True)
class Grain:
    """Which points of the lattice are occupied.

    Attributes
    ----------
    occupied
        ``(layers, i, j)`` bool; the particle stands at ``i a + j b + shift`` of its layer.
    shifts
        ``(layers, 2)`` in-plane shift of each layer, units of d.
    stack
        The lattice.
    """

    occupied: npt.NDArray[np.bool_]
    shifts: Array
    stack: Stack

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.occupied)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Particles in each layer."""
        counts: npt.NDArray[np.int64] = self.occupied.sum(axis=(1, 2))
        return counts

    def positions(self) -> Array:
        """Return ``(n, 3)`` centres in units of d, the lowest layer at height 0."""
        layer, i, j = np.nonzero(self.occupied)
        flat = i[:, None] * np.array(self.stack.a) + j[:, None] * np.array(self.stack.b) + self.shifts[layer]
        return np.concatenate([flat, layer[:, None] * self.stack.height], axis=1)


def stacking(stack: Stack, layers: int, faults: float, rng: np.random.Generator) -> Array:
    """Return the in-plane shift of each layer, ``(layers, 2)``.

    With probability `faults` a layer of a close-packed stack goes on in the other way: FCC111 then turns
    step by step into HCP and back. Other lattices have no second way and ignore it.
    """
    regular = np.array([stack.shifts[n % len(stack.shifts)] for n in range(layers)])
    third = np.array([0.5, np.sqrt(3) / 6])
    close_packed = len(stack.shifts) > 1 and np.allclose(stack.shifts[1], third) and stack.b[0] == 0.5
    if faults == 0 or not close_packed:
        return regular
    hexagonal = len(stack.shifts) == 2
    step, place, result = 1, 0, [0]
    for _ in range(1, layers):
        # An FCC stack keeps its direction, an HCP stack turns at every layer.
        if hexagonal != (rng.random() < faults):
            step = -step
        place += step
        result.append(place % 3)
    return np.array([n * third for n in result])


def grow(
    stack: Stack,
    shape: GrainShape,
    width: float,
    layers: int,
    rng: np.random.Generator,
    *,
    aspect: float = 1.0,
    faults: float = 0.0,
    vacancies: float = 0.0,
) -> Grain:
    """Cut a grain out of a lattice.

    Parameters
    ----------
    stack
        The lattice.
    shape
        Outline, see `GRAIN_SHAPES`.
    width
        Width in units of d; for `cells` the number of cells along a.
    layers
        Number of layers.
    aspect
        Second in-plane width over the first (`cells` and `block`).
    faults, vacancies
        Probability that a layer goes on in the wrong way, and that a place is empty.
    """
    shifts = stacking(stack, layers, faults, rng)
    a, b = np.array(stack.a), np.array(stack.b)
    if shape == "cells":
        size = (max(1, round(width)), max(1, round(width * aspect)))
        occupied = np.ones((layers, *size), bool)
    else:
        # Enough cells for the outline, whatever the angle between a and b.
        reach = np.hypot(1.0, aspect) * width / 2 + 1.5
        inverse = np.linalg.inv(np.stack([a, b]))
        extent = np.ceil(reach * np.linalg.norm(inverse, axis=0)).astype(int) + 1
        i, j = np.meshgrid(*(np.arange(-n, n + 1) for n in extent), indexing="ij")
        centre = rng.random(2) @ np.stack([a, b])
        flat = i[..., None] * a + j[..., None] * b - centre
        places = flat[None] + shifts[:, None, None, :]
        occupied = inside(places, shape, width, aspect, layers)
        if not occupied.any():
            occupied[0, extent[0], extent[1]] = True
        # Layers are stored with only the cells that some layer uses.
        used = [np.nonzero(occupied.any(axis=axes))[0] for axes in ((0, 2), (0, 1))]
        occupied = occupied[:, used[0][0] : used[0][-1] + 1, used[1][0] : used[1][-1] + 1]
    if vacancies > 0:
        occupied = occupied & (rng.random(occupied.shape) >= vacancies)
        if not occupied.any():
            occupied[0, 0, 0] = True
    return Grain(occupied, shifts, stack)


def inside(
    places: Array, shape: GrainShape, width: float, aspect: float, layers: int
) -> npt.NDArray[np.bool_]:
    """Return which places ``(layers, i, j, 2)`` lie within an upright outline around the origin."""
    x, y = places[..., 0], places[..., 1]
    half = width / 2
    level = np.arange(layers)[:, None, None]
    result: npt.NDArray[np.bool_]
    if shape == "block":
        result = (np.abs(x) <= half) & (np.abs(y) <= half * aspect)
    elif shape == "hexagon":
        turned = [np.abs(x * np.cos(t) + y * np.sin(t)) for t in np.deg2rad([0.0, 60.0, 120.0])]
        result = np.maximum.reduce(turned) <= half
    elif shape == "dome":
        result = np.hypot(x, y) <= half * np.sqrt(np.clip(1 - (level / layers) ** 2, 0, 1))
    else:
        result = np.broadcast_to(np.hypot(x, y) <= half, x.shape).copy()
    return result


def pair_distances(grain: Grain) -> tuple[Array, Array]:
    """Count the in-plane distances between the particles of each two layers.

    Returns
    -------
    ``(p,)`` distances in units of d, and ``(p, layers, layers)`` how many ordered pairs have them; the
    diagonal at distance 0 holds the particles of each layer.
    """
    layers, ni, nj = grain.occupied.shape
    size = (2 * ni, 2 * nj)
    spectra = np.fft.rfft2(grain.occupied.astype(np.float32), size)
    upper = np.triu_indices(layers)
    counts = np.fft.irfft2(np.conj(spectra[upper[0]]) * spectra[upper[1]], size)
    i = np.fft.fftfreq(size[0], 1 / size[0])[:, None, None]
    j = np.fft.fftfreq(size[1], 1 / size[1])[None, :, None]
    net = i * np.array(grain.stack.a) + j * np.array(grain.stack.b)
    steps = grain.shifts[upper[1]] - grain.shifts[upper[0]]
    kinds, kind = np.unique(steps.round(9), axis=0, return_inverse=True)
    lengths = np.linalg.norm(net[None] + kinds[:, None, None, :], axis=-1).reshape(len(kinds), -1)
    distances, index = np.unique(lengths.round(6), return_inverse=True)
    index = index.reshape(lengths.shape)[kind.reshape(-1)]
    flat = (index + np.arange(len(index))[:, None] * len(distances)).ravel()
    summed = np.bincount(flat, counts.round().ravel(), len(index) * len(distances))
    summed = summed.reshape(len(index), -1)
    weights = np.zeros((len(distances), layers, layers))
    weights[:, upper[0], upper[1]] = summed.T
    weights[:, upper[1], upper[0]] = summed.T
    used = weights.any(axis=(1, 2))
    return distances[used], weights[used]
