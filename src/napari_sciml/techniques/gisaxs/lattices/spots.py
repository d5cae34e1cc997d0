"""Where a lattice has its Bragg spots in a GISAXS image: pure functions for the panel, the fit and the tests.

In an in-plane powder a spot is known by the length of its in-plane part and by its height. The substrate
mirrors the beam, so that every spot appears twice: at q_z = G_z, and higher by twice the vertical wavenumber
of the incoming beam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.lattices.lattice import STACKS, Stack
from napari_sciml.techniques.gisaxs.refraction import Beam

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reflections:
    """Reciprocal-lattice points that share a place after the azimuth average; one row each.

    Attributes
    ----------
    q_par, q_z
        Place in units of ``2 pi / d``, or in 1/nm after `at_spacing`.
    strength
        Sum of the squared structure factors of the points that fall together, in units of one particle per
        cell; for lattices of one particle this is the multiplicity.
    """

    q_par: Array
    q_z: Array
    strength: Array

    def __len__(self) -> int:
        return len(self.q_par)

    def at_spacing(self, spacing_nm: float) -> Reflections:
        """Return them in 1/nm for a distance of nearest neighbours."""
        scale = 2 * math.pi / spacing_nm
        return Reflections(self.q_par * scale, self.q_z * scale, self.strength)


@dataclass(frozen=True)
class Spots:
    """Predicted spots in an image, one row each; every reflection comes twice.

    Attributes
    ----------
    q_y, q_z
        Place in 1/nm; both sides of the beam.
    strength
        That of the reflection, shared between the two sides.
    mirrored
        Whether the beam was mirrored by the substrate first (the upper one of the pair).
    reflection
        Row of the reflection in `Reflections`.
    """

    q_y: Array
    q_z: Array
    strength: Array
    mirrored: npt.NDArray[np.bool_]
    reflection: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.q_y)


def reflections(lattice: str | Stack, limit: float = 2.3) -> Reflections:
    """List the reflections of a lattice up to a length of `limit`, in units of ``2 pi / d``.

    Sorted by length; the direct beam and points that the basis puts out are left out, and so are those below
    the surface.

    Examples
    --------
    >>> found = reflections("Cubic100", 1.2)
    >>> [(float(a), float(b), float(m)) for a, b, m in zip(found.q_par, found.q_z, found.strength)]
    [(0.0, 1.0, 1.0), (1.0, 0.0, 4.0)]
    """
    stack = STACKS[lattice] if isinstance(lattice, str) else lattice
    cell, basis = stack.cell, stack.basis
    # Rows of the reciprocal cell, without 2 pi.
    reciprocal = np.linalg.inv(cell).T
    reach = np.ceil(limit * np.linalg.norm(cell, axis=1)).astype(int)
    grids = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    points = np.stack([g.ravel() for g in grids], axis=1) @ reciprocal
    length = np.linalg.norm(points, axis=1)
    points = points[(length > 1e-6) & (length <= limit + 1e-9) & (points[:, 2] > -1e-9)]
    factor = np.abs(np.exp(-2j * np.pi * points @ basis.T).mean(axis=1)) ** 2
    points, factor = points[factor > 1e-9], factor[factor > 1e-9]
    places = np.stack([np.hypot(points[:, 0], points[:, 1]), np.abs(points[:, 2])], axis=1)
    unique, index = np.unique(places.round(6), axis=0, return_inverse=True)
    strength = np.bincount(index.reshape(-1), factor).astype(np.float64)
    order = np.lexsort((unique[:, 0], np.hypot(*unique.T).round(6)))
    return Reflections(unique[order, 0], unique[order, 1], strength[order])


def predict_spots(
    lattice: str | Stack,
    spacing_nm: float,
    beam: Beam,
    q_max: float,
) -> Spots:
    """Predict the spots of a lattice of particles in air.

    Parameters
    ----------
    lattice
        Name of a class, or a stack.
    spacing_nm
        Distance of nearest neighbours.
    beam
        Energy and incidence angle.
    q_max
        Spots beyond this q_y or q_z are left out, 1/nm.
    """
    found = reflections(lattice, math.sqrt(2) * q_max * spacing_nm / (2 * math.pi)).at_spacing(spacing_nm)
    columns: list[tuple[Array, Array, Array, npt.NDArray[np.bool_], npt.NDArray[np.int64]]] = []
    number = np.arange(len(found))
    for mirrored in (False, True):
        height = found.q_z + 2 * beam.ki if mirrored else found.q_z
        # Nothing is seen below the horizon, where the scattered beam would have to leave downwards.
        seen = (height > beam.ki) & (height <= q_max) & (found.q_par <= q_max)
        for side in (-1, 1):
            # A spot on the axis has no second side.
            kept = seen & ((side > 0) | (found.q_par > 1e-9))
            share = np.where(found.q_par > 1e-9, 0.5, 1.0)
            columns.append(
                (
                    side * found.q_par[kept],
                    height[kept],
                    (found.strength * share)[kept],
                    np.full(int(kept.sum()), mirrored),
                    number[kept],
                )
            )
    q_y, q_z, strength, was_mirrored, index = (np.concatenate(part) for part in zip(*columns, strict=True))
    return Spots(q_y, q_z, strength, was_mirrored, index)
