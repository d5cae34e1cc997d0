"""What a look at the whole frame, or at several frames, tells: the beam, always-bright pixels, suspects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.frame_survey import broken_lines, survey_frames
from napari_sciml.techniques.diffraction.ring_spots import NO_SUSPECT, RING, STRAGGLER, suspects
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun


@pytest.fixture(scope="module")
def blanks() -> SimulatedRun:
    """Water and air around a beam that is 15 and 9 px off the middle, six hot pixels."""
    spec = RunSpec(
        frames=6, size_px=960, hit_share=0.0, artefact_share=0.0, bad_share=0.0, distance_mm=90, level=60
    )
    return SimulatedRun(spec, seed=5)


def test_the_beam_is_found_from_the_background(blanks: SimulatedRun) -> None:
    seen = survey_frames(blanks.source(), None)
    assert seen.beam is not None
    assert np.abs(np.subtract(blanks.geometry.center, 479.5)).max() > 3
    assert np.hypot(*np.subtract(seen.beam, blanks.geometry.center)) < 2.0


def test_a_flat_background_has_no_beam() -> None:
    flat = np.random.default_rng(0).poisson(40, (5, 512, 512))
    assert survey_frames(ImageSource.from_array(flat), None).beam is None


def test_pixels_that_are_bright_in_every_frame_are_hot(blanks: SimulatedRun) -> None:
    images = blanks[:]
    hot = survey_frames(ImageSource.from_array(images), None).hot
    assert hot is not None
    strong = blanks.detector.hot[blanks.detector.heat > 300]
    inside = strong[(strong > 2).all(axis=1) & (strong < 957).all(axis=1)]
    assert hot[inside[:, 0], inside[:, 1]].mean() > 0.95
    # Besides them only seams, where the gain steps.
    assert hot.mean() < 4e-3


def test_a_spot_of_a_single_frame_is_not_hot() -> None:
    images = np.random.default_rng(0).poisson(40, (6, 256, 256))
    images[2, 100:103, 100:103] += 900
    hot = survey_frames(ImageSource.from_array(images), None).hot
    assert hot is None or (not hot[98:105, 98:105].any() and hot.sum() < 8)


@pytest.mark.parametrize("count", [1, 4])
def test_hot_and_dead_lines_are_found_and_spots_are_not(count: int) -> None:
    images = np.random.default_rng(0).poisson(40, (count, 320, 320))
    images[:, 100:103, 100:103] += 900
    assert broken_lines(ImageSource.from_array(images), None) is None
    images[:, 50], images[:, :160, 200] = 0, 300
    flags = broken_lines(ImageSource.from_array(images), None)
    assert flags is not None
    assert flags[50].all()
    assert flags[:160, 200].all()
    assert flags.sum() == 320 + 160 - 1


def spots(y: np.ndarray, x: np.ndarray, snr: np.ndarray) -> pd.DataFrame:
    """Spots of one frame in tiles that all score 0.9."""
    return pd.DataFrame(
        {"y": y, "x": x, "snr": snr, "score": 0.9, "tile_row": y // 64, "tile_column": x // 64}
    )


def crystal(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Spots at all radii, of exponential strength."""
    radius, turn = 600 * np.sqrt(rng.random(count)), rng.uniform(0, 2 * np.pi, count)
    return spots(960 + radius * np.sin(turn), 960 + radius * np.cos(turn), 5 + rng.exponential(40, count))


def test_spots_of_crystals_are_no_suspects() -> None:
    rng = np.random.default_rng(0)
    named = [suspects(crystal(rng, int(count)), (960, 960)) for count in rng.integers(4, 120, 200)]
    assert (np.concatenate(named) != NO_SUSPECT).mean() < 0.01


@pytest.mark.parametrize("count", [10, 40])
def test_grains_of_ice_on_a_ring_are_suspects_and_the_crystal_beside_them_is_not(count: int) -> None:
    rng = np.random.default_rng(count)
    turn = rng.uniform(0, 2 * np.pi, count)
    radius = 420 + rng.normal(0, 0.8, count)
    ice = spots(960 + radius * np.sin(turn), 960 + radius * np.cos(turn), rng.exponential(80, count) + 5)
    both = pd.concat([ice, crystal(rng, 25)], ignore_index=True)
    named = suspects(both, (960, 960))
    assert (named[:count] == RING).mean() > 0.9
    assert (named[count:] == RING).mean() < 0.15
    assert not (suspects(both, None) == RING).any()


def test_the_stragglers_of_many_rings_are_suspects_too() -> None:
    rng = np.random.default_rng(3)
    turn, radius = rng.uniform(0, 2 * np.pi, 60), np.repeat([300.0, 420.0, 560.0], 20)
    rings = spots(960 + radius * np.sin(turn), 960 + radius * np.cos(turn), np.full(60, 20.0))
    few = spots(np.array([100.0, 1500.0]), np.array([900.0, 900.0]), np.full(2, 20.0))
    named = suspects(pd.concat([rings, few], ignore_index=True), (960, 960))
    assert (named[:60] == RING).all()
    assert (named[60:] == STRAGGLER).all()
