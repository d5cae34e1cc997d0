"""Attenuation and refraction of the phases of a ceramic-matrix composite, from xraydb's tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

PHASES = {
    "matrix": ("SiC", 3.2),
    "fiber": ("SiC1.39O0.01", 2.74),
    "bn": ("BN", 1.9),
    "carbon": ("C", 1.8),
}
"""Composition and density (g/cm^3) of CVI SiC, Hi-Nicalon, boron nitride and pyrolytic carbon."""


@dataclass(frozen=True)
class Phase:
    """How X-rays see a material.

    Attributes
    ----------
    mu_per_um
        Linear attenuation coefficient in 1/um.
    delta
        Decrement of the refractive index (1 - n).
    """

    mu_per_um: float
    delta: float


AIR = Phase(0.0, 0.0)
"""Neither attenuates nor refracts."""


@lru_cache(maxsize=64)
def phase(name: str, energy_kev: float) -> Phase:
    """Look up one of `PHASES` at an energy in keV; ``"none"`` is air."""
    if name in ("none", "air"):
        return AIR
    import xraydb

    formula, density = PHASES[name]
    mu_per_cm = xraydb.material_mu(formula, energy_kev * 1e3, density=density)
    delta, _, _ = xraydb.xray_delta_beta(formula, density, energy_kev * 1e3)
    return Phase(float(mu_per_cm) * 1e-4, float(delta))
