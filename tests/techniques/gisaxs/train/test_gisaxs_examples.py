"""Training images of the lattice models, made again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fixtures.training_images import labels, make, modest, same_again
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.gisaxs.train import examples
from napari_sciml.techniques.gisaxs.train.dataset import DatasetSpec, images_of


@pytest.mark.parametrize("name", ["gisaxs-lattice", "gisaxs-lattice-hipgisaxs"])
def test_all_classes_are_there_as_the_network_sees_them(name: str) -> None:
    model = get_model(name)
    made = make(model, 42)
    assert set(labels(model, made.images)) == set(range(7))
    assert np.abs(made.images).max() <= 6
    np.testing.assert_allclose(made.images.std(axis=(1, 2)), 1, atol=0.35)
    assert made.vary is not None
    assert made.vary(torch.from_numpy(made.images[:3])).shape == (3, 100, 100)


def test_they_are_images_of_training_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[DatasetSpec, int, int]] = []

    def watched(spec: DatasetSpec, label: int, number: int) -> list[np.ndarray]:
        asked.append((spec, label, number))
        return images_of(spec, label, number)

    monkeypatch.setattr(examples, "images_of", watched)
    make(modest("gisaxs-lattice", samples_per_class=6), 50)
    assert {spec.side for spec, _, _ in asked} == {"train", "negatives"}
    assert all(number % 7 == label for _, label, number in asked)
    assert all(number < 7 * spec.samples for spec, _, number in asked)
    lattices = [number for spec, _, number in asked if spec.side == "train"]
    assert len(set(lattices)) >= 40


def test_the_seed_decides_and_many_images_share_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    same_again(get_model("gisaxs-lattice-hipgisaxs"), 7)
    monkeypatch.setattr(examples, "APART", 5)
    assert len(make(modest("gisaxs-lattice", views=3), 7).images) == 7


def test_an_unknown_protocol_is_one_sentence() -> None:
    with pytest.raises(SciMLError, match="knows no protocol 'other'"):
        make(modest("gisaxs-lattice", protocol="other"), 3)
