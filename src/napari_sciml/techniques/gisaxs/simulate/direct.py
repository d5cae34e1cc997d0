"""The slow way in float64: every particle of one grain at one azimuth, pixel by pixel.

It shares only the Fresnel coefficients with the fast path, and is what the fast path is tested against.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.simulate.fresnel import reflection
from napari_sciml.techniques.gisaxs.simulate.geometry import Beam

Form = Callable[[Tensor, Tensor, Tensor], Tensor]


def grain_intensity(
    beam: Beam, qx: Tensor, qy: Tensor, kf: Tensor, contrast: complex, positions: Tensor, form: Form
) -> Tensor:
    """Sum over all particles of a grain.

    Parameters
    ----------
    qx, qy, kf
        Components of the scattering vector in the frame of the grain and exit wavenumber, one shape, 1/nm.
    positions
        ``(n, 3)`` centres, z above the substrate, nm.
    form
        Form factor of ``(q_x, q_y, q_z)``.

    Returns
    -------
    Intensity, the shape of `qx`.
    """
    ki = torch.full_like(kf, beam.ki)
    mirrored_in = reflection(ki, beam.k0, contrast)
    mirrored_out = reflection(kf, beam.k0, contrast)
    total = torch.zeros_like(mirrored_in)
    for factor, qz in (
        (torch.ones_like(mirrored_in), kf + ki),
        (mirrored_in, kf - ki),
        (mirrored_out, ki - kf),
        (mirrored_in * mirrored_out, -kf - ki),
    ):
        phases = (
            qx[..., None] * positions[:, 0]
            + qy[..., None] * positions[:, 1]
            + qz[..., None] * positions[:, 2]
        )
        total = total + factor * form(qx, qy, qz) * torch.exp(-1j * phases).sum(-1)
    return total.abs() ** 2


def powder_intensity(
    beam: Beam,
    q: Tensor,
    kf: Tensor,
    contrast: complex,
    positions: Tensor,
    form: Form,
    steps: int,
) -> Tensor:
    """Average over a full turn: ``(rows, k)`` for ``(rows,)`` exit wavenumbers and ``(k,)`` lengths."""
    lengths, rows = torch.meshgrid(q.double(), kf.double(), indexing="xy")
    total = torch.zeros_like(lengths)
    for azimuth in torch.arange(steps, dtype=torch.float64) * 2 * torch.pi / steps:
        qx, qy = lengths * torch.cos(azimuth), lengths * torch.sin(azimuth)
        total = total + grain_intensity(beam, qx, qy, rows, contrast, positions, form)
    return total / steps
