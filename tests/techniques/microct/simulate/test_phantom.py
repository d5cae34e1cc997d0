"""The phantom: geometry against its truth, noise with a texture, and one seed for everything."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.techniques.microct.simulate.packing import place_fibers, push_apart
from napari_sciml.techniques.microct.simulate.phantom import simulate_volume
from napari_sciml.techniques.microct.simulate.rasterise import (
    SUPERSAMPLE,
    make_backdrop,
    paint_fibers,
    paint_slice,
)
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec, random_spec

SMALL = PhantomSpec(size_px=144, slices=2, angles=160)


@pytest.fixture(scope="module")
def phantom():
    """A small scan with default physics."""
    return simulate_volume(SMALL, seed=3)


def lag_one_correlation(image: np.ndarray) -> float:
    """Correlation of neighbouring pixels along rows, about the mean."""
    centred = image - image.mean()
    return float((centred[:, 1:] * centred[:, :-1]).mean() / (centred**2).mean())


def test_a_seed_fixes_everything(phantom):
    again = simulate_volume(SMALL, seed=3)
    other = simulate_volume(SMALL, seed=4)

    assert np.array_equal(phantom.volume, again.volume)
    assert phantom.truth.equals(again.truth)
    assert not np.array_equal(phantom.volume, other.volume)


def test_the_noise_has_a_texture_as_tomography_gives_it():
    """Noise added to the image would be white; reconstruction and detector correlate neighbours."""
    quiet, noisy = (
        simulate_volume(SMALL.model_copy(update={"slices": 1, "photons": photons}), 3).volume[0].astype(float)
        for photons in (1e9, 3e3)
    )
    flat = (slice(100, 120), slice(40, 100))
    noise = (noisy - noisy[flat].mean()) / noisy[flat].std() - (quiet - quiet[flat].mean()) / noisy[
        flat
    ].std()

    assert abs(lag_one_correlation(noise[flat])) > 0.25
    assert abs(lag_one_correlation(np.random.default_rng(0).normal(size=(20, 60)))) < 0.1


def test_fibres_are_painted_where_the_truth_says():
    straight = {"fiber_roughness": 0.0, "debonded_fraction": 0.0, "tilt_deg": 4.0, "volume_fraction": 0.2}
    spec = SMALL.model_copy(update={**straight, "touching_fraction": 0.0})
    fibers = place_fibers(spec, np.random.default_rng(0))
    centers = fibers.centers_at(20.0)
    rows = (np.arange(spec.size_px * SUPERSAMPLE) + 0.5) / SUPERSAMPLE - 0.5

    core, coated = paint_fibers(fibers, centers, rows, SUPERSAMPLE)

    alone = np.flatnonzero([np.sort(np.hypot(*(centers - c).T))[1] > 18 for c in centers])
    assert len(alone) >= 3
    for number in alone:
        near = np.hypot(rows[:, None] - centers[number][0], rows[None, :] - centers[number][1]) < 9
        mass = (core * near).sum()
        found = (core * near * rows[:, None]).sum() / mass, (core * near * rows[None, :]).sum() / mass
        assert found == pytest.approx(tuple(centers[number]), abs=0.05)
        stretch = 1 / np.cos(np.radians(fibers.tilts_deg()[number]))
        area = np.pi * fibers.radii_px[number] ** 2 * stretch
        assert mass / SUPERSAMPLE**2 == pytest.approx(area, rel=0.02)
    assert (coated >= core).all()


def test_a_tilted_fibre_moves_by_the_tangent_of_its_tilt():
    spec = SMALL.model_copy(update={"tilt_deg": 8.0})
    fibers = place_fibers(spec, np.random.default_rng(0))

    straight = fibers.centers_at(10) - fibers.centers_at(0)

    wander = np.abs(fibers.wander_px).max() * 2 * np.pi * 10 / 800
    expected = np.tan(np.radians(fibers.tilts_deg())) * 10
    assert np.hypot(*straight.T) == pytest.approx(expected, abs=2 * wander)


def test_the_dark_ring_has_the_diameter_of_a_coated_fibre(phantom):
    truth = phantom.truth[phantom.truth["z"] == 0]
    profile = mean_profile(phantom.volume[0], truth[["y", "x"]].to_numpy())

    ring_diameter = 2 * np.argmin(profile[8:20]) / 2 + 2 * 4.0

    assert 12.5 <= ring_diameter <= 14.5


def test_the_profile_is_sharpest_at_the_true_centres(phantom):
    truth = phantom.truth[phantom.truth["z"] == 0][["y", "x"]].to_numpy()

    contrast = {
        shift: np.ptp(mean_profile(phantom.volume[0], truth + shift)) for shift in (-2.0, -1.0, 0.0, 1.0, 2.0)
    }

    assert max(contrast, key=contrast.get) == 0.0


def mean_profile(image: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Mean grey over radii of 0, 0.5, 1, ... 12 px round the centres that lie well inside."""
    from scipy.ndimage import map_coordinates

    inside = ((centers > 14) & (centers < len(image) - 14)).all(axis=1)
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    radii = np.arange(0, 12, 0.5)
    rows = centers[inside, 0][:, None, None] + radii[None, :, None] * np.sin(angles)
    columns = centers[inside, 1][:, None, None] + radii[None, :, None] * np.cos(angles)
    return map_coordinates(image.astype(float), [rows, columns], order=1).mean(axis=(0, 2))


def test_phases_have_their_attenuation():
    spec = SMALL.model_copy(update={"mottle": 0.0, "rim_contrast": 0.0, "inclusions": 0})
    fibers = place_fibers(spec, np.random.default_rng(0))

    painted = paint_slice(spec, fibers, make_backdrop(spec, np.random.default_rng(1)), 0.0)

    matrix = painted.mu_per_um[(painted.solid == 1) & ~painted.tow]
    assert np.median(matrix) * 1e4 == pytest.approx(6.3, rel=0.02)
    row, column = np.round(fibers.centers_at(0.0)[0]).astype(int)
    assert painted.mu_per_um[row, column] / np.median(matrix) == pytest.approx(0.78, rel=1e-3)
    assert painted.mu_per_um[0, 0] == 0


def test_overlapping_discs_are_pushed_apart():
    rng = np.random.default_rng(0)
    centers, outer = rng.uniform(0, 60, (60, 2)), np.full(60, 3.0)

    crowded = push_apart(centers, outer)

    kept = centers[~crowded]
    distance = np.hypot(*(kept[:, None] - kept[None]).transpose(2, 0, 1)) + 100 * np.eye(len(kept))
    assert distance.min() >= 0.9 * 6.0
    assert len(kept) > 50


def test_touching_pairs_exist_and_tows_are_filled():
    spec = PhantomSpec(size_px=256, volume_fraction=0.5, touching_fraction=0.6, tows=1)
    fibers = place_fibers(spec, np.random.default_rng(2))
    outer = fibers.radii_px + fibers.coating_px
    distance = np.hypot(*(fibers.centers_px[:, None] - fibers.centers_px[None]).transpose(2, 0, 1))
    gaps = distance - outer[:, None] - outer[None] + 1e3 * np.eye(len(fibers))

    assert (gaps.min(axis=1) < 0.05).mean() > 0.3
    tow_area = np.pi * fibers.tows[0, 2] * fibers.tows[0, 3]
    assert 0.3 < (np.pi * outer**2).sum() / tow_area < 0.6


def test_specs_drawn_at_random_are_valid_and_differ():
    drawn = [random_spec(np.random.default_rng(seed), degraded=seed % 2 == 1) for seed in range(20)]

    assert len({spec.fiber_matrix_ratio for spec in drawn}) == 20
    assert any(spec.coating == "none" for spec in drawn)
    assert all(spec.motion_px == 0 for spec in drawn[::2])
