"""What a phantom is made of and how it is imaged, with the ranges that training draws from."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class PhantomSpec(BaseModel):
    """One specimen and one scan of it. Defaults are a well-behaved Hi-Nicalon / BN / SiC scan at 24 keV."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_px: int = Field(256, ge=64, le=1024, description="Edge of a slice in pixels.")
    slices: int = Field(8, ge=1, description="Number of slices.")
    slice_step_px: float = Field(1.0, gt=0, description="Distance between slices, in pixels.")
    pixel_size_um: float = Field(0.7, gt=0, description="Edge of a pixel in micrometres.")
    energy_kev: float = Field(24.0, ge=8, le=80, description="X-ray energy in keV.")

    # The specimen.
    fiber_diameter_um: float = Field(
        9.2, gt=0, description="Mean fibre diameter without coating, micrometres."
    )
    fiber_diameter_spread: float = Field(
        0.07, ge=0, description="Relative standard deviation of the diameter."
    )
    fiber_roughness: float = Field(0.02, ge=0, description="Relative departure of the outline from a circle.")
    coating_um: float = Field(
        0.6, ge=0, description="Mean thickness of the boron nitride coating, micrometres."
    )
    coating: Literal["bn", "carbon", "none"] = Field("bn", description="What lies between fibre and matrix.")
    debonded_fraction: float = Field(0.02, ge=0, le=1, description="Share of fibres with an open crescent.")
    fiber_matrix_ratio: float = Field(
        0.78, gt=0, description="Attenuation of fibre over matrix; 0.78 is Hi-Nicalon in CVI SiC."
    )
    volume_fraction: float = Field(0.42, gt=0, le=0.85, description="Fibre area fraction inside a tow.")
    tows: int = Field(2, ge=1, le=4, description="Number of tows that cross the slice.")
    bands: int = Field(0, ge=0, le=3, description="Number of plies whose fibres lie in the slice.")
    touching_fraction: float = Field(0.2, ge=0, le=1, description="Share of fibres moved into contact.")
    tilt_deg: float = Field(1.5, ge=0, description="Typical tilt of a tow, degrees.")
    misfit_fraction: float = Field(0.03, ge=0, le=1, description="Share of fibres tilted by 5 to 10 degrees.")
    growth_um: float = Field(4.0, gt=0, description="Thickness of the matrix that grew on each fibre.")
    rim_contrast: float = Field(0.02, ge=0, description="Relative modulation of the matrix in growth rims.")
    mottle: float = Field(
        0.02, ge=0, description="Relative density mottle of matrix and fibres (unresolved porosity, grain)."
    )
    infill: bool = Field(True, description="Whether solid matrix fills the space between tows.")
    inclusions: int = Field(3, ge=0, description="Number of small bright inclusions in a slice.")

    # The scan.
    angles: int = Field(400, ge=16, description="Number of projections over half a turn.")
    photons: float = Field(20000.0, gt=0, description="Photons in a detector pixel without the sample.")
    psf_px: float = Field(0.7, ge=0, description="Blur of the detector, standard deviation in pixels.")
    ring_gain: float = Field(0.002, ge=0, description="Relative gain error of a detector column.")
    zinger_rate: float = Field(2e-6, ge=0, description="Share of detector readings hit by a zinger.")
    propagation_mm: float = Field(8.0, ge=0, description="Sample to detector distance (phase fringes).")
    paganin: float = Field(0.0, ge=0, description="Strength of the phase filter; 0 is off.")
    axis_error_px: float = Field(0.0, description="Error of the rotation centre, pixels.")
    motion_px: float = Field(0.0, ge=0, description="Slow movement of the sample during the scan, pixels.")
    missing_wedge_deg: float = Field(0.0, ge=0, lt=90, description="Angles that were not recorded, degrees.")
    denoise_px: float = Field(0.9, ge=0, description="Smoothing of the reconstruction, pixels.")
    cupping: float = Field(0.0, ge=0, description="Relative beam-hardening cup.")


def random_spec(
    rng: np.random.Generator, size_px: int = 320, slices: int = 8, degraded: bool = False
) -> PhantomSpec:
    """Draw a specimen and a scan as different from the last as laboratories differ.

    A *standard* scan is one a beamline would hand out with pride: every fibre can be seen. A *degraded*
    one has what real archives have too: grainy material, crooked fibres, movement, missing angles, heavy
    smoothing. A fifth of the specimens are fibre beds without a coating, dark or bright in their matrix.

    The contrast of fibre over matrix is drawn from -24 to +28 % instead of the -22 % of pure absorption,
    since in the real patches the core is brighter than its surroundings in most cases.
    """
    bed = rng.random() < 0.2
    between = rng.uniform
    specimen = {
        "energy_kev": between(17, 30),
        "fiber_diameter_um": between(7.2, 9.2),
        "fiber_diameter_spread": between(0.03, 0.1),
        "fiber_roughness": between(0.0, 0.09 if degraded else 0.05),
        "coating": "none" if bed else str(rng.choice(["bn", "bn", "bn", "carbon"])),
        "coating_um": 0.0 if bed else between(0.35, 1.1),
        "debonded_fraction": between(0.0, 0.05),
        "fiber_matrix_ratio": rng.choice([between(0.5, 0.8), between(1.25, 2.0)])
        if bed
        else between(0.76, 1.28),
        "volume_fraction": between(0.4, 0.8) if bed else between(0.35, 0.6),
        "tows": int(rng.integers(1, 4)),
        "bands": int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1])),
        "touching_fraction": between(0.0, 0.8),
        "tilt_deg": between(0, 5),
        "misfit_fraction": between(0.0, 0.08),
        "growth_um": between(8.0, 20.0) if bed else between(2.0, 8.0),
        "rim_contrast": between(0.0, 0.06),
        "mottle": between(0.0, 0.10 if degraded else 0.015),
        "infill": bool(rng.random() < 0.75),
        "inclusions": int(rng.integers(0, 12)),
    }
    smoothest = 1.5 + 0.7 * degraded + 0.6 * (degraded and bed)
    scan = {
        "angles": int(rng.integers(220, 420)),
        "photons": np.exp(between(np.log(5e3 if degraded else 2e4), np.log(1e5))),
        "psf_px": between(0.5, 1.1),
        "ring_gain": between(0.0003, 0.003 if degraded else 0.0015),
        "zinger_rate": between(0, 1e-5 if degraded else 3e-6),
        "propagation_mm": rng.choice([between(0 if degraded else 4, 5), between(5, 30)], p=[0.1, 0.9]),
        "paganin": rng.choice([0.0, between(0.5, 4.0)]),
        "axis_error_px": rng.normal(0, 0.3 if degraded else 0.1),
        "motion_px": rng.choice([0.0, between(0.3, 2.0)]) if degraded else 0.0,
        "missing_wedge_deg": rng.choice([0.0, between(2, 25)], p=[0.6, 0.4]) if degraded else 0.0,
        "denoise_px": between(0.8, smoothest),
        "cupping": between(0, 0.08),
    }
    return PhantomSpec(size_px=size_px, slices=slices, slice_step_px=between(4, 12), **{**specimen, **scan})
