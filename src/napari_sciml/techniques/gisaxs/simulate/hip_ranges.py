"""What images of the hipgisaxs protocol are drawn from."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from napari_sciml.techniques.gisaxs.refraction import Beam
from napari_sciml.techniques.gisaxs.simulate.geometry import Window
from napari_sciml.techniques.gisaxs.simulate.hipgisaxs import VECTORS, HipSpec

Range = tuple[float, float]
NEAREST = {
    "BCC100": math.sqrt(3) / 2,
    "BCC110": math.sqrt(3) / 2,
    "Cubic100": 1.0,
    "Cubic110": 1.0,
    "FCC100": math.sqrt(2) / 2,
    "FCC111": 1.0,
    "HCP": 1.0,
}
"""Distance of nearest neighbours for a scaling of one."""


class HipRanges(BaseModel):
    """Ranges that the samples and the device are drawn from, one draw per image.

    That program's scaling is the edge of the cube for some lattices and the distance of neighbours for
    others; one range of it would give the classes different sizes. Here the distance of neighbours is drawn,
    from one distribution for all, and `NEAREST` turns it into the scaling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal["hipgisaxs"] = "hipgisaxs"
    radius_nm: Range = (10.0, 20.0)
    spacing_nm: Range = (25.0, 105.0)
    stretch: float = 0.0
    repeats: tuple[int, int] = (10, 19)
    energy_kev: Range = (10.0, 10.0)
    incidence_deg: Range = (0.15, 0.15)
    q_max: Range = (1.0, 1.0)
    azimuths: int = 360

    def draw(self, lattice: str, rng: np.random.Generator) -> HipSpec:
        """Draw one sample of a class; each vector is scaled by its own factor of up to `stretch`."""
        spacing = math.exp(rng.uniform(*np.log(self.spacing_nm)))
        own = np.exp(rng.uniform(-1, 1, 3) * math.log1p(self.stretch))
        scaling = (spacing * own / NEAREST[lattice]).tolist()
        na, nb, nc = rng.integers(self.repeats[0], self.repeats[1] + 1, 3).tolist()
        q_max = float(rng.uniform(*self.q_max))
        return HipSpec(
            VECTORS[lattice],
            (scaling[0], scaling[1], scaling[2]),
            (na, nb, nc),
            radius_nm=float(rng.uniform(*self.radius_nm)),
            beam=Beam(float(rng.uniform(*self.energy_kev)), float(rng.uniform(*self.incidence_deg))),
            window=Window((0.0, q_max), (0.0, q_max)),
            azimuths=self.azimuths,
        )
