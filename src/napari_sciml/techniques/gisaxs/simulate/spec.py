"""What is simulated in the physical protocol: one sample in one beam on one detector.

Nothing here knows the paper's own simulations; those are `hipgisaxs`, and the two are never mixed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.techniques.gisaxs.refraction import Beam
from napari_sciml.techniques.gisaxs.simulate.geometry import Window
from napari_sciml.techniques.gisaxs.simulate.grains import GRAIN_SHAPES, GrainShape

Lattice = Literal["BCC100", "BCC110", "Cubic100", "Cubic110", "FCC100", "FCC111", "HCP"]
Particle = Literal["sphere", "box", "cylinder"]
Substrate = Literal["Si", "SiO2", "Ge", "Au", "Al2O3"]


class GisaxsSpec(BaseModel):
    """A film of superlattice grains on a substrate. Defaults are a well-ordered superlattice on silicon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The lattice.
    lattice: Lattice = Field("FCC111", description="Lattice and orientation.")
    spacing_nm: float = Field(24.0, gt=0.5, description="Distance of nearest neighbours, nm.")
    spacing_spread: float = Field(0.01, ge=0, le=0.2, description="Relative spread of it between grains.")
    displacement: float = Field(
        0.03, ge=0, le=0.5, description="Rms displacement of a particle along each axis, in spacings."
    )
    mismatch: float = Field(
        0.0, ge=0, le=0.5, description="Disorder that adds up with distance: rms per spacing, in spacings."
    )
    mosaic_deg: float = Field(0.5, ge=0, le=5, description="Rms tilt of the grains, degrees.")
    faults: float = Field(0.0, ge=0, le=1, description="Probability of a stacking fault per layer.")
    vacancies: float = Field(0.0, ge=0, lt=0.9, description="Share of empty places.")
    disordered: float = Field(0.1, ge=0, le=1, description="Share of particles that are in no grain.")

    # The grains.
    grains: int = Field(4, ge=1, le=64, description="Number of different grains that are averaged.")
    grain_shapes: tuple[GrainShape, ...] = Field(
        GRAIN_SHAPES, min_length=1, description="Outlines that the grains may have."
    )
    width: float = Field(9.0, ge=1, le=40, description="Width of a grain in spacings.")
    layers: float = Field(5.0, ge=1, le=20, description="Mean number of layers.")
    azimuths: int | None = Field(
        None, ge=4, le=2000, description="Azimuths of grains that are summed; empty for a true powder."
    )
    grain_spread: float = Field(0.2, ge=0, le=0.6, description="Relative spread of width and layers.")

    # The particles.
    particle: Particle = Field("sphere", description="Shape of a particle.")
    radius_nm: float = Field(10.0, gt=0.2, description="Radius; half the edge of a box, nm.")
    height_ratio: float = Field(1.0, gt=0.1, le=5, description="Height over width of boxes and cylinders.")
    size_spread: float = Field(0.06, ge=0, le=0.25, description="Relative spread of the size.")

    # The beam and the detector.
    energy_kev: float = Field(10.0, gt=2, le=40, description="Energy in keV.")
    incidence_deg: float = Field(0.15, gt=0.02, lt=2, description="Incidence angle, degrees.")
    substrate: Substrate = Field("Si", description="Substrate.")
    qy_range: tuple[float, float] = Field((-0.6, 0.6), description="Left and right end of the image, 1/nm.")
    qz_range: tuple[float, float] = Field((0.0, 0.6), description="Lower and upper end of the image, 1/nm.")
    rows: int = Field(100, ge=8, le=2048, description="Rows of the image.")
    columns: int = Field(100, ge=8, le=2048, description="Columns of the image.")
    blur_px: float = Field(0.4, ge=0, le=5, description="Blur of the detector, standard deviation in pixels.")

    # What else is in the image.
    roughness: float = Field(
        0.05, ge=0, description="Diffuse scattering of the surface over that of the particles, in sum."
    )
    roughness_nm: float = Field(30.0, gt=0, description="Correlation length of the surface, nm.")
    flat: float = Field(1e-6, ge=0, description="Flat background over the brightest pixel.")
    slope: float = Field(0.0, ge=-1, le=1, description="How much the flat background falls across the image.")
    peak_counts: float | None = Field(
        None, gt=0, description="Mean counts of the brightest pixel; empty for no noise."
    )
    gaps: tuple[float, ...] = Field((), description="Places of vertical module gaps, 0 (left) to 1 (right).")
    row_gaps: tuple[float, ...] = Field((), description="Places of horizontal gaps, 0 (top) to 1 (bottom).")
    gap_px: int = Field(1, ge=1, le=64, description="Width of a gap, pixels.")
    beamstop_nm: float = Field(
        0.0, ge=0, description="Half width in q_y of a beamstop rod, 1/nm; 0 for none."
    )
    offset_px: tuple[float, float] = Field(
        (0.0, 0.0), description="How far the beam is from where the q ranges say, rows and columns."
    )

    @property
    def beam(self) -> Beam:
        """The beam."""
        return Beam(self.energy_kev, self.incidence_deg)

    @property
    def window(self) -> Window:
        """The part of q-space the pixels truly see, an off-centre beam included."""
        down = self.offset_px[0] * (self.qz_range[1] - self.qz_range[0]) / (self.rows - 1)
        right = self.offset_px[1] * (self.qy_range[1] - self.qy_range[0]) / (self.columns - 1)
        qy = (self.qy_range[0] - right, self.qy_range[1] - right)
        qz = (self.qz_range[0] + down, self.qz_range[1] + down)
        return Window(qy, qz, self.rows, self.columns)
