"""Training images of the fibre models, made again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fixtures.training_images import labels, make, modest, same_again
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.microct.train.dataset import DatasetSpec
from napari_sciml.techniques.microct.train.mining import FIRST_SLAB

SMALL = {"size_px": 160}


def test_patches_are_standardised_and_of_both_classes() -> None:
    model = modest("microct-fiber", dataset=SMALL)
    made = make(model, 60)
    np.testing.assert_allclose(made.images.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(made.images.std(axis=(1, 2)), 1, atol=1e-5)
    assert 12 < labels(model, made.images).sum() < 48
    same_again(model, 20)


def test_fields_hold_fibers_and_are_normalised_with_their_slice() -> None:
    model = modest("microct-fiber-dense", dataset=SMALL)
    made = make(model, 4)
    assert made.images.shape == (4, 128, 128)
    # Not each by itself: then the middle grey level would be the same in all.
    assert len(set(np.median(made.images, axis=(1, 2)))) > 1
    found = labels(model, made.images).reshape(4, -1)
    assert (found.sum(axis=1) > 0).sum() >= 3
    assert found.mean() < 0.5


def test_varying_turns_whole_images() -> None:
    made = make(modest("microct-fiber", dataset=SMALL), 5)
    assert made.vary is not None
    torch.manual_seed(0)
    batch = torch.from_numpy(made.images)
    varied = [made.vary(batch) for _ in range(12)]
    assert any(not torch.equal(batch, other) for other in varied)
    for other in varied:
        np.testing.assert_array_equal(np.sort(other.flatten(1)), np.sort(batch.flatten(1)))


def test_no_split_holds_their_specimens() -> None:
    spec = DatasetSpec(**get_model("microct-fiber").card["training"]["dataset"])
    assert spec.slabs + spec.held_slabs < FIRST_SLAB


def test_a_card_that_does_not_tell_is_one_sentence(random_patch_model: Model) -> None:
    with pytest.raises(SciMLError, match="random-patch cannot be made again: its card does not tell dataset"):
        make(random_patch_model, 5)
    with pytest.raises(SciMLError, match="0 images cannot be made"):
        make(get_model("microct-fiber"), 0)
