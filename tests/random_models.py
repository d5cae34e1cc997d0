"""Networks with random weights, saved as models like any other; `conftest.py` offers them to every room."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_sciml.networks.card import ModelCard
from napari_sciml.networks.model import Model


def save_random(folder: Path, architecture: str, name: str, size: tuple[int, int] | None, rule: str) -> Model:
    """Save a network with random weights whose answers spread over most of 0 to 1."""
    import torch

    from napari_sciml.networks.architectures import new_module
    from napari_sciml.networks.saving import save_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = new_module(architecture)
    with torch.no_grad():
        module.head.weight *= 60.0
        module.head.bias.zero_()
    card = ModelCard(
        name=name,
        technique="microct",
        architecture=architecture,
        classes=("not_fiber", "fiber"),
        input=size,
        normalisation=rule,
        licence="BSD-3-Clause",
    )
    return save_model(folder, module, card)


@pytest.fixture(scope="session")
def random_dense_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The dense twin with random weights, in a folder of its own."""
    folder = tmp_path_factory.mktemp("models") / "random-dense"
    return save_random(folder, "table-vii-dense", "random-dense", None, "field-robust")


@pytest.fixture(scope="session")
def random_patch_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Table VII with random weights, in a folder of its own."""
    folder = tmp_path_factory.mktemp("models") / "random-patch"
    return save_random(folder, "table-vii", "random-patch", (16, 16), "per-patch")
