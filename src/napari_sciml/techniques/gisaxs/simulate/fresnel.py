"""Reflection and transmission of X-rays at the bare surface of the substrate."""

from __future__ import annotations

import torch
from torch import Tensor


def _below(kz: Tensor, k0: float, contrast: complex) -> Tensor:
    """Vertical wavenumber inside the substrate, on the branch that decays downwards."""
    inside = torch.sqrt((kz.double() ** 2).to(torch.complex128) - k0**2 * contrast)
    return torch.where(inside.imag < 0, -inside, inside)


def reflection(kz: Tensor, k0: float, contrast: complex) -> Tensor:
    """Return Fresnel's amplitude reflection coefficient.

    Parameters
    ----------
    kz
        Vertical wavenumbers ``k0 sin(angle)`` above the surface, 1/nm, not negative.
    k0
        Wavenumber in vacuum, 1/nm.
    contrast
        ``1 - n^2`` of the substrate.

    Returns
    -------
    complex128, the shape of `kz`. The phase belongs to waves that are written ``exp(-i q r)`` in the
    amplitudes; with the other sign the standing wave above the surface is upside down.
    """
    inside = _below(kz, k0, contrast)
    above = kz.double().to(torch.complex128)
    return (above - inside) / (above + inside)


def transmission(kz: Tensor, k0: float, contrast: complex) -> Tensor:
    """Return Fresnel's amplitude transmission coefficient ``1 + r``; arguments as for `reflection`."""
    inside = _below(kz, k0, contrast)
    above = kz.double().to(torch.complex128)
    return 2 * above / (above + inside)
