"""Attenuation against figures that were tabulated independently (1/cm, rounded as printed)."""

from __future__ import annotations

import pytest

from napari_sciml.techniques.microct.simulate.materials import phase

TABLE = {
    17: {"matrix": (16.6, 0.05), "fiber": (12.9, 0.05), "bn": (1.28, 0.005), "carbon": (1.10, 0.005)},
    20: {"matrix": (10.4, 0.05), "fiber": (8.1, 0.05), "bn": (0.91, 0.005), "carbon": (0.80, 0.005)},
    24: {"matrix": (6.3, 0.05), "fiber": (4.9, 0.05), "bn": (0.67, 0.005), "carbon": (0.60, 0.005)},
    30: {"matrix": (3.5, 0.05), "fiber": (2.7, 0.05), "bn": (0.50, 0.005), "carbon": (0.46, 0.005)},
}
DELTA = {17: (2.30e-6, 1.97e-6, 1.32e-6), 30: (0.74e-6, 0.63e-6, 0.42e-6)}


@pytest.mark.parametrize("energy", TABLE)
@pytest.mark.parametrize("name", ["matrix", "fiber", "bn", "carbon"])
def test_attenuation_is_within_one_percent_of_the_table(energy, name):
    value, rounding = TABLE[energy][name]

    assert phase(name, energy).mu_per_um * 1e4 == pytest.approx(value, abs=0.01 * value + rounding)


@pytest.mark.parametrize("energy", DELTA)
def test_refraction_follows_the_table(energy):
    found = [phase(name, energy).delta for name in ("matrix", "fiber", "bn")]

    assert found == pytest.approx(DELTA[energy], rel=0.015)


def test_no_coating_is_air():
    assert phase("none", 24).mu_per_um == 0
