"""Whole images of the physical protocol: symmetry, doubled spots, disorder, counts and dead pixels."""

import math

import numpy as np
import pytest
import torch

from napari_sciml.techniques.gisaxs.evaluate.paper_sets import Ranges
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.refraction import material
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate
from napari_sciml.techniques.gisaxs.simulate.detector import count, tilt_grains
from napari_sciml.techniques.gisaxs.simulate.fresnel import reflection

CLEAN = GisaxsSpec(
    lattice="Cubic100", spacing_nm=30.0, radius_nm=6.0, width=12, layers=10, grain_spread=0, grains=2,
    displacement=0, size_spread=0, mosaic_deg=0, disordered=0, roughness=0, flat=0, blur_px=0,
    spacing_spread=0,
)  # fmt: skip


def test_the_image_of_a_powder_is_the_same_on_both_sides() -> None:
    image = simulate(CLEAN, seed=0).image
    assert np.allclose(image, image[:, ::-1], rtol=1e-3, atol=1e-9)
    assert image.max() == 1


def test_nothing_is_scattered_below_the_horizon() -> None:
    image = simulate(CLEAN, seed=0).image
    horizon = math.ceil((0.6 - CLEAN.beam.ki) / (0.6 / 99))
    assert image[horizon:].max() == 0
    assert image[horizon - 1].max() > 0


def test_each_spot_has_a_twin_higher_by_twice_the_incoming_wavenumber() -> None:
    spec = CLEAN.model_copy(update={"incidence_deg": 0.12, "rows": 300, "spacing_nm": 40.0})
    unit, step = 2 * math.pi / 40.0, 0.6 / 299
    column = simulate(spec, seed=0).image[:, round((unit + 0.6) / (1.2 / 99))]

    def peak(q_z: float) -> float:
        middle = round((0.6 - q_z) / step)
        near = column[middle - 12 : middle + 13]
        return 0.6 - (middle - 12 + int(near.argmax())) * step

    low, high = peak(2 * unit), peak(2 * unit + 2 * spec.beam.ki)
    assert low == pytest.approx(2 * unit, abs=0.01)
    assert high - low == pytest.approx(2 * spec.beam.ki, abs=0.006)


def test_a_lone_sphere_far_above_the_critical_angle_shows_its_form_factor() -> None:
    spec = CLEAN.model_copy(update={"disordered": 1.0, "layers": 1.0, "radius_nm": 12.0, "rows": 200})
    image = simulate(spec, seed=0).image
    row = round((0.6 - 0.55) / (0.6 / 199))
    q_par = np.abs(np.linspace(-0.6, 0.6, 100))
    forms = []
    for q_z in (0.55, 0.55 - 2 * spec.beam.ki):
        u = np.hypot(q_par, q_z) * 12.0
        forms.append((np.sin(u) - u * np.cos(u)) / u**3 * np.exp(-1j * q_z * 12.0))
    # High above the horizon the substrate mirrors hardly anything but the incoming beam: two waves are left.
    silicon = material("Si", 10.0)
    mirrored = reflection(torch.tensor([spec.beam.ki]), spec.beam.k0, silicon.contrast).numpy()
    expected = np.abs(forms[0] + mirrored * forms[1]) ** 2
    ratio = image[row] / expected
    assert np.abs(ratio / np.median(ratio) - 1)[expected > 0.05 * expected.max()].max() < 0.15


def test_the_band_at_the_critical_exit_angle_is_bright() -> None:
    spec = CLEAN.model_copy(update={"disordered": 1.0, "rows": 200, "layers": 1.0, "radius_nm": 2.0})
    image = simulate(spec, seed=0).image
    q_z = np.linspace(0.6, 0.0, 200)
    profile = image[:, 60:70].mean(axis=1)
    yoneda = spec.beam.ki + spec.beam.k0 * math.sin(math.radians(0.179))
    assert abs(q_z[profile.argmax()] - yoneda) < 0.04


def test_displacements_dim_the_spots_and_brighten_what_lies_between() -> None:
    still = simulate(CLEAN, seed=0).image
    shaken = simulate(CLEAN.model_copy(update={"displacement": 0.1}), seed=0).image
    unit = 2 * math.pi / 30.0
    spot = (round((0.6 - 2 * unit) / (0.6 / 99)), round((2 * unit + 0.6) / (1.2 / 99)))
    between = (round((0.6 - 1.5 * unit) / (0.6 / 99)), round((1.5 * unit + 0.6) / (1.2 / 99)))
    assert shaken[spot] < 0.5 * still[spot]
    assert shaken[between] > 2 * still[between]


def test_tilted_grains_smear_a_spot_along_its_arc_and_keep_its_sum() -> None:
    q = torch.linspace(0, 1, 201, dtype=torch.float64)
    qz = torch.linspace(0.1, 1, 181, dtype=torch.float64)
    side, up = torch.meshgrid(q, qz, indexing="xy")
    spot = torch.exp(-((side - 0.5) ** 2 + (up - 0.5) ** 2) / (2 * 0.01**2)).float()
    smeared = tilt_grains(spot, q, qz, 2.0)
    radius, angle = torch.hypot(side, up), torch.atan2(side, up)
    weight = smeared / smeared.sum()
    assert float(smeared.sum() / spot.sum()) == pytest.approx(1, rel=0.01)
    spread = torch.sqrt((weight * (angle - math.pi / 4) ** 2).sum())
    # The spot itself has 0.01 / 0.707; nine directions within 2.4 deviations have 0.96 of the full spread.
    assert float(spread) == pytest.approx(math.hypot(math.radians(2.0) * 0.96, 0.01 / 0.7071), rel=0.03)
    assert float(torch.sqrt((weight * (radius - 0.7071) ** 2).sum())) == pytest.approx(0.01, rel=0.1)


def test_counts_have_the_mean_and_the_variance_of_poisson() -> None:
    flat = np.full((200, 200), 0.25, np.float32)
    flat[0, 0] = 1.0
    counts = count(flat, 400.0, np.random.default_rng(0))[1:]
    assert float(counts.mean()) == pytest.approx(100, abs=0.3)
    assert float(counts.var()) == pytest.approx(100, rel=0.03)
    assert np.array_equal(counts, np.round(counts))


def test_the_brightest_pixel_gets_the_counts_that_were_asked_for() -> None:
    image = simulate(CLEAN.model_copy(update={"peak_counts": 2.0**14}), seed=0).image
    assert float(image.max()) == pytest.approx(2**14, rel=0.05)


def test_gaps_and_beamstop_are_dead_and_said_to_be() -> None:
    spec = CLEAN.model_copy(
        update={"gaps": (0.5,), "row_gaps": (0.0,), "gap_px": 3, "beamstop_nm": 0.03, "flat": 0.1}
    )
    pattern = simulate(spec, seed=0)
    assert pattern.dead[:3].all()
    assert pattern.dead[:, 48:51].all()
    assert np.all(pattern.image[pattern.dead] == 0)
    assert np.all(pattern.image[~pattern.dead] > 0)


def test_a_beam_off_its_place_moves_the_image() -> None:
    there = simulate(CLEAN, seed=0).image
    moved = simulate(CLEAN.model_copy(update={"offset_px": (3.0, -5.0)}), seed=0).image
    assert (
        np.corrcoef(np.log(there[5:-8, 10:-10] + 1e-7).ravel(), np.log(moved[8:-5, 5:-15] + 1e-7).ravel())[
            0, 1
        ]
        > 0.98
    )


def test_a_seed_gives_the_same_image_again_and_another_one_does_not() -> None:
    spec = CLEAN.model_copy(update={"grain_spread": 0.3, "peak_counts": 1e4})
    assert np.array_equal(simulate(spec, seed=3).image, simulate(spec, seed=3).image)
    assert not np.array_equal(simulate(spec, seed=3).image, simulate(spec, seed=4).image)


@pytest.mark.parametrize("particle", ["sphere", "box", "cylinder"])
def test_every_particle_and_class_gives_a_finite_image(particle: str) -> None:
    rng = np.random.default_rng(5)
    ranges = Ranges(particles=(particle,), faults=(0.1, 0.3), grains=2)
    for name in CLASSES:
        image = simulate(ranges.draw(name, rng), rng).image
        assert np.isfinite(image).all()
        assert image.min() >= 0
        assert image.max() == 1


def test_the_size_of_a_particle_and_its_spacing_do_not_know_the_class() -> None:
    drawn = [[Ranges().draw(name, np.random.default_rng(n)) for name in CLASSES] for n in range(5)]
    for row in drawn:
        assert len({(spec.radius_nm, spec.spacing_nm, spec.layers, spec.width) for spec in row}) == 1
