"""The square that networks see: the same for every detector that looked at the same pattern."""

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import EvenAxes, QImage
from napari_sciml.techniques.gisaxs.network_square import (
    LARGEST,
    MISSING,
    SIZE_PX,
    count_like,
    network_square,
)


def pattern(qy: np.ndarray, qz: np.ndarray) -> np.ndarray:
    """A smooth pattern that is even in q_y, with a spot at (0.5, 0.7)."""
    side, up = np.abs(qy)[None, :], qz[:, None]
    spot = np.exp(-((side - 0.5) ** 2 + (up - 0.7) ** 2) / (2 * 0.06**2))
    return (100 + 1000 * spot + 50 * up).astype(np.float32)


def look(left: float, right: float, columns: int, rows: int) -> QImage:
    qy, qz = np.linspace(left, right, columns), np.linspace(1, 0, rows)
    return QImage(pattern(qy, qz), qy, qz)


@pytest.mark.parametrize(
    ("left", "right", "columns", "rows"),
    [(0, 1, 100, 100), (-1, 1, 100, 100), (-1, 1, 401, 263), (-0.4, 1, 140, 100), (-1, 1, 64, 64)],
)
def test_every_detector_gives_the_same_square(left: float, right: float, columns: int, rows: int) -> None:
    ticks = np.linspace(0, 1, SIZE_PX)
    expected = pattern(ticks, ticks[::-1])
    square = network_square(look(left, right, columns, rows))
    assert square.shape == (SIZE_PX, SIZE_PX)
    # Averaging over a pixel blunts a spot of this width by a few per cent of its height.
    assert np.abs(square - expected).max() < 70
    assert np.abs(square - expected).mean() < 3
    row, column = np.unravel_index(square.argmax(), square.shape)
    assert (row, column) == pytest.approx((0.3 * 99, 0.5 * 99), abs=1.5)


def test_the_unit_of_q_does_not_matter() -> None:
    image = look(-1, 1, 120, 90)
    angstrom = QImage(image.values, image.qy / 10, image.qz / 10)
    assert np.allclose(network_square(image), network_square(angstrom), rtol=1e-5)


def test_what_one_side_missed_is_taken_from_the_other() -> None:
    image = look(-1, 1, 200, 100)
    half = image.values.copy()
    half[:, :100] = np.nan
    both = network_square(QImage(half, image.qy, image.qz))
    assert (both != MISSING).all()
    assert np.abs(both - network_square(image)).max() < 20


def test_what_was_not_measured_is_marked_and_spoils_nothing_beside_it() -> None:
    image = look(0, 1, 100, 100)
    holed = image.values.copy()
    holed[20:30, 40:60] = np.nan
    square, whole = network_square(QImage(holed, image.qy, image.qz)), network_square(image)
    assert (square[21:29, 41:59] == MISSING).all()
    kept = square != MISSING
    assert kept.sum() >= SIZE_PX**2 - 10 * 20
    assert np.abs(square - whole)[kept].max() < 60


def test_a_wide_window_is_cut_and_a_low_one_is_filled_up() -> None:
    qy, qz = np.linspace(-3, 3, 300), np.linspace(1, 0, 100)
    square = network_square(QImage(np.ones((100, 300), np.float32), qy, qz))
    # The square reaches to 1.5, so that its upper third was not measured.
    assert (square[:32] == MISSING).all()
    assert (square[35:] == 1).all()


def test_nothing_above_the_sample_plane_is_refused() -> None:
    with pytest.raises(SciMLError, match="nothing above q_z = 0"):
        network_square(QImage(np.ones((9, 9), np.float32), np.linspace(-1, 1, 9), np.linspace(-0.1, -1, 9)))


def test_counts_stay_and_intensities_are_scaled() -> None:
    counts = np.array([[0, 3], [70, 1000]], np.float32)
    assert np.array_equal(count_like(counts), counts)
    assert count_like(counts / 1000).max() == pytest.approx(LARGEST)
    holed = np.array([[np.nan, 3], [70, 1000]], np.float32)
    assert np.isnan(count_like(holed)[0, 0])
    grey = np.linspace(7, 250, 9, dtype=np.float32).reshape(3, 3)
    logs = np.log1p(count_like(grey, log=True).astype(float))
    assert np.allclose(np.diff(logs.ravel()), np.log1p(LARGEST) / 8, rtol=1e-3)
    assert count_like(np.zeros((2, 2), np.float32)).max() == 0


def test_places_and_pixels_are_each_others_inverse() -> None:
    axes = EvenAxes((-1, 1), (0, 0.8), (81, 101))
    row, column = axes.to_pixel(np.array([-1.0, 0.0, 1.0, 1.2]), np.array([0.8, 0.4, 0.0, 0.4]))
    assert np.allclose(row[:3], [0, 40, 80])
    assert np.allclose(column[:3], [0, 50, 100])
    assert np.isnan(row[3])
    assert np.isnan(column[3])
