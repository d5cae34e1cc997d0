"""`MicrographSpec`: what a person can ask of the simulator."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MicrographSpec(BaseModel):
    """A set of micrographs of one particle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    map: str | None = Field(
        None, description="Density map of the particle (MRC, a cube); empty takes the built-in three lobes."
    )
    map_pixel_size_A: float | None = Field(
        None, gt=0, description="Edge of the map's voxels in Angstrom, where the file does not say."
    )
    micrographs: int = Field(4, ge=1, le=10_000, description="How many micrographs.")
    size_px: int = Field(1024, ge=128, le=8192, description="Rows and columns of a micrograph.")
    pixel_size_A: float = Field(5.0, gt=0.2, le=20, description="Edge of a pixel in Angstrom.")
    particles: int = Field(
        140, ge=0, le=5000, description="Particles in a micrograph; fewer if they do not fit."
    )
    snr: float = Field(
        0.3,
        gt=0,
        description="Variance of the particles over that of all noise, in its pixels; inf for no noise.",
    )
    ice_share: float = Field(
        0.4, ge=0, le=0.9, description="Share of the noise that is structure of the ice."
    )
    min_defocus_um: float = Field(1.0, ge=0, le=10, description="Least underfocus.")
    max_defocus_um: float = Field(2.5, ge=0, le=10, description="Greatest underfocus.")
    astigmatism_A: float = Field(300.0, ge=0, le=5000, description="Greatest astigmatism.")
    voltage_kV: float = Field(300.0, ge=60, le=400, description="Acceleration voltage.")
    cs_mm: float = Field(2.7, ge=0, le=10, description="Spherical aberration.")
    amplitude_contrast: float = Field(0.1, ge=0, le=1, description="Share of amplitude contrast, Q0.")
    b_factor_A2: float = Field(100.0, ge=0, le=1000, description="Damping exp(-B k^2 / 4).")
    dose_e_per_A2: float = Field(30.0, gt=0, le=500, description="Electrons per square Angstrom.")
    gradient: float = Field(0.1, ge=0, le=0.5, description="Change of the ice's transmission over the field.")
    carbon: float = Field(0.25, ge=0, le=1, description="Share of micrographs with a carbon edge.")
    contaminants: int = Field(2, ge=0, le=50, description="Most contaminants in a micrograph.")
    clustering: float = Field(0.2, ge=0, le=1, description="Share of particles that lie near another one.")
    jitter_deg: float = Field(
        5.0,
        ge=0,
        le=45,
        description="Particles lie up to so many degrees off one of the 84 views in each angle.",
    )
    sides: Literal["both", "half"] = Field(
        "both", description="Particles lie either way up, as in ice, or show one half of the sphere only."
    )
    preferred: float = Field(
        0.0, ge=0, le=1, description="0 shows all views alike; towards 1 few of them hold most particles."
    )
    in_plane: Literal["any", "zero"] = Field(
        "any", description="In-plane angle: any, as in ice, or zero up to the jitter, as in the 2016 paper."
    )
