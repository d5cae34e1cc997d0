from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct.centres import TARGET_SIGMA_PX, find_peaks
from napari_sciml.techniques.microct.prepare import (
    FRAME_PX,
    fill_missing,
    missing_pixels,
    prepare,
    resize,
    to_image,
)
from napari_sciml.techniques.microct.run_geometry import resolve
from napari_sciml.techniques.microct.settings import MicroCTSettings

SIGMA = TARGET_SIGMA_PX


def job_for(plane, diameter=13.5):
    return resolve(ImageSource.from_array(plane), MicroCTSettings(fiber_diameter_px=diameter))


def test_unscaled_pixels_pass_untouched_in_a_mirrored_frame():
    plane = np.random.default_rng(0).integers(0, 65535, (40, 50), np.uint16)
    prepared = prepare(plane, job_for(plane))
    assert prepared.dtype == plane.dtype
    np.testing.assert_array_equal(prepared[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX], plane)
    np.testing.assert_array_equal(prepared[FRAME_PX - 1, FRAME_PX:-FRAME_PX], plane[1])


@pytest.mark.parametrize("shape", [(80, 90), (31, 200), (400, 400), (40, 55)])
def test_resized_ramp_is_the_ramp_at_the_mapped_place(shape):
    rows, columns = np.mgrid[:80, :90].astype(float)
    plane = 1e6 + 3 * rows - 2 * columns
    resized = resize(plane, shape)
    y = (np.arange(shape[0]) + 0.5) / (shape[0] / 80) - 0.5
    x = (np.arange(shape[1]) + 0.5) / (shape[1] / 90) - 0.5
    expected = 1e6 + 3 * y[:, None] - 2 * x[None]
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(resized[inner], expected[inner], atol=0.02)


def test_shrinking_averages_instead_of_skipping():
    stripes = np.tile([0.0, 100.0], (120, 60))
    assert np.ptp(resize(stripes, (40, 40))[5:-5, 5:-5]) < 10


def test_map_goes_beyond_every_border():
    plane = np.random.default_rng(0).integers(0, 255, (41, 50), np.uint8)
    geometry = job_for(plane)
    elements = (prepare(plane, geometry).shape[0] - 16) // 2 + 1
    at = to_image(np.array([0.0, elements - 1]), 2, 1.0)
    assert at[0] <= -2
    assert at[1] >= 40 + 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros((40, 40)), "every pixel is 0"),
        (np.full((40, 40), np.nan), "not one pixel is a finite number"),
        (np.pad(np.full((1, 1), np.inf), 20), "every pixel is 0"),
    ],
)
def test_plane_without_usable_pixels_is_refused(value, said):
    with pytest.raises(SciMLError, match=said):
        prepare(value, job_for(value))


def test_missing_pixels_become_the_median_and_the_others_stay():
    plane = np.random.default_rng(0).normal(5, 1, (40, 40)).astype(np.float32)
    holed = plane.copy()
    holed[:4], holed[8, 9] = np.nan, -np.inf
    filled = fill_missing(holed)
    assert missing_pixels(holed) == 4 * 40 + 1
    assert filled.dtype == np.float32
    assert (filled[:4] == np.median(holed[np.isfinite(holed)])).all()
    assert np.array_equal(filled[9:], plane[9:])
    assert np.isnan(holed[0, 0])


def soft_map(centres, stride, elements=60):
    """The map that a perfect network gives at this stride, with centres in elements."""
    at = np.arange(elements)
    squares = [(at[:, None] - y) ** 2 + (at[None] - x) ** 2 for y, x in centres]
    return np.exp(-np.min(squares, axis=0) * stride**2 / (2 * SIGMA**2)).astype(np.float32)


@pytest.mark.parametrize("stride", [1, 2])
def test_centres_are_found_between_the_elements(stride):
    generator = np.random.default_rng(1)
    centres = np.array([(y, x) for y in range(8, 60, 14) for x in range(8, 60, 14)])
    centres = centres + generator.uniform(-0.5, 0.5, centres.shape)
    peaks = find_peaks(soft_map(centres, stride), stride, floor=0.5)
    found = np.column_stack((peaks.rows, peaks.columns))
    assert len(found) == len(centres)
    nearest = np.abs(found[:, None] - centres[None]).sum(axis=2).argmin(axis=1)
    assert np.abs(found - centres[nearest]).max() * stride < 0.05
    # A centre between four elements is as sure as one on an element.
    assert peaks.scores.min() > 0.93


def test_score_tells_a_fibre_from_a_spike():
    peaks = find_peaks(soft_map([(20, 20)], 2), 2, 0.05)
    assert peaks.scores[0] == pytest.approx(1.0, abs=0.01)
    spike = np.zeros((40, 40))
    spike[20, 20] = 1.0
    assert find_peaks(spike, 2, 0.05).scores[0] < 0.4
    half = find_peaks(soft_map([(20, 20)], 2) / 2, 2, 0.05)
    assert half.scores[0] == pytest.approx(0.5, abs=0.01)


def test_floor_zero_gives_every_maximum_and_a_plateau_gives_none():
    noise = np.random.default_rng(2).uniform(size=(50, 50))
    assert len(find_peaks(noise, 1, 0.0).scores) > 50
    assert len(find_peaks(np.full((50, 50), 0.3), 1, 0.0).scores) == 0
    rounding = 0.3 + 1e-8 * noise
    assert len(find_peaks(rounding, 1, 0.0).scores) == 0


def test_two_equal_neighbours_are_one_peak():
    flat_top = np.zeros((20, 20))
    flat_top[10, 10:12] = 1.0
    peaks = find_peaks(flat_top, 2, 0.1)
    assert len(peaks.scores) == 1
    assert (peaks.rows[0], peaks.columns[0]) == pytest.approx((10, 10.5), abs=0.01)


def test_no_peak_where_neighbours_are_unknown():
    scores = soft_map([(20, 20), (40, 40)], 2)
    scores[:, 42:] = np.nan
    peaks = find_peaks(scores, 2, 0.1)
    assert len(peaks.scores) == 1
    assert peaks.rows[0] == pytest.approx(20, abs=0.05)
    assert len(find_peaks(np.full((30, 30), np.nan, np.float32), 2, 0.0).scores) == 0


def test_empty_borders_and_broken_lines_show_plain_background_and_are_told():
    plane = np.random.default_rng(0).integers(90, 110, (300, 260)).astype(np.uint8)
    rows, columns = np.ogrid[:300, :260]
    outside = np.hypot(rows - 150, columns - 130) > 140
    plane[outside] = 0
    plane[:, 100] = 255
    told = []
    prepared = prepare(plane, job_for(plane), told.append)[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX]
    assert prepared.min() > 80
    assert prepared.max() < 115
    assert "column" in told[0]
    assert "constant blocks" in told[0]
    good = ~outside
    good[:, 100] = False
    np.testing.assert_array_equal(prepared[good], plane[good])
