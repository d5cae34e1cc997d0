"""Finite grains: their distances, azimuth average and scattering against plain sums over particles."""

import math

import numpy as np
import pytest
import torch

from fixtures import gisaxs_direct
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES, STACKS
from napari_sciml.techniques.gisaxs.refraction import Beam, material
from napari_sciml.techniques.gisaxs.simulate import dwba, particles, powder
from napari_sciml.techniques.gisaxs.simulate.grains import (
    GRAIN_SHAPES,
    GrainShape,
    grow,
    pair_distances,
    stacking,
)

D, R = 22.0, 10.0
NEIGHBOURS = {"BCC": 8, "Cubic": 6, "FCC": 12, "HCP": 12}


@pytest.mark.parametrize("name", CLASSES)
def test_a_particle_inside_has_the_neighbours_of_its_lattice_at_distance_one(name: str) -> None:
    places = grow(STACKS[name], "block", 6.0, 7, np.random.default_rng(0)).positions()
    middle = np.argmin(np.linalg.norm(places - (places.max(0) + places.min(0)) / 2, axis=1))
    distances = np.linalg.norm(places - places[middle], axis=1)
    family = name.rstrip("01")
    assert np.sort(distances)[1] == pytest.approx(1)
    assert np.isclose(distances, 1).sum() == NEIGHBOURS[family]


def test_hcp_is_not_fcc() -> None:
    # Two layers up, HCP stands above itself and FCC111 does not.
    def third_layer(name: str) -> float:
        places = grow(STACKS[name], "cells", 5, 3, np.random.default_rng(0)).positions()
        top = places[places[:, 2] > 1.5]
        below = places[places[:, 2] == 0]
        return float(np.linalg.norm(below[:, None, :2] - top[None, :, :2], axis=-1).min())

    assert third_layer("HCP") == pytest.approx(0)
    assert third_layer("FCC111") == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize("shape", GRAIN_SHAPES)
def test_distances_are_counted_as_a_plain_double_loop_counts_them(shape: GrainShape) -> None:
    grain = grow(STACKS["HCP"], shape, 4, 3, np.random.default_rng(1), vacancies=0.1)
    distances, weights = pair_distances(grain)
    places = grain.positions()
    layer = np.round(places[:, 2] / grain.stack.height).astype(int)
    apart = np.linalg.norm(places[:, None, :2] - places[None, :, :2], axis=-1)
    for n in range(grain.layers):
        for m in range(grain.layers):
            plain = np.sort(apart[np.ix_(layer == n, layer == m)].ravel())
            counted = np.repeat(distances, weights[:, n, m].astype(int))
            assert np.allclose(plain, counted, atol=1e-5)


def test_a_dome_gets_narrower_and_other_grains_do_not() -> None:
    rng = np.random.default_rng(2)
    dome = grow(STACKS["Cubic100"], "dome", 9, 5, rng).counts
    assert dome[0] > 2 * dome[-1]
    straight = grow(STACKS["Cubic100"], "hexagon", 9, 5, rng).counts
    assert np.ptp(straight) == 0


def test_faults_turn_fcc_into_hcp() -> None:
    rng = np.random.default_rng(3)
    always = stacking(STACKS["FCC111"], 6, 1.0, rng)
    hcp = stacking(STACKS["HCP"], 6, 0.0, rng)
    # A-C-A-C instead of A-B-A-B: the same crystal, turned.
    assert np.allclose(always[0], always[2])
    assert not np.allclose(always[0], always[1])
    assert np.allclose(hcp[0], hcp[2])
    mixed = stacking(STACKS["FCC111"], 200, 0.3, rng)
    hexagonal = np.mean([np.allclose(mixed[n], mixed[n + 2]) for n in range(198)])
    assert 0.2 < hexagonal < 0.4


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("shape", ["cells", "dome"])
def test_the_fast_average_is_the_average_over_many_turned_grains(name: str, shape: GrainShape) -> None:
    beam, silicon = Beam(), material("Si", 10.0)
    grain = grow(STACKS[name], shape, 3, 3, np.random.default_rng(4))
    q = torch.linspace(0, 0.8, 17, dtype=torch.float64)
    kf = torch.linspace(0.02, 0.6, 9, dtype=torch.float64)
    places = torch.as_tensor(grain.positions()) * D + torch.tensor([0.0, 0.0, R])

    def form(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return particles.sphere(torch.sqrt(x**2 + y**2 + z**2), R)

    slow = gisaxs_direct.powder_intensity(beam, q, kf, silicon.contrast, places, form, steps=180)
    ways = dwba.waves(beam, kf, silicon.contrast)
    lengths = torch.sqrt(q[None, :, None] ** 2 + ways.qz[:, None, :] ** 2)
    heights = R + torch.arange(grain.layers) * grain.stack.height * D
    for pairs in (
        powder.from_pairs(grain, D, q),
        powder.from_azimuths(grain, D, q, steps=2 * powder.needed_azimuths(0.8, grain, D)),
    ):
        # float64 to check the formula, float32 as it is used.
        for precision, tolerance in ((torch.float64, 1e-3), (torch.float32, 1e-2)):
            amplitudes = dwba.layer_amplitudes(
                particles.sphere(lengths, R)[None].to(precision), ways, heights[None]
            )
            fast = dwba.coherent(*amplitudes, pairs[None])[0]
            assert torch.allclose(fast.double(), slow, rtol=tolerance, atol=1e-7 * float(slow.max()))


def test_boxes_are_averaged_with_their_own_edges() -> None:
    beam, silicon = Beam(), material("Si", 10.0)
    grain = grow(STACKS["Cubic100"], "cells", 3, 2, np.random.default_rng(5))
    q = torch.linspace(0, 0.8, 17, dtype=torch.float64)
    kf = torch.linspace(0.02, 0.6, 9, dtype=torch.float64)
    places = torch.as_tensor(grain.positions()) * D + torch.tensor([0.0, 0.0, R])

    def flat(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return particles.rectangle(x, y, 2 * R, 2 * R)

    def form(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return flat(x, y) * particles.slab(z, 2 * R)

    slow = gisaxs_direct.powder_intensity(beam, q, kf, silicon.contrast, places, form, steps=120)
    ways = dwba.waves(beam, kf, silicon.contrast)
    upright = particles.slab(ways.qz, 2 * R)[:, None, :].expand(-1, len(q), -1)
    amplitudes = dwba.layer_amplitudes(upright[None], ways, R + torch.arange(2)[None] * D)
    fast = dwba.coherent(*amplitudes, powder.from_azimuths(grain, D, q, flat, steps=240)[None])[0]
    assert torch.allclose(fast, slow, rtol=1e-3, atol=1e-7 * float(slow.max()))


def test_all_particles_are_in_phase_at_zero() -> None:
    grain = grow(STACKS["BCC110"], "hexagon", 5, 4, np.random.default_rng(6))
    pairs = powder.from_pairs(grain, D, torch.zeros(1, dtype=torch.float64))[0]
    assert torch.allclose(
        pairs, torch.outer(torch.as_tensor(grain.counts), torch.as_tensor(grain.counts)).double()
    )


def test_disorder_that_adds_up_leaves_near_neighbours_and_takes_far_ones() -> None:
    grain = grow(STACKS["Cubic100"], "cells", 10, 1, np.random.default_rng(7))
    q = torch.tensor([0.0, 2 * math.pi / D, 8 * math.pi / D], dtype=torch.float64)
    sharp = powder.from_pairs(grain, D, q)[:, 0, 0]
    fading = powder.from_pairs(grain, D, q, mismatch=0.05)[:, 0, 0]
    assert fading[0] == sharp[0]
    assert 0.5 < float(fading[1] / sharp[1]) < 0.95
    assert float(fading[2] / sharp[2]) < float(fading[1] / sharp[1])
