"""Fixtures of the command line: run it in this process and see what a person would see."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.cli import main
from napari_sciml.networks import registry
from napari_sciml.networks.model import Model


@dataclass(frozen=True)
class Outcome:
    """Exit status and what was printed."""

    status: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call the command line with words and give its outcome."""

    def call(*words: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        sys.stdout.flush()
        printed = capsys.readouterr()
        status = stop.value.code
        return Outcome(status if isinstance(status, int) else 0, printed.out, printed.err)

    return call


@pytest.fixture
def volume_file(tmp_path: Path) -> Path:
    """A small volume with structure, as a .npy file."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "volume.npy", rng.integers(0, 255, (3, 48, 56), dtype=np.uint8))
    return tmp_path / "volume.npy"


@pytest.fixture
def shipped_model(random_dense_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the program find a network of random weights where its own would be."""
    folder = tmp_path / "weights" / "microct-fiber-dense"
    folder.mkdir(parents=True)
    for file in random_dense_model.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "name": "microct-fiber-dense"}))
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", folder.parent)
    return folder
