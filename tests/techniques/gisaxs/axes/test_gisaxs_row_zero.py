"""Rows that count from the bottom: the first row is the lowest q_z."""

import numpy as np

from napari_sciml.techniques.gisaxs.axes.q_image import EvenAxes
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings


def test_a_falling_range_turns_the_rows_and_the_overlay_with_them() -> None:
    ends = GisaxsSettings(qz_range="0.6,0").qz_range
    assert ends == (0.6, 0.0)
    frame = np.zeros((4, 3), np.float32)
    frame[1, 2] = 1.0
    axes = EvenAxes((-0.6, 0.6), ends, frame.shape)
    image = axes.to_q(frame)
    row, column = (int(index) for index in np.argwhere(image.values)[0])
    assert np.isclose(image.qz[row], 0.2)
    assert np.all(np.diff(image.qz) < 0)
    assert np.allclose(axes.to_pixel(image.qy[column], image.qz[row]), (1, 2))
