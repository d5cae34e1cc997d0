"""How the Bragg model begins, and what its training tiles look like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_sciml.networks.paper.table_iv import TableIV, pool3
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE
from napari_sciml.techniques.diffraction.train.augment import rolled
from napari_sciml.techniques.diffraction.train.dataset import DatasetSpec, make_run, read_tiles
from napari_sciml.techniques.diffraction.train.filter_bank_init import set_first_weights

pytestmark = pytest.mark.slow


def pooled(tiles: np.ndarray) -> torch.Tensor:
    """Return what passes the first convolution of a network that was not trained yet."""
    module = TableIV()
    set_first_weights(module, 3)
    with torch.no_grad():
        answers = module.conv1(torch.from_numpy(tiles.astype(np.float32))[:, None])
        return torch.nn.functional.max_pool2d(answers, 3).relu()


def test_first_weights_are_silent_on_noise_and_answer_to_a_spot_anywhere() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(9, 64, 64))
    quiet = pooled(noise)
    assert (quiet > 0).float().mean() < 0.03
    spotted = noise.copy()
    for number, tile in enumerate(spotted):
        y, x = 20 + number // 3, 30 + number % 3
        tile[y - 1 : y + 2, x - 1 : x + 2] += np.array([[1, 3, 1], [3, 7, 3], [1, 3, 1]])
    loud = pooled(spotted)
    assert (loud.amax(dim=(1, 2, 3)) > quiet.amax(dim=(1, 2, 3)) + 2).all()
    again = TableIV()
    set_first_weights(again, 3)
    other = TableIV()
    set_first_weights(other, 3)
    assert all(
        torch.equal(a, b) for a, b in zip(again.conv1.parameters(), other.conv1.parameters(), strict=True)
    )


def test_rolling_moves_a_spot_but_never_out_of_sight() -> None:
    tiles = torch.zeros(1, 64, 64)
    tiles[0, 10, 20] = 5.0
    places = {divmod(int(rolled(tiles, number).argmax()), 64) for number in range(400)}
    assert len(places) > 300
    assert all(2 <= y <= 60 and 2 <= x <= 60 for y, x in places)


def test_the_tiles_of_a_run_come_from_its_seed_alone(tmp_path: Path) -> None:
    spec = DatasetSpec(seed=1, runs=1, validation_runs=0, frames=5, size_px=512)
    for name in ("a.npz", "b.npz"):
        make_run((spec, 0, tmp_path / name))
    first, second = (read_tiles(tmp_path / name) for name in ("a.npz", "b.npz"))
    np.testing.assert_array_equal(first.images, second.images)
    assert set(np.unique(first.labels)) <= {BRAGG, NONE}
    assert np.isfinite(first.images).all()
    assert set(np.unique(first.frame)) <= set(range(5))


def test_the_pool_of_a_run_is_that_of_the_training() -> None:
    maps = torch.randn(3, 5, 18, 18)
    assert torch.equal(pool3(maps), torch.nn.functional.max_pool2d(maps, 3))
