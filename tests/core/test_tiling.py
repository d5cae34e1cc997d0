from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_sciml.core.tiling import map_length, plan_tiles

CASES = list(itertools.product([(16, 16), (17, 40), (203, 151)], [1, 2, 4], [16, 33, 64, 1000]))


@pytest.mark.parametrize(("shape", "stride", "edge"), CASES)
def test_cores_cover_the_map_once_and_see_exactly_their_windows(shape, stride, edge):
    image = np.arange(shape[0] * shape[1]).reshape(shape)
    # The map of "first pixel of each window", made window by window.
    expected = image[: shape[0] - 15 : stride, : shape[1] - 15 : stride]
    painted = np.full(expected.shape, -1)
    for tile in plan_tiles(shape, window=16, stride=stride, edge=edge):
        assert (painted[tile.core] == -1).all()
        part = image[tile.padded]
        assert max(part.shape) <= max(edge, 16)
        painted[tile.core] = part[: part.shape[0] - 15 : stride, : part.shape[1] - 15 : stride]
    np.testing.assert_array_equal(painted, expected)


def test_tiles_are_of_nearly_equal_size():
    heights = {t.core[0].stop - t.core[0].start for t in plan_tiles((300, 16), 16, 1, 115)}
    # 285 windows, at most 100 in a tile: three tiles of 95, not two of 100 and a rest.
    assert heights == {95}


def test_image_smaller_than_the_window_has_no_tiles():
    assert plan_tiles((15, 400), window=16, stride=2, edge=64) == []
    assert map_length(15, 16, 2) == 0
    assert map_length(16, 16, 2) == 1
