"""What counts as measured in a frame: marks, masks, saturation and hot pixels, and what must stay."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.saturation import count_limit
from napari_sciml.techniques.gisaxs.clean import Account, clean_frame


def counts(mean: float = 5.0, shape: tuple[int, int] = (60, 80)) -> np.ndarray:
    return np.random.default_rng(0).poisson(mean, shape).astype(np.int32)


def spots(sigma: float, height: float, background: float) -> np.ndarray:
    """Poisson counts of spots at odd places between pixels, integrated over each pixel."""
    from scipy.special import erf

    image = np.full((60, 80), background)
    for row, column in ((10.0, 12.0), (30.3, 40.5), (45.5, 60.0), (20.2, 70.4)):
        down, right = (
            np.diff(erf((np.arange(n + 1) - 0.5 - place) / (sigma * np.sqrt(2)))) / 2
            for n, place in ((60, row), (80, column))
        )
        image += height * np.outer(down, right) / (down.max() * right.max())
    return np.random.default_rng(1).poisson(image).astype(np.int32)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32])
def test_marks_of_the_detector_are_not_measured(dtype: type) -> None:
    frame = counts().astype(dtype)
    frame[20:23], frame[5, 7:9] = -1, -2
    values, account = clean_frame(frame, None, "linear")
    assert values.dtype == np.float32
    assert account == Account(gaps=3 * 80, bad=2)
    assert np.array_equal(np.isnan(values), frame < 0)
    assert np.array_equal(values[frame >= 0], frame[frame >= 0].astype(np.float32))
    assert account.sentence == "242 pixels were left out (240 gaps, 2 bad)"


def test_the_frame_itself_is_not_touched_and_a_clean_one_says_nothing() -> None:
    frame = counts()
    before = frame.copy()
    values, account = clean_frame(frame, None, "linear")
    assert np.array_equal(frame, before)
    assert not np.isnan(values).any()
    assert account.sentence == ""


def test_a_mask_counts_only_what_was_alive() -> None:
    frame, mask = counts(), np.zeros((60, 80), bool)
    frame[:2] = -1
    mask[:4] = True
    values, account = clean_frame(frame, mask, "linear")
    assert (account.gaps, account.masked) == (160, 160)
    assert np.isnan(values[:4]).all()


def test_saturated_counts() -> None:
    frame = counts(1000.0)
    frame[3, 4:7] = 2**22 - np.array([4, 23, 77])
    frame[9, 9:12] = 1_400_000
    _, account = clean_frame(frame, None, "linear")
    assert account.saturated == 3
    values, account = clean_frame(frame, None, "linear", limit=1_382_835)
    assert account.saturated == 6
    assert np.isnan(values[9, 9:12]).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_the_end_of_the_number_type_marks_gaps(dtype: type) -> None:
    frame = counts().astype(dtype)
    frame[10:12], frame[30, 30] = np.iinfo(dtype).max, np.iinfo(dtype).max - 1
    _, account = clean_frame(frame, None, "linear")
    assert (account.not_measured, account.total) == (161, 161)


def test_the_brightest_grey_of_a_picture_is_no_saturation() -> None:
    frame = np.arange(4800).reshape(60, 80).astype(np.uint8)
    for intensity in ("linear", "log"):
        values, account = clean_frame(frame, None, intensity)
        assert account.total == 0
        assert values.max() == 255


def test_single_hot_pixels_go_and_pairs_stay() -> None:
    frame = counts(2.0)
    frame[30, 22] = 1_053_695
    frame[50, 50:52] = 70_000
    frame[0, 79] = 9_000
    values, account = clean_frame(frame, None, "linear")
    assert account == Account(hot=2)
    assert np.isnan(values[[30, 0], [22, 79]]).all()
    assert not np.isnan(values[50, 50:52]).any()


def test_a_bright_pixel_among_gaps_is_not_judged() -> None:
    frame = np.full((60, 80), -1, np.int32)
    frame[10:20, 10:20] = counts(2.0)[:10, :10]
    frame[40, 40] = 50_000
    assert clean_frame(frame, None, "linear")[1].hot == 0


@pytest.mark.parametrize("sigma", [0.2, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(("height", "background"), [(1e3, 0.01), (1e6, 0.01), (1e6, 50.0), (300.0, 1.0)])
def test_sharp_spots_and_noise_stay(sigma: float, height: float, background: float) -> None:
    """A tenth of the counts of a spot 0.3 px wide still fall on its neighbours."""
    values, account = clean_frame(spots(sigma, height, background), None, "linear")
    assert account.total == 0
    assert not np.isnan(values).any()


@pytest.mark.parametrize("mean", [1e-4, 0.1, 3.0, 1e4])
def test_counting_noise_stays(mean: float) -> None:
    assert clean_frame(counts(mean, (500, 500)), None, "linear")[1].total == 0


@pytest.mark.parametrize("lattice", ["BCC100", "Cubic100", "HCP"])
def test_simulated_frames_lose_nothing(lattice: str) -> None:
    """Well-ordered crystals on a detector without blur, whose spots are as sharp as they get."""
    from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate

    spec = GisaxsSpec(
        lattice=lattice,
        grains=1,
        width=40,
        layers=12,
        displacement=0.0,
        mosaic_deg=0.0,
        disordered=0.0,
        spacing_spread=0.0,
        blur_px=0.0,
        peak_counts=2.0**20,
    )
    image = simulate(spec, seed=2).image
    for frame in (image, image.astype(np.int32)):
        assert clean_frame(frame, None, "linear")[1].total == 0


def test_pictures_that_are_no_counts_keep_every_pixel() -> None:
    """A simulated specular peak may be one single pixel."""
    frame = np.full((60, 80), 1e-4)
    frame += 1e-6 * np.arange(80)
    frame[50, 40] = 1.0
    values, account = clean_frame(frame, None, "linear")
    assert account.total == 0
    assert values[50, 40] == 1


def test_not_a_number_and_infinite_were_not_measured() -> None:
    frame = counts().astype(float)
    frame[1, 1], frame[2, 2], frame[3, 3] = np.nan, np.inf, -np.inf
    values, account = clean_frame(frame, None, "linear")
    assert account == Account(not_finite=3)
    assert np.isnan(values[[1, 2, 3], [1, 2, 3]]).all()


def test_a_logarithm_is_shifted_to_zero_and_keeps_its_scale() -> None:
    frame = np.linspace(-3.0, 2.0, 4800).reshape(60, 80)
    frame[5, 5], frame[6, 6], frame[7, 7] = -np.inf, np.nan, -1.0
    values, account = clean_frame(frame, None, "log")
    assert account == Account(not_finite=1)
    assert values[5, 5] == 0, "minus infinity is a pixel without counts"
    assert values[0, 0] == 0
    assert values[59, 79] == pytest.approx(5.0)
    assert values[7, 7] == pytest.approx(2.0)


def test_negative_counts_are_refused() -> None:
    frame = counts().astype(np.float32) - 4.5
    with pytest.raises(SciMLError, match=r"negative counts \(down to -4\.5\).*subtracted.*intensity to log"):
        clean_frame(frame, None, "linear")
    with pytest.raises(SciMLError, match="negative counts"):
        clean_frame(counts() - 4, None, "linear")
    mask = frame < 0
    assert clean_frame(frame, mask, "linear")[1].masked == mask.sum()


def test_rounding_below_zero_is_zero() -> None:
    frame = np.linspace(0, 1, 4800).reshape(60, 80)
    frame[3, 3] = -1e-9
    assert clean_frame(frame, None, "linear")[0][3, 3] == 0


@pytest.mark.parametrize("intensity", ["linear", "log"])
def test_frames_that_hold_nothing(intensity: str) -> None:
    with pytest.raises(SciMLError, match="no pixel that measured anything: all are masked"):
        clean_frame(counts(), np.ones((60, 80), bool), intensity)
    with pytest.raises(SciMLError, match="nothing but 7"):
        clean_frame(np.full((60, 80), 7), None, intensity)
    with pytest.raises(SciMLError, match="no pixel that measured anything"):
        clean_frame(np.full((60, 80), np.nan), None, intensity)


def test_nothing_but_minus_infinity() -> None:
    with pytest.raises(SciMLError, match="nothing but infinite values"):
        clean_frame(np.full((60, 80), -np.inf), None, "log")


def test_a_mask_of_another_size() -> None:
    with pytest.raises(SciMLError, match="The mask has 8 x 8 px, but the frame has 60 x 80"):
        clean_frame(counts(), np.zeros((8, 8), bool), "linear")


def test_files_that_state_their_highest_count(tmp_path: Path) -> None:
    (tmp_path / "a.cbf").write_bytes(b"###CBF: VERSION 1.5\r\n# Count_cutoff 1382835 counts\r\n")
    assert count_limit(str(tmp_path / "a.cbf")) == 1_382_835
    (tmp_path / "b.cbf").write_bytes(b"###CBF: VERSION 1.5\r\n# Tau = 199.1e-09 s\r\n")
    assert count_limit(str(tmp_path / "b.cbf")) is None
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["/entry/data"] = np.zeros((2, 4, 4))
    assert count_limit(f"{tmp_path / 'c.h5'}::/entry/data") is None
    with h5py.File(tmp_path / "c.h5", "a") as file:
        file["/entry/instrument/detector/saturation_value"] = 30_000
    assert count_limit(f"{tmp_path / 'c.h5'}::/entry/data") == 30_000
    (tmp_path / "d.cbf.gz").write_bytes(b"\x1f\x8b cut short")
    assert count_limit(str(tmp_path / "d.cbf.gz")) is None
    assert count_limit(str(tmp_path)) is None
    assert count_limit(None) is None


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(np.int32, -9999), (np.float32, -1e10), (np.int16, -(2**15)), (np.uint32, 65_535), (np.float32, 2**32)],
)
def test_a_value_that_marks_gaps_is_left_out_and_told(dtype: type, value: float) -> None:
    frame = counts().astype(dtype)
    frame[20:24] = value
    values, account = clean_frame(frame, None, "linear")
    assert account.not_measured == account.total == 4 * frame.shape[1]
    assert np.isnan(values[20:24]).all()
    assert "pixels hold" in account.sentence


def test_a_stated_value_is_no_negative_count() -> None:
    frame = counts().astype(np.float32) + 0.5
    frame[20, 3:5] = -10
    with pytest.raises(SciMLError, match="negative counts"):
        clean_frame(frame, None, "linear")
    assert clean_frame(frame, None, "linear", None, ((-10.1, -9.9),))[1].not_measured == 2


@pytest.mark.parametrize("level", [0, 400])
@pytest.mark.parametrize("row", [False, True])
def test_a_dead_or_hot_line_is_left_out_and_the_rod_stays(level: int, row: bool) -> None:
    down, right = np.mgrid[:300, :260]
    rod = 3000 * np.exp(-(((right - 130) / 0.8) ** 2) - (299 - down) / 60)
    frame = np.random.default_rng(0).poisson(30 + rod)
    values, account = clean_frame(frame, None, "linear")
    assert account.total == 0
    line = (77, slice(None)) if row else (slice(None), 77)
    frame[line] = level
    values, account = clean_frame(frame, None, "linear")
    assert np.isnan(values[line]).all()
    assert account.in_broken_lines == account.total == (260 if row else 300)
    assert account.sentence == f"{account.total} pixels were left out ({account.total} in broken lines)"
