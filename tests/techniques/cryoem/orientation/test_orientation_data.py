"""The images that orientation networks learn from and are tested on, against what they claim to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.orientation.noise import (
    add_noise,
    draw_ctf,
    noise_images,
    noise_power,
    whole_mean,
)
from napari_sciml.techniques.cryoem.orientation.whiten import matched, noise_by_frame, typical_ctf
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.train.orientation.dataset import (
    JITTER_DEG,
    SHIFT_PX,
    jittered,
    noise_set,
    paper_set,
    particle_disc,
    realistic_set,
    shift_phases,
)
from napari_sciml.techniques.cryoem.train.orientation.stream import (
    NOTHING,
    make_pool,
    render,
    standardised,
    turn_and_move,
)
from napari_sciml.techniques.cryoem.views.directions import view_angles

PARTICLE = fit_box(built_in_map())


def test_jitter_stays_within_five_degrees_in_all_three_angles() -> None:
    labels = np.arange(84).repeat(5)
    off = jittered(labels, np.random.default_rng(0)) - np.c_[view_angles()[labels], np.zeros(len(labels))]
    assert np.abs(off).max() <= JITTER_DEG
    assert (off.std(axis=0) > 2).all()


def test_the_papers_images_are_bare_projections() -> None:
    images = paper_set(PARTICLE, 12, seed=3)
    views = np.c_[view_angles()[images.labels], np.zeros(12)]
    assert correlation(images.images, project(PARTICLE, views)).min() > 0.9
    again = paper_set(PARTICLE, 12, seed=3)
    np.testing.assert_array_equal(images.images, again.images)
    assert (paper_set(PARTICLE, 12, seed=4).labels != images.labels).any()


@pytest.mark.parametrize("snr", [3.0, 0.3, 0.02])
def test_the_requested_signal_to_noise_ratio_is_found_again(snr: float) -> None:
    rng = np.random.default_rng(1)
    signal = project(PARTICLE, np.c_[view_angles()[:8], np.zeros(8)])
    ctf = draw_ctf(rng).values((64, 64), PARTICLE.pixel_size_A)
    noise = noise_images(noise_power(ctf, PARTICLE.pixel_size_A, rng), 8, rng)
    inside = particle_disc(PARTICLE)
    added = add_noise(signal, noise, snr, inside) - signal
    measured = signal[:, inside].var(axis=1) / added.var(axis=(1, 2))
    np.testing.assert_allclose(measured, snr, rtol=0.05)


def test_noise_has_variance_one_and_the_power_it_was_asked_for() -> None:
    rng = np.random.default_rng(2)
    ctf = draw_ctf(rng).values((64, 64), PARTICLE.pixel_size_A)
    power = noise_power(ctf, PARTICLE.pixel_size_A, rng)
    assert whole_mean(power) == pytest.approx(1, rel=1e-4)
    images = noise_images(power, 200, rng)
    assert images.var() == pytest.approx(1, rel=0.05)
    found = (np.abs(np.fft.rfft2(images)) ** 2).mean(axis=0) / 64**2
    assert np.corrcoef(found.ravel(), power.ravel())[0, 1] > 0.9


def test_realistic_particles_are_where_their_truth_says() -> None:
    test = realistic_set(PARTICLE, 20, seed=5, snr=np.inf)
    ctf = test.particles.ctf
    assert ctf is not None
    assert np.abs(test.shifts_px).max() <= SHIFT_PX
    spectra = np.fft.rfft2(project(PARTICLE, test.angles_deg)) * shift_phases(test.shifts_px, 64)
    seen = np.fft.irfft2(spectra * ctf[test.particles.table["frame"]], s=(64, 64))
    assert correlation(test.particles.images, seen).min() > 0.999


def test_the_ring_around_simulated_particles_is_at_zero() -> None:
    outside = ~particle_disc(PARTICLE)
    for images in (realistic_set(PARTICLE, 6, 6, 0.1).particles.images, noise_set(PARTICLE, 6, 7).images):
        np.testing.assert_allclose(images[:, outside].mean(axis=1), 0, atol=1e-4)
        np.testing.assert_allclose(images[:, outside].std(axis=1), 1, rtol=1e-3)


def test_a_pool_names_what_is_no_view_and_draws_everything_anew() -> None:
    pool = make_pool(PARTICLE, 1, seed=0, empty=4, other_maps=1, per_map=3)
    assert (pool.labels == NOTHING).sum() == 7
    targets = pool.targets()
    np.testing.assert_allclose(targets.sum(dim=1), 1, rtol=1e-5)
    np.testing.assert_allclose(targets[pool.labels == NOTHING], 1 / 84, rtol=1e-5)
    torch.manual_seed(0)
    first, second = render(pool, pool.projections), render(pool, pool.projections)
    assert first.shape == (91, 1, 64, 64)
    np.testing.assert_allclose(first.mean(dim=(1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(first.std(dim=(1, 2, 3), correction=0), 1, rtol=1e-3)
    assert not torch.allclose(first, second)


def test_fast_turning_agrees_with_projecting_at_another_angle() -> None:
    view = view_angles()[40]
    straight, turned = project(PARTICLE, [[*view, 0.0], [*view, 35.0]])
    for angle, like in ((35.0, True), (-35.0, False)):
        image = turn_and_move(torch.from_numpy(straight[None]), torch.deg2rad(torch.tensor([angle])), 0.0)
        assert (correlation(image.numpy(), turned[None])[0] > 0.995) == like


def test_noise_is_measured_outside_the_particles() -> None:
    ice = noise_set(PARTICLE, 100, seed=8)
    power = noise_by_frame(ice, 40.0)
    assert power.shape == (2, 64, 33)
    white = np.fft.rfft2(ice.images * np.sqrt(1.0))
    for frame in (0, 1):
        mean = (np.abs(white[ice.table["frame"] == frame]) ** 2).mean(axis=0)
        np.testing.assert_allclose(mean[5:20, 5:20].mean(), power[frame, 5:20, 5:20].mean(), rtol=0.1)


def test_a_ctf_that_nobody_measured_is_known_where_all_agree() -> None:
    mean, doubt = typical_ctf(64, PARTICLE.pixel_size_A)
    assert mean[0] == pytest.approx(0.085, abs=0.02)
    assert mean[5] > 0.2
    assert doubt[2] < 0.3
    # Signs differ beyond the first zeros.
    assert doubt[16:25].min() > 0.8
    assert np.abs(mean[20:30]).max() < 0.25


def test_particles_of_an_unknown_ctf_are_left_as_they_are() -> None:
    test = realistic_set(PARTICLE, 3, 9, 1.0).particles
    bare = type(test)(test.images, test.table, test.pixel_size_A, None)
    assert matched(bare, 40.0) is bare.images
    assert not np.allclose(matched(test, 40.0), test.images)


def test_images_without_contrast_are_no_error() -> None:
    assert torch.isfinite(standardised(torch.zeros(2, 64, 64))).all()
