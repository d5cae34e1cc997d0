"""The label rule, the prefilter and the local levels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.normalise.local_noise import LocalNoise, dead_pixels, enlarge, median9
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE, UNDECIDED, label_tiles
from napari_sciml.techniques.diffraction.prefilter import passes
from napari_sciml.techniques.diffraction.prepare import prepare

SHAPE = (192, 192)


def labels_of(y: float, x: float, snr: float) -> np.ndarray:
    return label_tiles(np.array([y]), np.array([x]), np.array([snr]), SHAPE)


def test_a_spot_counts_from_five_sigma_and_two_pixels_inside() -> None:
    assert labels_of(96, 96, 5.0)[1, 1] == BRAGG
    assert labels_of(96, 96, 4.9)[1, 1] == UNDECIDED
    assert labels_of(96, 96, 2.4)[1, 1] == NONE
    assert labels_of(64 + 1.6, 96, 50)[1, 1] == BRAGG
    near = labels_of(64 + 1.0, 96, 50)
    assert near[1, 1] == UNDECIDED
    assert near[0, 1] == UNDECIDED
    assert (np.delete(near.ravel(), [1, 4]) == NONE).all()


def spotted(
    y: float, x: float, snr: float, level: float, width: float, rng: np.random.Generator
) -> np.ndarray:
    """A flat Poisson frame with one Gaussian spot of that signal over noise in its 7 x 7 box."""
    rows, columns = np.mgrid[:192, :192]
    shape = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))
    # Solve S = snr * sqrt(49 level + S) for the light in the box.
    signal = (snr**2 + snr * np.sqrt(snr**2 + 4 * 49 * level)) / 2
    return rng.poisson(level + signal * shape / shape.sum())


@pytest.mark.parametrize("level", [0.2, 4.0, 300.0])
@pytest.mark.parametrize("width", [0.6, 1.0, 1.3])
def test_the_gate_keeps_the_weakest_spot_that_counts(level: float, width: float) -> None:
    rng = np.random.default_rng(int(10 * level + 100 * width))
    kept = 0
    for _ in range(60):
        y, x = rng.uniform(66, 125, 2)
        kept += bool(passes(prepare(spotted(y, x, 5.0, level, width, rng)))[0][1, 1])
    assert kept >= 57


def test_the_gate_rules_out_most_of_an_empty_frame() -> None:
    frame = np.random.default_rng(0).poisson(50, (640, 640))
    assert passes(prepare(frame))[0].mean() < 0.1


def test_tiles_of_a_frame_are_normalised_as_the_whole_frame() -> None:
    frame = np.random.default_rng(0).poisson(np.linspace(20, 200, 256), (192, 256)).astype(np.int32)
    prepared = prepare(frame)
    whole = prepared.levels.scale(prepared.pixels, prepared.dead)
    tiles = prepared.tiles(np.array([0, 1, 2]), np.array([3, 1, 2]))
    for tile, (row, column) in zip(tiles, [(0, 3), (1, 1), (2, 2)], strict=True):
        np.testing.assert_allclose(
            tile, whole[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64], atol=1e-5
        )


def test_a_lone_tile_is_treated_as_in_its_frame_but_for_its_border() -> None:
    frame = np.random.default_rng(1).poisson(100, (192, 192))
    inner = prepare(frame).tiles(np.array([1]), np.array([1]))[0]
    alone = LocalNoise().apply(frame[np.newaxis, 64:128, 64:128])[0]
    np.testing.assert_allclose(alone[28:-28, 28:-28], inner[28:-28, 28:-28], atol=1e-5)
    np.testing.assert_allclose(alone[16:-16, 16:-16], inner[16:-16, 16:-16], atol=0.02)


def test_background_and_noise_come_out_as_zero_and_one() -> None:
    frame = np.random.default_rng(2).poisson(np.linspace(100, 900, 512)[:, None], (512, 512))
    scaled = np.sinh(LocalNoise().apply(frame[np.newaxis])[0])
    assert abs(scaled.mean()) < 0.02
    assert scaled.std() == pytest.approx(1.0, abs=0.07)


def test_grey_scale_does_not_matter_to_floating_point_frames() -> None:
    frame = np.random.default_rng(3).normal(50, 5, (1, 64, 64))
    np.testing.assert_allclose(LocalNoise().apply(frame * 1e-6), LocalNoise().apply(frame), atol=1e-3)


def test_a_constant_tile_becomes_zeros() -> None:
    assert not LocalNoise().apply(np.full((2, 64, 64), 7, np.uint16)).any()


def test_gaps_and_beamstops_are_dead_but_sparse_zeros_are_not() -> None:
    gaps = np.full((1, 64, 64), 20)
    gaps[:, 10] = -1
    found = dead_pixels(gaps)
    assert found is not None
    assert found[0, 10].all()
    assert found.sum() == 64
    stopped = np.full((1, 64, 64), 500)
    stopped[:, :9, :9] = 0
    found = dead_pixels(stopped)
    assert found is not None
    assert found.sum() == 81
    assert dead_pixels(np.random.default_rng(0).poisson(0.5, (1, 64, 64))) is None


def test_median_of_nine_is_the_median() -> None:
    from scipy.ndimage import median_filter

    values = np.random.default_rng(0).random((30, 40)).astype(np.float32)
    np.testing.assert_array_equal(median9(values), median_filter(values, 3, mode="nearest"))


def test_enlarging_keeps_a_ramp() -> None:
    ramp = np.arange(6, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    large = enlarge(ramp, 8)
    np.testing.assert_allclose(np.diff(large[8:-8, 0]), 1 / 8, atol=1e-5)


def test_a_mask_of_another_size_is_one_sentence() -> None:
    with pytest.raises(SciMLError, match=r"The mask has 10 x 10 px, but the frame has 192 x 192"):
        prepare(np.ones(SHAPE), np.zeros((10, 10), bool))
