"""Form factors of single particles, and their averages over a spread of sizes.

The origin is the centre of the particle; its height above the substrate enters with the layer. Spheres
need the length of q, boxes and cylinders are products of an in-plane and a vertical part.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

NODES = 7
"""Nodes of the Gauss-Hermite average over sizes; exact to 1e-5 for spreads up to 12 % at q R < 20."""


def sinc(x: Tensor) -> Tensor:
    """Return ``sin(x) / x``."""
    return torch.sinc(x / torch.pi)


def sphere(q: Tensor, radius: Tensor | float) -> Tensor:
    """Return ``4 pi R^3 (sin u - u cos u) / u^3`` with ``u = q R``; the volume at q = 0."""
    radius = torch.as_tensor(radius, dtype=q.dtype)
    u = q * radius
    safe = torch.where(u < 0.02, torch.ones_like(u), u)
    core = torch.where(u < 0.02, 1 / 3 - u**2 / 30, (torch.sin(safe) - safe * torch.cos(safe)) / safe**3)
    return 4 * torch.pi * radius**3 * core


def disc(q_par: Tensor, radius: Tensor | float) -> Tensor:
    """Return the in-plane part ``2 pi R^2 J1(u) / u`` of an upright cylinder."""
    radius = torch.as_tensor(radius, dtype=q_par.dtype)
    u = q_par * radius
    safe = torch.where(u < 1e-3, torch.ones_like(u), u)
    core = torch.where(u < 1e-3, 0.5 - u**2 / 16, torch.special.bessel_j1(safe) / safe)
    return 2 * torch.pi * radius**2 * core


def rectangle(qx: Tensor, qy: Tensor, length: Tensor | float, width: Tensor | float) -> Tensor:
    """Return the in-plane part of a box whose edges lie along x and y (q in the particle's frame)."""
    return length * width * sinc(qx * length / 2) * sinc(qy * width / 2)


def slab(qz: Tensor, height: Tensor | float) -> Tensor:
    """Return the vertical part ``H sinc(q_z H / 2)`` of boxes and cylinders."""
    return height * sinc(qz * height / 2)


def size_nodes(mean: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """Return sizes and weights that average over a normal spread.

    Parameters
    ----------
    mean, spread
        ``(b,)`` mean sizes and relative standard deviations (at most 0.25, so that no size is negative).

    Returns
    -------
    ``(b, n)`` sizes and ``(n,)`` weights that sum to one.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    points = torch.as_tensor(nodes, dtype=mean.dtype)
    share = torch.as_tensor(weights / math.sqrt(2 * math.pi), dtype=mean.dtype)
    return mean[:, None] * (1 + spread[:, None].clamp(max=0.25) * points), share


def averaged(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Average over the last axis: the mean, and the root mean square with the sign of the mean.

    The first scatters coherently with its neighbours, the second is what a particle does on its own.
    """
    mean = values @ weights
    alone = torch.sqrt((values**2) @ weights)
    return mean, torch.where(mean < 0, -alone, alone)
