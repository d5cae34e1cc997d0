"""Boxes around picks: where the particle lands, what is folded, and that no pick is lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.particles.background import ring
from napari_sciml.techniques.cryoem.particles.extract import extract, resampling
from napari_sciml.techniques.cryoem.particles.particles import Particles

BOX, FIELD = 64, 101.7
STEP = FIELD / BOX
FloatImage = npt.NDArray[np.float32]


def blob(shape: tuple[int, int], y: float, x: float, sigma: float = 8.0) -> FloatImage:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    image: FloatImage = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2)).astype(np.float32)
    return image


def cut(image: npt.NDArray[np.generic], picks: list[tuple[float, ...]], **more: object) -> Particles:
    names = ["frame", "y", "x"] if image.ndim == 3 else ["y", "x"]
    table = pd.DataFrame(picks, columns=names).assign(score=1.0)
    settings: dict[str, object] = {"box_px": BOX, "field_px": FIELD, "contrast": "light", "pixel_size_A": 2.0}
    work = extract(ImageSource.from_array(image), table, **(settings | more))  # type: ignore[arg-type]
    return drive(work)


def middle(image: FloatImage) -> npt.NDArray[np.float64]:
    weight = np.clip(image - 0.2 * image.max(), 0, None).astype(np.float64)
    weight /= weight.sum()
    return np.array(
        [(weight.sum(axis=1) * np.arange(BOX)).sum(), (weight.sum(axis=0) * np.arange(BOX)).sum()]
    )


@pytest.mark.parametrize("place", [(150.0, 140.0), (150.3, 140.8), (149.5, 141.5)])
def test_the_pick_falls_on_the_middle_pixel_to_a_fraction_of_a_pixel(place: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    image = 100 + 5 * blob((300, 280), *place) + 0.01 * rng.standard_normal((300, 280)).astype(np.float32)
    particles = cut(image, [place])
    assert particles.pixel_size_A == pytest.approx(2.0 * STEP)
    np.testing.assert_allclose(middle(particles.images[0]), BOX // 2, atol=0.03)


def test_a_pick_beside_the_particle_shows_it_where_it_lies() -> None:
    rng = np.random.default_rng(0)
    image = blob((300, 280), 150, 140) + 0.01 * rng.standard_normal((300, 280)).astype(np.float32)
    found = middle(cut(image, [(150 - 3 * STEP, 140 + 5 * STEP)]).images[0])
    np.testing.assert_allclose(found, (BOX // 2 + 3, BOX // 2 - 5), atol=0.05)


def test_dark_particles_come_out_bright() -> None:
    rng = np.random.default_rng(0)
    image = 100 - 5 * blob((300, 280), 150, 140) + 0.1 * rng.standard_normal((300, 280)).astype(np.float32)
    image = image.clip(0, 255).astype(np.float32)
    assert cut(image, [(150, 140)], contrast="dark").images[0, BOX // 2, BOX // 2] > 5


def test_coarse_waves_are_kept_and_fine_ones_are_not_folded() -> None:
    edge = 128
    line = np.arange(edge)
    matrix = resampling(edge, 20.0, 40, 2.0)
    coarse = np.cos(2 * np.pi * 12 / edge * line)
    fine = np.cos(2 * np.pi * 45 / edge * line)
    np.testing.assert_allclose(
        matrix @ coarse, np.cos(2 * np.pi * 12 / edge * (20 + 2 * np.arange(40))), atol=1e-5
    )
    assert np.abs(matrix @ fine).max() < 1e-5


def test_a_sloping_background_becomes_zero_with_a_deviation_of_one() -> None:
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:300, :300]
    image = (1000 + 2 * rows - 3 * columns + 7 * rng.standard_normal((300, 300))).astype(np.float32)
    values = cut(image, [(150, 150)]).images[0][ring(BOX)]
    assert values.mean() == pytest.approx(0, abs=1e-3)
    assert values.std() == pytest.approx(1, abs=1e-3)


def test_a_box_that_leaves_the_image_is_filled_and_never_dropped() -> None:
    rng = np.random.default_rng(1)
    image = (500 + rng.standard_normal((300, 300))).astype(np.float32)
    images = cut(image, [(2, 3), (150, 150), (299, 150), (-200, -200)]).images
    assert len(images) == 4
    assert np.isfinite(images).all()
    # What is missing is the mean of the ring, and does not press on what is there.
    assert (images[0][:20, :20] == 0).all()
    assert 0.5 < images[0][40:, 40:].std() < 1.5
    assert (images[3] == 0).all()


def test_pixels_that_are_no_numbers_are_background_and_are_told_of() -> None:
    stack = np.random.default_rng(1).standard_normal((3, 200, 200)).astype(np.float32)
    stack[0, 90:110, 95:105] = np.nan
    stack[1] = np.nan
    problems: list[str] = []
    picks = [(0, 100.0, 100.0), (1, 100.0, 100.0), (2, 100.0, 100.0)]
    particles = cut(stack, picks, problems=problems)
    assert np.isfinite(particles.images).all()
    assert list(particles.table.index) == [0, 2]
    assert [problem.split()[1] for problem in problems] == ["0", "1"]
    assert "200 of 40000 pixels that are NaN" in problems[0]
    assert "left out" in problems[1]


def test_one_clear_sentence_if_no_frame_can_be_used() -> None:
    with pytest.raises(SciMLError, match="cannot be used: no pixel has a number"):
        cut(np.full((2, 100, 100), np.nan, np.float32), [(0, 50.0, 50.0)])


@pytest.mark.parametrize(
    ("picks", "sentence"),
    [([(0, np.nan, 5.0)], "1 of 1 picks have no position"), ([(7, 5.0, 5.0)], "frame 7, but there are 2")],
)
def test_picks_that_lie_nowhere_are_refused(picks: list[tuple[float, ...]], sentence: str) -> None:
    with pytest.raises(SciMLError, match=sentence):
        cut(np.zeros((2, 100, 100), np.float32), picks)


def test_each_frame_has_its_transfer_at_the_scale_of_the_box() -> None:
    ctf = [Ctf(20_000.0, 20_000.0), None]
    stack = np.random.default_rng(1).standard_normal((2, 150, 150)).astype(np.float32)
    particles = cut(stack, [(1, 70.0, 70.0)], ctfs=ctf)
    assert particles.ctf is not None
    np.testing.assert_array_equal(particles.ctf[0], ctf[0].values((BOX, BOX), 2.0 * STEP))  # type: ignore[union-attr]
    assert (particles.ctf[1] == 1).all()
    with pytest.raises(SciMLError, match="1 CTFs for 2 frames"):
        cut(stack, [(1, 70.0, 70.0)], ctfs=ctf[:1])


def test_a_stop_keeps_the_frames_so_far() -> None:
    stack = np.random.default_rng(1).standard_normal((3, 120, 120)).astype(np.float32)
    table = pd.DataFrame({"frame": [0, 1, 2], "y": 60.0, "x": 60.0})
    cancel = CancelToken()
    work = extract(
        ImageSource.from_array(stack),
        table,
        box_px=BOX,
        field_px=FIELD,
        contrast="light",
        pixel_size_A=1.0,
        cancel=cancel,
    )
    assert len(drive(work, lambda _: cancel.cancel()).images) == 1
