"""Form factors of a whole image: every exit angle, in-plane length and wave, averaged over sizes."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.simulate import particles
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

POINTS = 1024
"""Entries of the table of a sphere's form factor; linear interpolation is then good to 1e-4 of F(0)."""


def vertical_and_length(spec: GisaxsSpec, q: Tensor, qz: Tensor) -> tuple[Tensor, Tensor]:
    """Return the form factor, in-plane part included where it does not depend on the azimuth.

    Parameters
    ----------
    q
        ``(k,)`` in-plane lengths, 1/nm.
    qz
        ``(rows, 4)`` vertical scattering vectors of the four waves.

    Returns
    -------
    Mean amplitude, and amplitude of a particle on its own (see `particles.averaged`): ``(rows, k, 4)``
    float32. For boxes only the vertical part; their in-plane part belongs to the azimuth average.
    """
    one = torch.tensor([1.0], dtype=torch.float64)
    sizes, weights = particles.size_nodes(one * spec.radius_nm, one * spec.size_spread)
    if spec.particle == "sphere":
        return _spheres(sizes[0], weights, torch.hypot(q[None, :, None], qz[:, None, :]).float())
    heights = 2 * spec.height_ratio * sizes[0]
    mean, alone = particles.averaged(particles.slab(qz[..., None], heights), weights)
    if spec.particle == "cylinder":
        flat_mean, flat_alone = particles.averaged(particles.disc(q[:, None], sizes[0]), weights)
    else:
        flat_mean = flat_alone = torch.ones_like(q)
    return (
        (mean[:, None, :] * flat_mean[:, None]).float(),
        (alone[:, None, :] * flat_alone[:, None]).float(),
    )


def _spheres(radii: Tensor, weights: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    step = float(lengths.max()) / (POINTS - 2)
    grid = torch.arange(POINTS, dtype=torch.float64) * step
    mean, alone = particles.averaged(particles.sphere(grid[:, None], radii), weights)
    place = lengths / step
    index = place.long()
    part = place - index
    both = []
    for table in (mean.float(), alone.float()):
        low = table[index]
        both.append(low + part * (table[index + 1] - low))
    return both[0], both[1]


def half_height(spec: GisaxsSpec) -> float:
    """Return the height of a particle's centre when it stands on the substrate, nm."""
    return spec.radius_nm * (1.0 if spec.particle == "sphere" else spec.height_ratio)
