"""Values that mean "no pixel", in every type that holds them; and what only looks like one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from napari_sciml.core.no_pixel import find_no_pixels

SHAPE = (200, 240)
GAPS = np.zeros(SHAPE, bool)
GAPS[95:99] = GAPS[:, 118:120] = True
GAPS[[10, 30, 160], [20, 200, 40]] = True
SPOTS = ((40, 40), (60, 180), (150, 150))


def counts(spots: float = 0, width: float = 1.1) -> npt.NDArray[np.float64]:
    """Draw a round background of few counts, with spots of that height."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    mean = 8 * np.exp(-((y - 100) ** 2 + (x - 120) ** 2) / (2 * 150**2))
    for row, column in SPOTS:
        mean += spots * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
    return np.random.default_rng(0).poisson(mean).astype(float)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *((np.uint16, 65_535), (np.uint16, 65_534), (np.uint32, 65_535), (np.int32, 65_535)),
        *((np.float32, 65_535), (np.uint32, 2**32 - 1), (np.uint32, 2**32 - 2), (np.uint64, 2**64 - 1)),
        *((np.float32, 2**32 - 1), (np.float64, 2**32 - 1), (np.int64, 2**32 - 1), (np.int32, 2**31 - 1)),
        *((np.uint32, 2**20 - 1), (np.uint16, 16_383), (np.uint8, 255)),
        *((np.int32, -1), (np.int16, -2), (np.float32, -1), (np.int32, -9999), (np.float32, -9999)),
        *((np.int16, -(2**15)), (np.int32, -(2**31)), (np.float32, -(2.0**31)), (np.float32, -1e10)),
        *((np.float64, np.nan), (np.float32, np.inf), (np.int32, -10), (np.float32, -10)),
    ],
)
@pytest.mark.parametrize("spots", [0, 3000])
def test_a_mark_is_found_in_one_frame(dtype: type, value: float, spots: float) -> None:
    frame = np.minimum(counts(spots), 200).astype(dtype)
    frame[GAPS] = value
    found = find_no_pixels(frame)
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS)
    assert list(found.counts.values()) == [int(GAPS.sum())]


def test_gaps_of_16_bits_beside_larger_counts() -> None:
    frame = counts(3e5).astype(np.uint32) + 2000
    frame[GAPS] = 65_535
    found = find_no_pixels(frame)
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS)


def test_two_marks_are_told_apart() -> None:
    frame = counts().astype(np.uint16)
    frame[GAPS] = 65_535
    frame[5, 5] = 65_534
    found = find_no_pixels(frame)
    assert found is not None
    assert found.counts == {65_535.0: int(GAPS.sum()), 65_534.0: 1}
    held = f"{int(GAPS.sum())} pixels hold 65535; 1 pixel holds 65534: taken as not measured and left out"
    assert found.sentence == held


@pytest.mark.parametrize("width", [0.5, 1.1, 3.0])
@pytest.mark.parametrize("gaps", [False, True])
def test_saturated_spots_are_no_gaps(width: float, gaps: bool) -> None:
    bright = np.minimum(counts(6e5, width), 65_535)
    frame = bright.astype(np.uint16)
    if gaps:
        frame[GAPS] = 65_535
    assert (bright == 65_535).sum() >= len(SPOTS)
    found = find_no_pixels(frame)
    if not gaps:
        assert found is None
        return
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS)


def test_a_saturated_beam_is_no_gap() -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    beam = np.minimum(1e6 * np.exp(-np.hypot(y - 100, x - 120) / 15) + 8, 65_535)
    assert find_no_pixels(beam.astype(np.uint16)) is None


@pytest.mark.parametrize(
    "frame",
    [
        np.random.default_rng(0).normal(0, 5, SHAPE).astype(np.float32),
        np.random.default_rng(0).normal(0, 5, SHAPE).astype(np.int16),
        np.random.default_rng(0).normal(200, 20, SHAPE),
        counts(4e4).astype(np.int32),
        counts() / 8,
        counts().astype(np.uint8),
        np.ones(SHAPE, bool),
    ],
)
def test_what_was_measured_stays(frame: npt.NDArray[np.generic]) -> None:
    assert find_no_pixels(frame) is None


def test_negative_noise_stays_beside_a_mark() -> None:
    frame = np.random.default_rng(0).normal(0, 5, SHAPE).astype(np.float32)
    frame[GAPS] = -9999
    found = find_no_pixels(frame)
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS)


@pytest.mark.parametrize("value", [-1, -9999, -(2**15), -1e10, 65_535])
@pytest.mark.parametrize("masked", [False, True])
def test_marks_among_negative_values(value: float, masked: bool) -> None:
    noise = np.random.default_rng(1).normal(0, 20, SHAPE)
    frame = (counts() * 40 - 100 + noise).astype(np.float32)
    frame[GAPS] = value
    ignored = np.zeros(SHAPE, bool)
    ignored[150:] = masked
    found = find_no_pixels(frame, ignored)
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS & ~ignored)


def test_zeros_of_a_logarithm_are_measured() -> None:
    frame = np.log10(np.maximum(counts(), 1e-9))
    assert (frame == -9).sum() > 50
    assert find_no_pixels(frame, log=True) is None


def test_what_is_masked_is_not_told_again() -> None:
    frame = counts().astype(np.uint32)
    frame[GAPS] = 2**32 - 1
    assert find_no_pixels(frame, GAPS) is None


def test_a_stated_value_needs_no_evidence() -> None:
    frame = counts() + 3.5
    frame[50, 50:53] = 7.25
    found = find_no_pixels(frame, None, ((7.2, 7.3),))
    assert found is not None
    assert found.counts == {7.25: 3}


def test_a_logarithm_may_be_negative_but_not_that_much() -> None:
    frame = np.log10(counts() + 0.1)
    assert find_no_pixels(frame, log=True) is None
    frame[GAPS] = -9999
    found = find_no_pixels(frame, log=True)
    assert found is not None
    np.testing.assert_array_equal(found.flags, GAPS)
