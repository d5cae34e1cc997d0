"""In-plane powder: the average over the azimuth of a grain, done exactly and once for all rows of an image.

A grain is a stack of layers. With upright or round particles the vertical part of its amplitude does not
know the azimuth, and the in-plane part does not know q_z, so all that the average has to give is

    C[n, m](q) = < A_n(q, azimuth) conj A_m(q, azimuth) >,    A_n = sum over layer n of exp(-i q r)

a small matrix for each q. The usual way, a sum over some hundred turned grains for every pixel, gives the
same intensity and costs thousands of times more. `from_pairs` uses the Bessel function of every distance
(no azimuth step at all); `from_azimuths` is for particles that are not round, such as boxes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.simulate.grains import Grain, pair_distances


def from_pairs(grain: Grain, spacing: float, q: Tensor, mismatch: float = 0.0) -> Tensor:
    """Average over all azimuths by the distances that occur (Debye's formula in the plane).

    Parameters
    ----------
    grain
        The grain, in units of d.
    spacing
        d in nm.
    q
        ``(k,)`` lengths of the in-plane scattering vector, 1/nm.
    mismatch
        Disorder of the second kind: the standard deviation of a distance r is
        ``mismatch * sqrt(r d)``, so that order fades with distance.

    Returns
    -------
    ``(k, layers, layers)`` float64.
    """
    distances, weights = pair_distances(grain)
    lengths = torch.as_tensor(distances * spacing)
    waves = torch.special.bessel_j0(q.double()[:, None] * lengths)
    if mismatch > 0:
        waves = waves * torch.exp(-0.5 * q.double()[:, None] ** 2 * mismatch**2 * spacing * lengths)
    layers = grain.layers
    table = torch.as_tensor(weights.reshape(len(weights), -1))
    result: Tensor = (waves @ table).reshape(-1, layers, layers)
    return result


def from_azimuths(
    grain: Grain,
    spacing: float,
    q: Tensor,
    form: Callable[[Tensor, Tensor], Tensor] | None = None,
    steps: int = 360,
) -> Tensor:
    """Average by summing over azimuths of half a turn (the other half is the complex conjugate).

    Parameters
    ----------
    form
        In-plane form factor of a particle for ``(q_x, q_y)`` in the frame of the grain, real.
    steps
        Azimuths; at least ``q_max * size of the grain / 2`` to resolve the peaks.

    Returns
    -------
    ``(k, layers, layers)`` float64; with `form`, its square is part of it.
    """
    qx, qy = turned(q, steps)
    amplitudes = layer_sums(grain, spacing, qx, qy)
    if form is not None:
        amplitudes = amplitudes * form(qx, qy)[..., None]
    real, imaginary = amplitudes.real, amplitudes.imag
    return (real.mT @ real + imaginary.mT @ imaginary) / steps


def turned(q: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Return ``(k, steps)`` components of q in the frames of grains turned over half a circle."""
    azimuth = torch.as_tensor((np.arange(steps) + 0.5) * np.pi / steps)
    return q.double()[:, None] * torch.cos(azimuth), q.double()[:, None] * torch.sin(azimuth)


def layer_sums(grain: Grain, spacing: float, qx: Tensor, qy: Tensor) -> Tensor:
    """Sum ``exp(-i q r)`` over each layer; ``(..., layers)`` complex128."""
    occupied = torch.as_tensor(grain.occupied).to(torch.complex128)
    along_a = _powers(_phase(grain.stack.a, spacing, qx, qy), grain.occupied.shape[1])
    along_b = _powers(_phase(grain.stack.b, spacing, qx, qy), grain.occupied.shape[2])
    sums = [((along_a @ layer) * along_b).sum(-1) for layer in occupied]
    shift = [torch.exp(-1j * _phase(tuple(s), spacing, qx, qy)) for s in grain.shifts]
    return torch.stack([s * t for s, t in zip(sums, shift, strict=True)], dim=-1)


def _phase(vector: tuple[float, float], spacing: float, qx: Tensor, qy: Tensor) -> Tensor:
    return spacing * (vector[0] * qx + vector[1] * qy)


def _powers(phase: Tensor, count: int) -> Tensor:
    return torch.exp(-1j * phase[..., None] * torch.arange(count))


def needed_azimuths(q_max: float, grain: Grain, spacing: float) -> int:
    """Return how many azimuths of half a turn resolve the peaks of a grain."""
    places: npt.NDArray[np.float64] = grain.positions()[:, :2] * spacing
    size = float(np.linalg.norm(np.ptp(places, axis=0)))
    return max(30, int(np.ceil(q_max * size)))
