"""Defects of a detector are found and nothing of the sample is taken for one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_sciml.core.defects import Defects, find_defects, mended

SHAPE = (480, 640)
Image = np.ndarray


def noise(seed: int = 0) -> Image:
    return np.random.default_rng(seed).normal(100, 3, SHAPE).astype(np.float32)


def found(image: Image) -> Defects:
    return find_defects(image, pixels=True, seams=True)


def column(image: Image) -> None:
    image[:, 200] += 30


def weak_column(image: Image) -> None:
    image[:, 200] -= 6


def half_row(image: Image) -> None:
    image[77:79, :320] = 500


def dead_rows(image: Image) -> None:
    image[-8:] = 0


def stuck_column(image: Image) -> None:
    image[:, 639] = 65535


def module(image: Image) -> None:
    image[100:170, 300:400] = 0


def pixels(image: Image) -> None:
    image[[5, 300, 301], [7, 200, 200]] += 60


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (column, "1 column"),
        (weak_column, "1 column"),
        (half_row, "2 rows"),
        (dead_rows, "8 rows"),
        (stuck_column, "1 column"),
        (module, "7000 pixels in constant blocks"),
        (pixels, "3 single pixels"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_defects_are_found_to_the_pixel(damage: Callable[[Image], None], said: str, turned: bool) -> None:
    image = noise()
    damage(image)
    defects = found(image.T if turned else image)
    flags = defects.flags.T if turned else defects.flags
    np.testing.assert_array_equal(flags, image != noise())
    swap = {"column": "row", "rows": "columns"}
    assert defects.sentence == (" ".join(swap.get(word, word) for word in said.split()) if turned else said)


def test_seams_are_found_and_levelled() -> None:
    image = noise()
    image[:, 320:] += 4
    image[240:] -= 9
    defects = found(image)
    assert {(seam.axis, seam.start) for seam in defects.seams} == {(1, 320), (0, 240)}
    assert defects.sentence == "2 gain seams"
    np.testing.assert_allclose(mended(image, defects, 30), noise(), atol=0.4)


def test_a_mended_pixel_shows_what_lies_around() -> None:
    image = noise() + np.linspace(0, 200, 640, dtype=np.float32)
    clean = image.copy()
    column(image)
    dead_rows(image)
    image[100, 100] = np.nan
    healed = mended(image, found(image), 30)
    assert np.abs(healed - clean).max() < 20
    np.testing.assert_array_equal(healed[:400, 300:], clean[:400, 300:])


Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]]


def discs(radius: float) -> Image:
    rng, image = np.random.default_rng(1), np.zeros(SHAPE)
    for y, x in np.mgrid[10:480:28, 10:640:28].reshape(2, -1).T + rng.uniform(0, 8, (17 * 23, 2)):
        image[np.hypot(Y - y, X - x) < radius] = 1
    return image


@pytest.mark.parametrize("strength", [5, 30, 150])
@pytest.mark.parametrize(
    "sample",
    [
        discs(9),
        discs(3),
        X > 200 + 0.1 * Y,
        200 + 3 * np.sin(Y / 60) < X,
        np.abs(X - 300 - 0.05 * Y) < 6,
        np.abs(X - 300) < 6,
        np.hypot(Y - 240, X - 320) < 200,
        np.exp(-(((X - 320) / 1.2) ** 2)),
        Y / 480,
    ],
    ids=["particles", "small", "edge", "carbon", "fibre", "upright fibre", "hole", "soft line", "ramp"],
)
def test_no_feature_is_a_defect(sample: Image, strength: float) -> None:
    for background in (noise(), np.full(SHAPE, 100.0)):
        assert found(background + strength * sample).sentence == ""


def test_the_rod_the_horizon_and_spots_are_no_defects() -> None:
    rng = np.random.default_rng(0)
    rod = 5000 * np.exp(-(((X - 320) / 0.6) ** 2) - (480 - Y) / 80) * (Y < 400)
    yoneda = 300 * np.exp(-(((Y - 390) / 1.5) ** 2) - np.abs(X - 320) / 150)
    image = rng.poisson(1 + rod + yoneda)
    image[rng.integers(0, 480, 200), rng.integers(0, 640, 200)] += 400
    assert find_defects(image).sentence == ""


@pytest.mark.parametrize("level", [0.01, 0.3, 5, 1000])
def test_counts_of_any_level_show_a_hot_column_and_else_nothing(level: float) -> None:
    image = np.random.default_rng(0).poisson(level, SHAPE)
    assert find_defects(image).sentence == ""
    image[:, 100] += int(5 + 5 * level**0.5)
    assert find_defects(image).sentence == "1 column"


def test_the_empty_corners_around_a_reconstruction_are_found() -> None:
    inside = np.hypot(Y - 240, X - 320) < 300
    defects = find_defects(np.where(inside, noise(), 0))
    assert defects.flags[inside].mean() < 0.001
    assert defects.flags[:100, :30].all()


def test_pictures_without_noise_and_small_ones_pass() -> None:
    for image in (np.zeros(SHAPE), discs(9) > 0, np.ones((10, 12)), np.full((100, 100), np.nan)):
        assert not found(image).flags.any()
