"""Training tiles of the Bragg model, made again."""

from __future__ import annotations

import numpy as np
import torch

from fixtures.training_images import labels, make, modest, same_again
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.diffraction.train.dataset import DatasetSpec
from napari_sciml.techniques.diffraction.train.examples import pick

SMALL = {"size_px": 512}


def test_tiles_are_in_units_of_noise_and_of_both_classes() -> None:
    model = modest("diffraction-bragg", dataset=SMALL)
    made = make(model, 60)
    # Most pixels are noise of about one, whose asinh spreads less.
    assert 0.4 < made.images.std() < 1.2
    assert abs(float(np.median(made.images))) < 0.3
    assert 8 < labels(model, made.images).sum() < 35
    same_again(model, 20)
    assert made.vary is not None
    assert made.vary(torch.from_numpy(made.images)).shape == (60, 64, 64)


def test_only_runs_to_train_on_are_drawn() -> None:
    spec = DatasetSpec(**get_model("diffraction-bragg").card["training"]["dataset"])
    assert spec.validation_runs > 0
    rng = np.random.default_rng([0, 3])
    assert set(rng.permutation(spec.runs)) == set(range(spec.runs))


def test_tiles_with_spots_are_as_many_as_there_are() -> None:
    rng = np.random.default_rng(0)
    bragg = np.arange(20) < 5
    assert bragg[pick(bragg, 3, 10, rng)].sum() == 3
    assert bragg[pick(bragg, 8, 20, rng)].sum() == 5
    assert sorted(pick(bragg, 5, 20, rng)) == list(range(20))
