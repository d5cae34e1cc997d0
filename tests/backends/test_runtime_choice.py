"""The fastest runtime that agrees is found once, remembered, and a sick memory does no harm."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.by_hand import ByHand
from napari_sciml.backends import runtime_choice
from napari_sciml.backends.runtime_choice import Choice, choose, expected, within_tolerance
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_calibration

IMAGES = np.random.default_rng(0).normal(size=(12, 16, 16)).astype(np.float32)


@pytest.fixture
def model(random_patch_model: Model, tmp_path: Path) -> Model:
    import shutil

    shutil.copytree(random_patch_model.folder, tmp_path / "m")
    add_calibration(tmp_path / "m", IMAGES, "noise")
    return open_model(tmp_path / "m")


class Runtimes:
    """Stand-ins for the runtimes: each takes its time and is off by a little."""

    def __init__(self, **of: tuple[float, float]) -> None:
        self.of, self.opened = of, []

    def open(self, model: Model, backend: str = "float32", runtime: str = "torch") -> Any:
        self.opened.append(runtime)
        if runtime not in self.of:
            raise SciMLError(f"The runtime {runtime} does not work on this machine")
        seconds, off = self.of[runtime]

        class Paced(ByHand):
            def classify(self, images: np.ndarray) -> np.ndarray:
                time.sleep(seconds)
                fiber = (images[:, 8, 8] > 0) * 0.8 + 0.1 + off
                return np.stack([1 - fiber, fiber], axis=1).astype(np.float32)

        return Paced(model)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A machine with these runtimes and an empty cache."""
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(runtime_choice, "installed", lambda name: True)
    monkeypatch.setattr(runtime_choice.metadata, "version", lambda name: "1.0")

    def with_runtimes(**of: tuple[float, float]) -> Runtimes:
        found = Runtimes(**of)
        monkeypatch.setattr(runtime_choice, "open_predictor", found.open)
        return found

    return with_runtimes


def test_the_fastest_is_taken_and_remembered(model: Model, machine: Any, tmp_path: Path) -> None:
    found = machine(torch=(0.04, 0.0), onnxruntime=(0.015, 0.0), openvino=(0.004, 0.0))
    choice = choose(model, "float32")
    assert choice.runtime == "openvino"
    assert "onnxruntime 2." in choice.why
    count = len(found.opened)
    assert choose(model, "float32") == choice
    assert len(found.opened) == count, "it was measured again"
    assert runtime_choice.all_remembered() == [choice]


def test_one_that_gives_other_answers_is_not_taken(model: Model, machine: Any) -> None:
    machine(torch=(0.04, 0.0), onnxruntime=(0.015, 0.0), openvino=(0.004, 0.05))
    choice = choose(model, "float32")
    assert choice.runtime == "onnxruntime"
    assert "but other answers" in choice.why


def test_torch_stays_where_nothing_is_faster(model: Model, machine: Any) -> None:
    machine(torch=(0.02, 0.0), onnxruntime=(0.02, 0.0), openvino=(0.03, 0.0))
    choice = choose(model, "float32")
    assert choice.runtime == "torch"
    assert choice.why.startswith("torch float32; measured here")


def test_one_that_does_not_work_is_told(model: Model, machine: Any) -> None:
    machine(torch=(0.02, 0.0), openvino=(0.002, 0.0))
    choice = choose(model, "float32")
    assert choice.runtime == "openvino"
    assert "onnxruntime does not work" in choice.why


def test_without_calibration_images_nothing_is_measured(random_patch_model: Model, machine: Any) -> None:
    found = machine(torch=(0.0, 0.0))
    choice = choose(random_patch_model, "float32")
    assert choice.runtime == "torch"
    assert "no calibration images" in choice.why
    assert not found.opened


@pytest.mark.parametrize("content", [b"", b"{", b'{"runtime": 3}', b"\xff\x00"])
def test_a_damaged_memory_is_measured_again(model: Model, machine: Any, content: bytes) -> None:
    machine(torch=(0.02, 0.0), onnxruntime=(0.002, 0.0), openvino=(0.02, 0.0))
    path = runtime_choice.remembered_at(model, "float32")
    path.parent.mkdir()
    path.write_bytes(content)
    assert runtime_choice.all_remembered() == []
    assert choose(model, "float32").runtime == "onnxruntime"
    assert runtime_choice.recall(path) is not None


def test_a_memory_that_cannot_be_written_is_no_error(
    model: Model, machine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(torch=(0.02, 0.0), onnxruntime=(0.002, 0.0), openvino=(0.02, 0.0))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "file" / "cache")
    assert choose(model, "float32").runtime == "onnxruntime"
    assert runtime_choice.all_remembered() == []


def test_another_version_is_measured_anew(
    model: Model, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine()
    before = runtime_choice.remembered_at(model, "float32")
    assert runtime_choice.remembered_at(model, "float32") == before
    monkeypatch.setattr(runtime_choice.metadata, "version", lambda name: "2.0")
    assert runtime_choice.remembered_at(model, "float32") != before


def test_what_will_be_chosen_is_known_beforehand_once_it_was_measured(model: Model, machine: Any) -> None:
    found = machine(torch=(0.02, 0.0), onnxruntime=(0.002, 0.0), openvino=(0.02, 0.0))
    assert expected(model, "float32") is None
    choice = choose(model, "float32")
    count = len(found.opened)
    assert expected(model, "float32") == choice
    assert len(found.opened) == count


def test_a_library_under_another_name_is_no_error(
    model: Model, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(torch=(0.02, 0.0), onnxruntime=(0.002, 0.0), openvino=(0.02, 0.0))

    def version(name: str) -> str:
        raise runtime_choice.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(runtime_choice.metadata, "version", version)
    assert choose(model, "float32").runtime == "onnxruntime"


def test_the_variable_sets_it(model: Model, machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = machine(torch=(0.0, 0.0))
    monkeypatch.setenv(runtime_choice.VARIABLE, "openvino")
    assert choose(model, "float32") == Choice(
        model="random-patch", backend="float32", runtime="openvino", why="SCIML_RUNTIME is openvino"
    )
    # Torch cannot run integers: the first that can.
    monkeypatch.setenv(runtime_choice.VARIABLE, "torch")
    assert choose(model, "int8").runtime == "onnxruntime"
    assert not found.opened
    monkeypatch.setenv(runtime_choice.VARIABLE, "fast")
    with pytest.raises(SciMLError, match="SCIML_RUNTIME is 'fast': set it to one of torch, onnxruntime"):
        choose(model, "float32")


def test_what_counts_as_the_same() -> None:
    exact = np.array([[0.9, 0.1], [0.52, 0.48], [0.2, 0.8]], np.float32)
    assert within_tolerance(exact, exact, 1e-3)
    # Where float32 itself hesitates, the label may change.
    assert within_tolerance(exact, np.array([[0.88, 0.12], [0.49, 0.51], [0.2, 0.8]], np.float32), 0.03)
    assert not within_tolerance(exact, np.array([[0.9, 0.1], [0.52, 0.48], [0.51, 0.49]], np.float32), 0.9)
    assert not within_tolerance(exact, exact + 0.05, 0.03)
