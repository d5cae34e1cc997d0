"""Class averages: what a CTF did is put right, halves are kept apart, noise is damped."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Images, Particles
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.views.averages import (
    DOUBTED,
    TRUSTED,
    ViewSums,
    add_up,
    average_images,
    likeness,
    noise_to_signal,
    rotated_weights,
)
from napari_sciml.techniques.cryoem.views.directions import view_angles

CTFS = [Ctf(defocus + 400, defocus - 400, 40.0) for defocus in (9_000.0, 14_000.0, 19_000.0, 26_000.0)]
EACH = 24


@pytest.fixture(scope="module")
def particle() -> DensityMap:
    return fit_box(built_in_map())


def seen_by_microscope(
    particle: DensityMap, snr: float, views: tuple[int, ...]
) -> tuple[Particles, pd.DataFrame]:
    rng = np.random.default_rng(0)
    view = np.repeat(views, EACH)
    frame = np.arange(len(view)) % len(CTFS)
    psi = rng.uniform(0, 360, len(view))
    ctf = np.stack([ctf.values((64, 64), particle.pixel_size_A) for ctf in CTFS])
    images = project(particle, np.c_[view_angles()[view], psi])
    images = np.fft.irfft2(np.fft.rfft2(images) * ctf[frame])
    images += rng.standard_normal(images.shape) * np.sqrt(images.var(axis=(1, 2), keepdims=True) / snr)
    table = pd.DataFrame(
        {"frame": frame, "view": view, "psi_deg": psi, "shift_y": 0.0, "shift_x": 0.0}
    ).assign(half=np.arange(len(view)) // 2 % 2)
    return Particles(images.astype(np.float32), table[["frame"]], particle.pixel_size_A, ctf), table


def references(particle: DensityMap, views: tuple[int, ...]) -> Images:
    return project(particle, np.c_[view_angles()[list(views)], np.zeros(len(views))])


def test_the_ctf_is_put_right_and_counts_are_kept(particle: DensityMap) -> None:
    views = (3, 40)
    particles, table = seen_by_microscope(particle, np.inf, views)
    table.loc[0, "view"] = NO_VIEW
    sums = drive(add_up(particles, table))
    assert sums.counts.sum(axis=0)[list(views)].tolist() == [EACH - 1, EACH]
    assert sums.counts.sum() == 2 * EACH - 1
    averages = average_images(sums)
    assert averages.shape == (84, 64, 64)
    assert averages.dtype == np.float32
    assert correlation(averages[list(views)], references(particle, views)).min() > 0.99
    assert (averages[[0, 83]] == 0).all()
    # The same average without what is known of the CTF.
    blind = Particles(particles.images, particles.table, particles.pixel_size_A)
    plain = average_images(drive(add_up(blind, table)))
    assert correlation(plain[list(views)], references(particle, views)).max() < 0.95


def test_noise_is_averaged_away(particle: DensityMap) -> None:
    views = (3, 40, 60)
    particles, table = seen_by_microscope(particle, 0.1, views)
    sums = drive(add_up(particles, table))
    found = correlation(average_images(sums)[list(views)], references(particle, views))
    single = correlation(particles.images[::EACH], references(particle, views))
    assert found.min() > 0.8
    assert single.max() < 0.4


def test_likeness_is_one_for_the_reference_itself_and_unknown_without_particles(particle: DensityMap) -> None:
    images = references(particle, (1, 2, 3))
    found = likeness(images * 7 + 2, images, np.array([5, 1, 0]))
    np.testing.assert_allclose(found[:2], 1, atol=1e-6)
    assert np.isnan(found[2])


def made_up_sums(noise: float, signal: float) -> ViewSums:
    rng = np.random.default_rng(0)

    def waves(count: int) -> npt.NDArray[np.complex64]:
        return np.fft.rfft2(rng.standard_normal((count, 64, 64))).astype(np.complex64)

    weight = 5.0
    common = waves(84) * np.sqrt(signal)
    values = np.stack([weight * common + np.sqrt(weight * noise) * waves(84) for _ in range(2)])
    return ViewSums(values, np.full(values.shape, weight, np.float32), np.full((2, 84), 5))


@pytest.mark.parametrize("ratio", [0.1, 1.0, 20.0])
def test_noise_to_signal_is_that_of_a_single_particle(ratio: float) -> None:
    found = noise_to_signal(made_up_sums(ratio, 1.0))
    np.testing.assert_allclose(found[8:32], ratio, rtol=0.25)


def test_halves_that_share_nothing_are_doubted_and_equal_ones_trusted() -> None:
    assert np.median(noise_to_signal(made_up_sums(1.0, 0.0))) > 50
    assert (noise_to_signal(made_up_sums(0.0, 1.0))[:-1] == np.float32(TRUSTED)).all()
    assert noise_to_signal(made_up_sums(0.0, 1.0))[-1] == DOUBTED


def test_squared_transfers_turn_with_their_image() -> None:
    import torch

    ctf = torch.from_numpy(np.stack([Ctf(20_000.0, 12_000.0, a).values((64, 64), 6.0) for a in (0.0, 35.0)]))
    # An astigmatic axis at 35 degrees from x towards the rows, turned back by psi -35, lies along x.
    turned = rotated_weights(ctf[1:], np.array([-35.0]), (64, 33))[0]
    inner = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)) < 0.3
    plain = (ctf[0] ** 2).numpy()[inner]
    assert np.corrcoef(turned.numpy()[inner], plain)[0, 1] > 0.95
    assert np.corrcoef((ctf[1] ** 2).numpy()[inner], plain)[0, 1] < 0.9
