"""Fitting learns, resumes where it stopped, and follows its seed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.training.fit import FitSettings, fit, turn

SETTINGS = FitSettings(epochs=4, batch=32, learning_rate=1e-2, seed=1)


def bright_or_dark(count: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose mean tells their class."""
    labels = torch.arange(count) % 2
    return torch.randn(count, 4, 4) * 0.3 + labels[:, None, None] * 2.0 - 1.0, labels.float()


def small_network() -> nn.Module:
    """The smallest network that can tell."""
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 2))


def run_fit(folder: Path, settings: FitSettings = SETTINGS, cancel: CancelToken | None = None) -> nn.Module:
    """Fit a fresh network with everything seeded."""
    torch.manual_seed(0)
    images, targets = bright_or_dark()
    work = fit(small_network(), images, targets, lambda x, _: x[:, None], settings, folder, cancel=cancel)
    return drive(work)


def weights(module: nn.Module) -> torch.Tensor:
    """All weights as one vector."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_fitting_learns_what_can_be_learnt(tmp_path):
    module = run_fit(tmp_path)

    images, targets = bright_or_dark()
    assert ((module(images[:, None]).argmax(dim=1) == targets).float().mean()) > 0.98


def test_the_same_seed_gives_the_same_network(tmp_path):
    first, second = run_fit(tmp_path / "a"), run_fit(tmp_path / "b")
    other = run_fit(tmp_path / "c", FitSettings(epochs=4, batch=32, learning_rate=1e-2, seed=2))

    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


def test_a_stopped_fit_goes_on_where_it_stopped(tmp_path):
    whole = run_fit(tmp_path / "whole")
    token = CancelToken()
    token.cancel()
    run_fit(tmp_path / "parts", cancel=token)
    assert len((tmp_path / "parts" / "training.csv").read_text().splitlines()) == 2

    resumed = run_fit(tmp_path / "parts")

    assert weights(resumed) == pytest.approx(weights(whole), abs=1e-6)
    assert len((tmp_path / "parts" / "training.csv").read_text().splitlines()) == 5


def test_the_eight_turns_are_the_symmetries_of_the_square():
    image = torch.arange(9.0).reshape(1, 3, 3)

    turned = {tuple(turn(image, symmetry).flatten().tolist()) for symmetry in range(8)}

    assert len(turned) == 8
    assert all(t[4] == 4.0 for t in turned)
