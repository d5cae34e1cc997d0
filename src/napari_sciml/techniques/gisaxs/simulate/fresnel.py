"""Reflection and transmission of X-rays at the bare surface of the substrate, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

HC_KEV_NM = 1.2398419843
"""Energy times wavelength of a photon, in keV nm."""

DENSITIES = {"Si": 2.33, "SiO2": 2.2, "Ge": 5.32, "Au": 19.3, "Ag": 10.5, "Al2O3": 3.97, "C": 1.1}
"""Density in g/cm^3 of the substrates and particles that can be chosen."""


@dataclass(frozen=True)
class Material:
    """Refractive index ``n = 1 - delta + i beta``."""

    delta: float
    beta: float

    @property
    def contrast(self) -> complex:
        """``1 - n^2``, to first order in delta and beta."""
        return complex(2 * self.delta, -2 * self.beta)

    @property
    def critical_angle(self) -> float:
        """Angle of total reflection in radians."""
        return (2 * self.delta) ** 0.5


@lru_cache(maxsize=256)
def material(formula: str, energy_kev: float) -> Material:
    """Look up one of `DENSITIES` at an energy in keV."""
    import xraydb

    delta, beta, _ = xraydb.xray_delta_beta(formula, DENSITIES[formula], energy_kev * 1e3)
    return Material(float(delta), float(beta))


def wavenumber(energy_kev: float) -> float:
    """Give ``2 pi / lambda`` in 1/nm."""
    return 2 * torch.pi * energy_kev / HC_KEV_NM


def _below(kz: Tensor, k0: float, contrast: complex) -> Tensor:
    """Vertical wavenumber inside the substrate, on the branch that decays downwards."""
    inside = torch.sqrt((kz.double() ** 2).to(torch.complex128) - k0**2 * contrast)
    return torch.where(inside.imag < 0, -inside, inside)


def reflection(kz: Tensor, k0: float, contrast: complex) -> Tensor:
    """Give Fresnel's amplitude reflection coefficient.

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
    """Give Fresnel's amplitude transmission coefficient ``1 + r``; arguments as for `reflection`."""
    inside = _below(kz, k0, contrast)
    above = kz.double().to(torch.complex128)
    return 2 * above / (above + inside)
