"""The distorted-wave Born approximation for stacks of layers on a substrate.

A wave may be mirrored by the substrate before it meets a particle, after, or both: four terms, each with
its own q_z. The amplitude of layer n at height z_n is

    G_n = sum over the terms t of  r_t F(q_t) exp(-i q_t z_n)

and a grain with the pair matrix C of `powder` scatters ``sum of G_n C[n, m] conj(G_m)``. After Rauscher,
Salditt and Spohn, Phys. Rev. B 52 (1995) 16855, and Renaud, Lazzari and Leroy, Surf. Sci. Rep. 64 (2009) 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.refraction import Beam
from napari_sciml.techniques.gisaxs.simulate.fresnel import reflection


@dataclass(frozen=True)
class Waves:
    """The four ways a wave can take, for each exit angle.

    Attributes
    ----------
    qz
        ``(rows, 4)`` vertical scattering vector: straight, mirrored before, mirrored after, both.
    factor
        ``(rows, 4)`` complex: 1, R_i, R_f, R_i R_f.
    """

    qz: Tensor
    factor: Tensor


def waves(beam: Beam, kf: Tensor, contrast: complex) -> Waves:
    """Find the four waves for exit wavenumbers `kf` (``(rows,)``, 1/nm, not negative)."""
    kf = kf.double()
    ki = torch.full_like(kf, beam.ki)
    mirrored_in = reflection(ki, beam.k0, contrast)
    mirrored_out = reflection(kf, beam.k0, contrast)
    factor = torch.stack(
        [torch.ones_like(mirrored_in), mirrored_in, mirrored_out, mirrored_in * mirrored_out], dim=-1
    )
    return Waves(torch.stack([kf + ki, kf - ki, ki - kf, -kf - ki], dim=-1), factor)


def layer_amplitudes(form: Tensor, ways: Waves, heights: Tensor) -> tuple[Tensor, Tensor]:
    """Return real and imaginary part of the amplitude of one particle in each layer.

    Parameters
    ----------
    form
        ``(b, rows, k, 4)`` real form factor of each way.
    heights
        ``(b, layers)`` height of the centres above the substrate, nm.

    Returns
    -------
    Two tensors ``(b, k, rows, layers)``, float32.
    """
    phase = torch.exp(-1j * ways.qz[:, :, None] * heights.double()[:, None, None, :])
    table = ways.factor[:, :, None] * phase
    parts = torch.cat([table.real, table.imag], dim=-1).to(form.dtype)
    both = (form @ parts).transpose(1, 2)
    real, imaginary = both.chunk(2, dim=-1)
    return real, imaginary


def coherent(real: Tensor, imaginary: Tensor, pairs: Tensor) -> Tensor:
    """Intensity of a grain: ``(b, rows, k)`` from amplitudes ``(b, k, rows, n)`` and ``(b, k, n, n)``."""
    pairs = pairs.to(real.dtype)
    total = ((real @ pairs) * real).sum(-1) + ((imaginary @ pairs) * imaginary).sum(-1)
    # The pair matrix has no negative eigenvalue; what rounding leaves is cut.
    return total.clamp(min=0).transpose(1, 2)


def incoherent(real: Tensor, imaginary: Tensor, counts: Tensor) -> Tensor:
    """Intensity ``(b, rows, k)`` of lone particles, ``(b, n)`` or ``(b, k, n)`` of them in each layer."""
    counts = counts.to(real.dtype)
    counts = counts[:, None, None, :] if counts.ndim == 2 else counts[:, :, None, :]
    return ((real**2 + imaginary**2) * counts).sum(-1).transpose(1, 2)
