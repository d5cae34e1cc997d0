"""Random particles: density maps of many shapes, so that a picker does not learn one protein."""

from __future__ import annotations

import numpy as np

from napari_sciml.techniques.cryoem.density.density_map import DensityMap, blobs

ORDERS = (1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8)
"""Rotational symmetries to draw from; most complexes have a low one."""


def random_map(rng: np.random.Generator, box_px: int, diameter_px: float) -> DensityMap:
    """Make a particle of random shape, its longest diameter `diameter_px` voxels of a box of `box_px`.

    Domains fill an ellipsoid, hollow or not, and are repeated by a rotational, perhaps a dihedral symmetry:
    compact complexes, rings, barrels, shells, rods, tripods and lobes come out of it. Voxels have size 1.
    """
    order = int(rng.choice(ORDERS))
    dihedral = rng.random() < 0.4 and order > 1
    half_axes = np.sort(rng.uniform(0.35, 1.0, 3))[rng.permutation(3)]
    hollow = rng.choice([0.0, rng.uniform(0.3, 0.8)], p=[0.65, 0.35])
    lobes = int(rng.integers(1, 5)) if rng.random() < 0.5 else 0
    copies = order * (2 if dihedral else 1)
    unit = max(3, round(rng.uniform(15, 60) / copies))
    towards = rng.normal(size=(unit, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    radius = rng.uniform(hollow**3, 1, unit) ** (1 / 3)
    places = towards * radius[:, np.newaxis]
    if lobes:
        anchors = rng.normal(size=(lobes, 3))
        anchors *= (0.65 / np.linalg.norm(anchors, axis=1))[:, np.newaxis]
        places = anchors[rng.integers(lobes, size=unit)] + places * rng.uniform(0.25, 0.5)
    places = places * half_axes
    everywhere = np.concatenate([places @ turn.T for turn in symmetry(order, dihedral)])
    everywhere -= everywhere.mean(axis=0)
    width = rng.uniform(0.10, 0.22)
    everywhere *= (0.5 - width / 2) * diameter_px / max(np.linalg.norm(everywhere, axis=1).max(), 1e-6)
    sigmas = np.tile(rng.uniform(0.35, 0.6, unit), copies) * width * diameter_px / 2 + 0.4
    weights = np.tile(rng.uniform(0.5, 1.5, unit), copies)
    density = blobs(everywhere, sigmas, weights, box_px, 1.0)
    # Domains that overlap are no denser than protein is.
    limit = float(np.quantile(density[density > density.max() / 20], rng.uniform(0.6, 1.0)))
    return DensityMap(limit * np.tanh(density / limit).astype(np.float32), 1.0, "random")


def symmetry(order: int, dihedral: bool) -> list[np.ndarray]:
    """Return the rotation matrices of the point group C or D of this order, its axis along z."""
    turns = []
    for number in range(order):
        angle = 2 * np.pi * number / order
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        turns.append(turn)
        if dihedral:
            turns.append(turn @ np.diag([1.0, -1.0, -1.0]))
    return turns
