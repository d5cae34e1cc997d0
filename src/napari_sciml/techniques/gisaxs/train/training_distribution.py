"""What the shipped network is trained on: every sample and device that the simulator can make, at random.

Nothing is tuned to one beamline. Spacing is drawn relative to the window, so that the network learns ratios;
perfect crystals and coarse azimuth averages are in, since other simulators make them.
"""

from __future__ import annotations

import math

import numpy as np

from napari_sciml.techniques.gisaxs.simulate.grains import GRAIN_SHAPES
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

ORDERS = (1.6, 8.0)
"""Least and largest number of times that ``2 pi / d`` fits into the window: below, hardly a spot is in."""
REACH_NM = (0.4, 1.3)
"""Largest q_y and q_z of the window, 1/nm."""
FINE_PX = 128
"""Rows and columns of the simulated half plane before a detector looks at it: finer than the network's
square."""
PERFECT = 0.3
"""Share of samples without any disorder, as other simulators make them."""
COARSE = 0.2
"""Share of samples with few azimuths (20 to 120), as other simulators make them."""


def random_spec(lattice: str, rng: np.random.Generator) -> GisaxsSpec:
    """Draw a sample and a beam; the window is the half plane in `FINE_PX` pixels, without noise."""

    def log_uniform(low: float, high: float) -> float:
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    reach = log_uniform(*REACH_NM)
    spacing = 2 * math.pi * log_uniform(*ORDERS) / reach
    disorder = {
        "spacing_spread": rng.uniform(0, 0.02),
        "displacement": rng.uniform(0, 0.08),
        "mosaic_deg": rng.uniform(0, 2.5),
        "disordered": rng.uniform(0, 0.5),
        "size_spread": rng.uniform(0, 0.12),
        "vacancies": rng.choice([0.0, rng.uniform(0, 0.15)]),
        "mismatch": rng.choice([0.0, rng.uniform(0, 0.03)]),
        "faults": rng.choice([0.0, 0.0, rng.uniform(0, 0.2)]),
        "roughness": rng.choice([0.0, rng.uniform(0, 0.6)]),
        "flat": 10 ** rng.uniform(-8, -4),
    }
    if rng.random() < PERFECT:
        disorder = {**dict.fromkeys(disorder, 0.0), "flat": 0.0}
    particle = str(rng.choice(["sphere"] * 9 + ["box", "cylinder", "cylinder"]))
    grains = int(rng.choice([1, 2, 3]))
    return GisaxsSpec.model_validate(
        {
            "lattice": lattice,
            "spacing_nm": spacing,
            "radius_nm": spacing / 2 / float(rng.uniform(1.0, 1.6)),
            "particle": particle,
            "height_ratio": float(rng.uniform(0.6, 1.5)),
            "grains": grains,
            "grain_shapes": (str(rng.choice(GRAIN_SHAPES)),) if grains == 1 else GRAIN_SHAPES,
            "width": log_uniform(4, 16),
            "layers": log_uniform(2, 12),
            "azimuths": int(log_uniform(20, 120)) if rng.random() < COARSE else None,
            "energy_kev": float(rng.uniform(7, 13)),
            "incidence_deg": float(rng.uniform(0.1, 0.3)),
            "substrate": str(rng.choice(["Si", "Si", "SiO2", "Au", "Ge", "Al2O3"])),
            "qy_range": (0.0, reach),
            "qz_range": (0.0, reach),
            "rows": FINE_PX,
            "columns": FINE_PX,
            "roughness_nm": float(rng.uniform(5, 60)),
            "slope": float(rng.uniform(-0.5, 0.5)),
            "blur_px": float(rng.choice([0.0, rng.uniform(0, 1.2)])),
            **{name: float(value) for name, value in disorder.items()},
        }
    )
