"""The predicted spots against the table that was worked out by hand, and against simulated images."""

import math

import numpy as np
import pytest
import torch

from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.lattices.spots import predict_spots, reflections
from napari_sciml.techniques.gisaxs.refraction import Beam
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate

TABLE = {
    "Cubic100": [(1, 0, 4), (0, 1, 1), (1.41, 0, 4), (1, 1, 4), (1.41, 1, 4), (2, 0, 4)],
    "Cubic110": [(1, 0, 2), (0.71, 0.71, 2), (1.41, 0, 2), (0, 1.41, 1), (1.22, 0.71, 4), (1, 1.41, 2),
                 (1.73, 0, 4), (1.41, 1.41, 2)],
    "BCC100": [(0.87, 0.87, 4), (1.22, 0, 4), (1.73, 0, 4), (0, 1.73, 1), (1.94, 0.87, 8), (1.22, 1.73, 4)],
    "BCC110": [(1.06, 0.61, 4), (1.22, 0, 2), (0, 1.22, 1), (1.73, 0, 2), (1.22, 1.22, 2), (1.06, 1.84, 4),
               (2.12, 0, 4)],
    "FCC100": [(1, 0.71, 4), (1.41, 0, 4), (0, 1.41, 1), (1.41, 1.41, 4), (2, 0, 4)],
    "FCC111": [(0, 1.22, 1), (1.15, 0.41, 3), (1.15, 0.82, 3), (1.15, 1.63, 3), (2, 0, 6)],
    "HCP": [(0, 1.22, 1), (1.15, 0, 1.5), (1.15, 0.61, 4.5), (1.15, 1.22, 1.5), (2, 0, 6), (1.15, 1.84, 4.5)],
}  # fmt: skip
"""In-plane part and height in 2 pi / d, and multiplicity, of the first reflections."""


@pytest.mark.parametrize("name", CLASSES)
def test_every_reflection_of_the_table_is_predicted_with_its_multiplicity(name: str) -> None:
    found = reflections(name, 2.3)
    for q_par, q_z, multiplicity in TABLE[name]:
        near = np.hypot(found.q_par - q_par, found.q_z - q_z) < 0.008
        assert near.sum() == 1, (q_par, q_z)
        assert float(found.strength[near][0]) == pytest.approx(multiplicity, rel=1e-6)


@pytest.mark.parametrize("name", CLASSES)
def test_no_reflection_is_shorter_than_those_of_the_table(name: str) -> None:
    found = reflections(name, 2.3)
    shortest = min(math.hypot(a, b) for a, b, _ in TABLE[name])
    assert float(np.hypot(found.q_par, found.q_z).min()) == pytest.approx(shortest, abs=0.01)


def test_every_spot_comes_twice_and_on_both_sides() -> None:
    beam = Beam(10.0, 0.15)
    spots = predict_spots("FCC111", 24.0, beam, 1.0)
    pairs = np.flatnonzero(np.bincount(spots.reflection) == 4)
    assert len(pairs) > 3
    for n in pairs:
        of_one = spots.reflection == n
        assert np.allclose(np.unique(np.abs(spots.q_y[of_one]).round(9)).size, 1)
        low, high = spots.q_z[of_one & ~spots.mirrored], spots.q_z[of_one & spots.mirrored]
        assert np.allclose(high - low, 2 * beam.ki)


@pytest.mark.parametrize("name", CLASSES)
def test_simulated_spots_lie_where_they_are_predicted(name: str) -> None:
    # Spacings at which spots and their mirrored twins do not fall together.
    spec = GisaxsSpec(
        lattice=name, spacing_nm=34.0 if name == "BCC100" else 30.0, radius_nm=6.0, width=14, layers=12,
        grain_spread=0, grains=3,
        displacement=0.01, size_spread=0.03, mosaic_deg=0, disordered=0, roughness=0, flat=0, blur_px=0,
        spacing_spread=0, incidence_deg=0.2,
    )  # fmt: skip
    image = torch.as_tensor(np.log(simulate(spec, seed=1).image.astype(np.float64) + 1e-12))
    spots = predict_spots(name, spec.spacing_nm, spec.beam, 0.5)
    step = (0.6 / 99, 1.2 / 99)
    rows = (0.6 - spots.q_z) / step[0]
    columns = (spots.q_y + 0.6) / step[1]
    peaks = torch.nn.functional.max_pool2d(image[None, None], 3, 1, 1)[0, 0] == image
    where = np.argwhere(peaks.numpy())
    # Strong spots well above the Yoneda band, where refraction is nothing, and far from any other one.
    chosen = (spots.q_y > 0.1) & (spots.strength >= 0.4) & (spots.q_z > 0.33)
    apart = np.hypot(rows[:, None] - rows[None], columns[:, None] - columns[None])
    np.fill_diagonal(apart, np.inf)
    chosen &= apart.min(axis=1) > 5
    assert chosen.any()
    for row, column in zip(rows[chosen], columns[chosen], strict=True):
        nearest = np.abs(where - [row, column]).max(axis=1).min()
        assert nearest <= 1.5, (row, column)


def test_hcp_shows_a_spot_where_fcc111_has_none() -> None:
    def brightness(name: str) -> float:
        spec = GisaxsSpec(
            lattice=name, spacing_nm=30.0, radius_nm=6.0, width=12, layers=8, grain_spread=0, grains=3,
            mosaic_deg=0,
            disordered=0, roughness=0, flat=0, blur_px=0, spacing_spread=0, displacement=0.01,
        )  # fmt: skip
        image = simulate(spec, seed=2).image
        unit = 2 * math.pi / 30.0
        column = round((1.1547 * unit + 0.6) / (1.2 / 99))

        def at(height: float) -> float:
            row = round((0.6 - height * unit - 2 * spec.beam.ki) / (0.6 / 99))
            return float(image[row - 1 : row + 2, column - 1 : column + 2].max())

        return at(0.612) / at(0.816)

    assert brightness("HCP") > 3
    assert brightness("FCC111") < 0.33
