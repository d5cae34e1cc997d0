"""The overlay puts every circle exactly where the fibre is, at every magnification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from napari_sciml.core.errors import SciMLError
from napari_sciml.figures.layout import Box, lay_out, scale_bar
from napari_sciml.figures.overlay import contrast, save_overlay


def is_circle(picture: np.ndarray) -> np.ndarray:
    """Mask of the pixels in the circle's own orange."""
    return (abs(picture[..., :3] * 255 - (0xE6, 0x9F, 0x00)) < 40).all(axis=-1)


@pytest.mark.parametrize(
    ("shape", "point", "diameter"),
    [
        ((64, 96), (20.0, 70.0), 13.5),
        ((64, 96), (20.3, 11.8), 6.0),
        ((150, 150), (75.5, 0.0), 30.0),
        ((2560, 2000), (1234.5, 700.25), 60.0),
    ],
)
def test_circle_is_registered_with_the_pixels(
    tmp_path: Path, shape: tuple[int, int], point: tuple[float, float], diameter: float
) -> None:
    plan = lay_out(shape, np.array([point]), diameter, 1, 1200)
    assert plan.zoom is None
    save_overlay(np.zeros(shape), [point], tmp_path / "o.png", diameter_px=diameter, caption="one")
    picture = imread(tmp_path / "o.png")
    assert picture.shape[:2] == (plan.height_px, plan.width_px)
    rows, columns = np.nonzero(is_circle(picture))
    # By hand: the slice starts 52 pixels down and 12 in, and a pixel's centre is half a pixel from its edge.
    factor = min(1200 / max(shape), 8)
    row, column = 52 + (point[0] + 0.5) * factor, 12 + (point[1] + 0.5) * factor
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(row, abs=1.0)
    assert rows.max() - rows.min() + 1 == pytest.approx(diameter * factor, abs=5)
    if point[1] > diameter:
        assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(column, abs=1.0)


def test_bright_pixel_lies_inside_its_circle(tmp_path: Path) -> None:
    image = np.zeros((40, 60))
    image[9, 31] = 1.0
    save_overlay(image, [(9, 31)], tmp_path / "o.png", diameter_px=5)
    picture = imread(tmp_path / "o.png")
    box = lay_out((40, 60), np.array([(9, 31)]), 5, 0, 1200).whole
    row, column = (int(edge) for edge in box.place(9, 31))
    assert picture[row, column, :3].min() > 0.9
    ring = np.nonzero(is_circle(picture))
    assert (ring[0].mean(), ring[1].mean()) == pytest.approx(box.place(9, 31), abs=1.0)


def test_small_circles_are_shown_enlarged_beside(tmp_path: Path) -> None:
    points = np.array([(1500.0, 1500.0), (1510.0, 1506.0), (300.0, 200.0)])
    plan = lay_out((2560, 2560), points, 13.5, 0, 1200)
    assert plan.zoom is not None
    assert plan.zoom.magnification * 13.5 == pytest.approx(32, rel=0.01)
    # The part with two fibres is busier than the part with one.
    assert plan.zoom.y0 <= 1500 < plan.zoom.y1
    save_overlay(np.zeros((2560, 2560)), points, tmp_path / "o.png", diameter_px=13.5)
    picture = imread(tmp_path / "o.png")[:, plan.zoom.left_px :]
    rows, columns = np.nonzero(is_circle(picture))
    first, second = plan.zoom.place(*points[0]), plan.zoom.place(*points[1])
    assert rows.mean() == pytest.approx((first[0] + second[0]) / 2, abs=2)
    assert columns.mean() == pytest.approx((first[1] + second[1]) / 2 - plan.zoom.left_px, abs=2)


def test_scale_bar_is_as_long_as_it_says(tmp_path: Path) -> None:
    save_overlay(np.zeros((100, 100)), [], tmp_path / "o.png", diameter_px=5, pixel_size_um=0.65)
    picture = imread(tmp_path / "o.png")
    inside = picture[52:852, 12:812, 0] > 0.99
    longest = inside.sum(axis=1).max()
    assert longest == pytest.approx(10 / 0.65 * 8, abs=1)


@pytest.mark.parametrize(
    ("width_um", "length", "text"),
    [(65.0, 10, "10 µm"), (26.0, 5, "5 µm"), (9000.0, 1000, "1 mm"), (3.0, 0.5, "500 nm")],
)
def test_scale_bar_is_round(width_um: float, length: float, text: str) -> None:
    got, words = scale_bar(width_um)
    assert (got, words) == (pytest.approx(length), text)


def test_contrast_ignores_what_is_not_finite_and_survives_constants() -> None:
    image = np.linspace(0, 100, 1001).reshape(7, 143)
    image[0, 0], image[0, 1] = np.nan, np.inf
    low, high = contrast(image)
    assert (low, high) == pytest.approx((0.7, 99.5), abs=0.3)
    assert contrast(np.full((4, 4), 3.0)) == (2.5, 3.5)
    assert contrast(np.full((4, 4), np.nan)) == (0.0, 1.0)


@pytest.mark.parametrize("dtype", ["bool", "uint16", "float16", "int32"])
def test_any_kind_of_pixel_and_no_find_at_all(tmp_path: Path, dtype: str) -> None:
    image = (np.arange(30 * 20).reshape(30, 20) % 2).astype(dtype)
    save_overlay(image, np.empty((0, 2)), tmp_path / "o.png", diameter_px=5, title="none", caption="0 fibres")
    assert not is_circle(imread(tmp_path / "o.png")).any()


def test_long_captions_are_wrapped_into_the_picture(tmp_path: Path) -> None:
    image = np.zeros((30, 20))
    save_overlay(image, [], tmp_path / "short.png", diameter_px=5, caption="one line")
    save_overlay(image, [], tmp_path / "long.png", diameter_px=5, caption="very " * 60)
    short, long = (imread(tmp_path / f"{name}.png") for name in ("short", "long"))
    assert long.shape[0] > short.shape[0]
    assert (long[52 + 240 :, -8:, :3] == 1).all()


def test_nothing_is_left_where_writing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SciMLError, match="does not exist"):
        save_overlay(np.zeros((9, 9)), [], tmp_path / "absent" / "o.png", diameter_px=5)


def test_box_places_corners_on_its_edges() -> None:
    box = Box(10, 20, 30, 50, left_px=5, top_px=7, width_px=200, height_px=100)
    assert box.place(9.5, 29.5) == (7, 5)
    assert box.place(19.5, 49.5) == (107, 205)
