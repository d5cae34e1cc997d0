"""``train`` and ``evaluate`` hand their options to the technique and show its progress."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import Metric

TECHNIQUE = "napari_sciml.techniques.microct"
PLACES = {"train": "train.networks", "evaluate": "evaluate.card_figures"}


def pretend(monkeypatch: pytest.MonkeyPatch, name: str, work: Any) -> None:
    """Put a module with one function where the command looks for the real, slow one."""
    module = ModuleType(f"{TECHNIQUE}.{PLACES[name]}")
    setattr(module, name, work)
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_train_hands_over_seed_and_folder(cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Path, int, bool]] = []

    def train(out: Path, seed: int, quick: bool) -> Generator[Progress, None, Path]:
        calls.append((out, seed, quick))
        yield Progress(1, 1, "specimens")
        yield Progress(3, 3, "epochs")
        (out / "microct-fiber").mkdir()
        (out / "microct-fiber" / "card.json").write_text("{}")
        return out

    pretend(monkeypatch, "train", train)
    outcome = cli("train", "microct", "--seed", "7", "--quick", "--out", tmp_path / "t")
    assert outcome.status == 0, outcome.err
    assert calls == [(tmp_path / "t", 7, True)]
    assert "3 of 3 epochs" in outcome.err
    assert f"  {tmp_path / 't' / 'microct-fiber'}\n" in outcome.out


def test_a_map_of_ones_own_arrives_and_its_model_is_told_how_to_use(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def train(out: Path, seed: int, quick: bool, **options: Any) -> Generator[Progress, None, Path]:
        given.update(options)
        yield Progress(1, 1, "epochs")
        (out / "card.json").write_text("{}")
        return out

    monkeypatch.setattr("napari_sciml.techniques.cryoem.train.networks.train", train)
    words = ["--map", "ribosome.mrc", "--map-pixel-size-A", "2.5", "--out", tmp_path / "mine"]
    outcome = cli("train", "cryoem", *words)
    assert outcome.status == 0, outcome.err
    assert given == {"map": Path("ribosome.mrc"), "map_pixel_size_A": 2.5}
    assert f"Trained 1 model:\n  {tmp_path / 'mine'}\n" in outcome.out
    assert f"--views network --orientation-model {tmp_path / 'mine'} --out DIR" in outcome.out


def test_stopped_training_says_how_to_go_on(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(out: Path, seed: int, quick: bool) -> Generator[Progress, None, Path]:
        yield Progress(1, 3, "epochs")
        raise KeyboardInterrupt

    pretend(monkeypatch, "train", train)
    outcome = cli("train", "microct", "--out", tmp_path)
    assert outcome.status == 130
    assert outcome.err.endswith("Stopped.\nThe same command goes on from here.\n")


def test_evaluate_hands_over_its_folders_and_prints_the_figures(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path | None] = []

    def evaluate(
        out: Path, data: Path | None, models: Path | None
    ) -> Generator[Progress, None, pd.DataFrame]:
        seen.extend((out, data, models))
        yield Progress(1, 1, "specimens")
        metric = Metric(name="accuracy", value=0.99812, low=0.997, high=0.999, n=90, split="random")
        return pd.DataFrame([{"model": "microct-fiber", **metric.model_dump()}])

    pretend(monkeypatch, "evaluate", evaluate)
    outcome = cli("evaluate", "microct", "--out", tmp_path, "--data", "patches.npz", "--models", "trained")
    assert outcome.status == 0, outcome.err
    assert seen == [tmp_path, Path("patches.npz"), Path("trained")]
    header, row, file = outcome.out.splitlines()
    assert header.split() == ["model", "name", "split", "value", "low", "high", "n", "baseline"]
    assert row.split() == ["microct-fiber", "accuracy", "random", "0.9981", "0.9970", "0.9990", "90"]
    assert file.strip() == str(tmp_path / "evaluation.csv")


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_faults_of_long_work_are_one_sentence(
    command: str, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Generator[Progress, None, None]:
        yield Progress(1, 2, "epochs")
        raise SciMLError("The disk is full", "free some space")

    pretend(monkeypatch, command, fail)
    outcome = cli(command, "microct", "--out", tmp_path)
    assert outcome.status == 2
    assert outcome.err.endswith("The disk is full: free some space.\n")
    assert f"There is no technique called {'alchemy'!r}" in cli(command, "alchemy").err
