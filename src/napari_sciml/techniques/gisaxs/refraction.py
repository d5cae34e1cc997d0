"""The beam and what it meets: wavenumbers and refractive indices. Apart from the simulator, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from napari_sciml.core.errors import SciMLError

HC_KEV_NM = 1.2398419843
"""Energy times wavelength of a photon, h c, in keV nm (exact in the SI since 2019)."""

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


@lru_cache(maxsize=256)
def material(formula: str, energy_kev: float) -> Material:
    """Look up one of `DENSITIES` at an energy in keV."""
    import xraydb

    delta, beta, _ = xraydb.xray_delta_beta(formula, DENSITIES[formula], energy_kev * 1e3)
    return Material(float(delta), float(beta))


def wavenumber(energy_kev: float) -> float:
    """Return ``2 pi / lambda`` in 1/nm."""
    return 2 * math.pi * energy_kev / HC_KEV_NM


@dataclass(frozen=True)
class Beam:
    """Energy in keV and incidence angle in degrees."""

    energy_kev: float = 10.0
    incidence_deg: float = 0.15

    def __post_init__(self) -> None:
        if not (self.energy_kev > 0 and 0 < self.incidence_deg < 5):
            raise SciMLError(
                f"An energy of {self.energy_kev} keV at {self.incidence_deg} degrees is no grazing incidence",
                "give a positive energy and an angle between 0 and 5 degrees",
            )

    @property
    def k0(self) -> float:
        """Wavenumber in 1/nm."""
        return wavenumber(self.energy_kev)

    @property
    def ki(self) -> float:
        """Vertical wavenumber of the incoming beam in 1/nm: the height of the horizon in q_z."""
        return self.k0 * math.sin(math.radians(self.incidence_deg))
