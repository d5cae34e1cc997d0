"""The shipped model says "none of the 84" to noise, also where noise may choose its better side."""

from __future__ import annotations

import pytest

from napari_sciml.core.progress import drive
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.train.orientation.dataset import noise_set, realistic_set
from napari_sciml.techniques.cryoem.views.sorter import Sorter


@pytest.fixture(scope="module")
def particle() -> DensityMap:
    return map_of(get_model("cryoem-orientation-realistic"))


@pytest.mark.parametrize("both_sides", [True, False])
def test_noise_is_none_of_the_views(particle: DensityMap, both_sides: bool) -> None:
    sorter = Sorter.of(particle, "network", get_model("cryoem-orientation-realistic"), both_sides)
    table = drive(sorter.sort(noise_set(particle, 500, 991)))
    assert (table["view"] == NO_VIEW).mean() >= 0.95


def test_particles_keep_their_views(particle: DensityMap) -> None:
    sorter = Sorter.of(particle, "network", get_model("cryoem-orientation-realistic"))
    simulated = realistic_set(particle, 150, 992, 0.3)
    table = drive(sorter.sort(simulated.particles))
    assert (table["view"] != NO_VIEW).mean() > 0.95
    assert (table["view"] == simulated.labels).mean() > 0.85
