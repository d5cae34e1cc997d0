"""Training the picker: a tiny run from a seed to a model, and learning a person's picks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_sciml.core.progress import drive
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.evaluate.picker import rank_real
from napari_sciml.techniques.cryoem.evaluate.ranked_picks import network_picks
from napari_sciml.techniques.cryoem.train.picker import finetune, networks
from napari_sciml.techniques.cryoem.train.picker.dataset import pixel_loss
from napari_sciml.techniques.cryoem.train.picker.finetune import Labelled, particle_loss

pytestmark = pytest.mark.slow


def test_a_tiny_run_makes_a_model_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "FIELDS", 800)
    drive(networks.train_picker(tmp_path, seed=3, quick=True))
    model = get_model(tmp_path / networks.NAME)
    assert model.classes == networks.CLASSES
    assert model.dense
    assert model.card["training"]["calibration"]["slope"] > 0
    assert model.calibration_images().shape == (3, 256, 256)
    assert model.attachment("training.csv").read_text().startswith("epoch,loss,validation_ap")
    logits = model.build()(torch.zeros(1, 1, 64, 70))
    assert logits.shape == (1, 3, 32, 35)


def test_the_loss_is_least_for_the_truth() -> None:
    targets = torch.zeros(1, 2, 8, 8, dtype=torch.uint8)
    targets[0, 0, 3, 3] = 255
    targets[0, 1, 6] = 1
    right = torch.full((1, 3, 8, 8), -6.0)
    right[:, 0] = 6
    right[0, :, 3, 3] = torch.tensor([-6.0, 6.0, -6.0])
    right[0, :, 6] = torch.tensor([-6.0, -6.0, 6.0])[:, None]
    blank = torch.zeros(1, 3, 8, 8)
    assert pixel_loss(right, targets) < 0.01 < pixel_loss(blank, targets)
    assert particle_loss(right, targets) < 0.01 < particle_loss(blank, targets)
    # Calling junk background is no mistake where nobody labels junk.
    background = right.clone()
    background[0, :, 6] = torch.tensor([6.0, -6.0, -6.0])[:, None]
    assert particle_loss(background, targets) < 0.01
    assert pixel_loss(background, targets) > 0.5


def test_learning_a_persons_picks_finds_what_was_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pairs of faint rings: nothing that the shipped model or a blob finder would pick.
    monkeypatch.setattr(finetune, "CROPS", 12)
    monkeypatch.setattr(finetune, "EPOCHS", 6)
    learnt, unseen = rings(1), rings(2)
    module = get_model("cryoem-picker").build()
    untouched = {name: value.clone() for name, value in module.state_dict().items()}
    tuned = drive(finetune.finetune(module, [learnt], tmp_path, seed=0))
    before = rank_real(lambda image: network_picks(module, image, use_junk=False), unseen)
    after = rank_real(lambda image: network_picks(tuned, image, use_junk=False), unseen)
    assert after.average_precision > before.average_precision + 0.1
    for name, value in module.state_dict().items():
        assert torch.equal(value, untouched[name]), name


def rings(seed: int) -> Labelled:
    """Return a field of thin dark rings in noise, which are to be picked."""
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(300, 300)).astype(np.float32)
    rows, columns = np.ogrid[:300, :300]
    grid = np.stack(np.meshgrid(np.arange(25, 290, 36), np.arange(25, 290, 36)), -1).reshape(-1, 2)
    places = grid + rng.uniform(-6, 6, grid.shape)
    for y, x in places:
        radius = np.hypot(rows - y, columns - x)
        image -= (2.5 * np.exp(-((radius - 9) ** 2) / 3)).astype(np.float32)
    return Labelled(image, places, (6.0, 6.0))


def test_the_network_of_the_picker_says_where_its_elements_lie() -> None:
    torch.manual_seed(0)
    module = new_module("picker-net").eval()
    field = torch.randn(1, 1, 264, 272)
    with torch.inference_mode():
        plain = module(field)
        moved = module(torch.roll(field, (8, 16), (2, 3)))
        sparse = module(field, stride=8)
    assert plain.shape[2:] == (132, 136)
    # Moved by multiples of the coarsest step the answer moves along, away from the rim.
    inner = (slice(None), slice(None), slice(34, 102), slice(38, 102))
    shifted = torch.roll(plain, (4, 8), (2, 3))
    assert torch.allclose(moved[inner], shifted[inner], atol=1e-4)
    assert torch.equal(sparse, plain[..., ::4, ::4])
