"""Projection, detector and reconstruction against physics and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import radon

from napari_sciml.techniques.microct.simulate import imaging
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec

SIZE = 96
ANGLES = np.linspace(0, 180, 120, endpoint=False)
PERFECT = {
    "size_px": SIZE,
    "photons": 1e12,
    "psf_px": 0.0,
    "ring_gain": 0.0,
    "zinger_rate": 0.0,
    "propagation_mm": 0.0,
}


def disc(radius: float, row: float = SIZE // 2, column: float = SIZE // 2) -> np.ndarray:
    """A disc with soft edges one pixel wide."""
    ticks = np.arange(SIZE)
    distance = np.hypot(ticks[:, None] - row, ticks[None, :] - column)
    return np.clip(0.5 + radius - distance, 0, 1).astype(np.float32)


def test_projection_agrees_with_scikit_image():
    image = disc(9, 40, 60) + 0.5 * disc(5, 62, 35)

    ours = imaging.project(image[None], ANGLES)[0]

    theirs = radon(image.astype(float), theta=ANGLES, circle=True)
    assert np.abs(ours - theirs).max() < 0.02 * theirs.max()


def test_every_projection_holds_the_same_sum():
    image = disc(9, 40, 60)

    sums = imaging.project(image[None], ANGLES)[0].sum(axis=0)

    assert sums == pytest.approx(image.sum(), rel=5e-3)


def test_noise_free_reconstruction_gives_the_attenuation_back():
    mu_per_px = 6.3e-4
    path = imaging.project(mu_per_px * disc(30)[None], ANGLES)

    lines = imaging.detect(path, np.zeros_like(path), PhantomSpec(**PERFECT), np.random.default_rng(0))
    image = imaging.reconstruct(lines[0], ANGLES)

    assert image[disc(25) == 1].mean() == pytest.approx(mu_per_px, rel=0.01)
    assert np.abs(image[disc(34) == 0][:200]).max() < 0.1 * mu_per_px


def test_beer_lambert_counts_fall_off_with_the_path():
    path = np.full((1, SIZE, 4), 0.7, np.float32)

    lines = imaging.detect(path, np.zeros_like(path), PhantomSpec(**PERFECT), np.random.default_rng(0))

    assert lines == pytest.approx(0.7, abs=1e-4)


def test_a_phase_fringe_is_bright_outside_and_dark_inside_and_keeps_the_sum():
    delta_path = imaging.project(disc(20)[None] * 1e-6, ANGLES) * 0.7
    spec = PhantomSpec(**{**PERFECT, "propagation_mm": 5.0})

    lines = imaging.detect(np.zeros_like(delta_path), delta_path, spec, np.random.default_rng(0))
    intensity = np.exp(-lines[0, :, 0])

    edge = SIZE // 2 + 20
    assert intensity[edge : edge + 3].max() > 1.005
    assert intensity[edge - 3 : edge].min() < 0.995
    assert intensity.sum() == pytest.approx(SIZE, rel=1e-4)


def test_a_column_with_the_wrong_gain_draws_a_ring():
    path = imaging.project(6.3e-4 * disc(40)[None], ANGLES)
    clean, flawed = (
        imaging.detect(
            path, np.zeros_like(path), PhantomSpec(**{**PERFECT, "ring_gain": gain}), np.random.default_rng(1)
        )
        for gain in (0.0, 0.01)
    )

    difference = flawed - clean

    assert difference.std(axis=2).max() < 0.1 * difference.std(axis=1).mean()


def test_the_phase_filter_keeps_the_mean():
    lines = np.random.default_rng(0).random((1, SIZE, 5), dtype=np.float32)

    filtered = imaging.low_pass(lines, 3.0)

    assert filtered.mean(axis=1) == pytest.approx(lines.mean(axis=1), rel=1e-5)
    assert filtered.std() < 0.6 * lines.std()


def test_grey_levels_keep_the_order_of_values():
    volume = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)

    grey = imaging.grey_levels(volume, np.random.default_rng(0))

    order = np.argsort(volume.ravel())
    assert (np.diff(grey.ravel()[order].astype(int)) >= 0).all()
    assert np.ptp(grey) >= 45
