"""What was measured at a bad moment can be measured again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from napari_sciml.backends import runtime_choice
from napari_sciml.backends.remeasure import measurable, measure_again
from napari_sciml.backends.runtime_choice import Choice
from napari_sciml.core.progress import CancelToken, Progress, drive
from napari_sciml.networks.card import VariantRecord
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_variant


@pytest.fixture
def model(random_patch_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model with integers, on a machine where each measurement takes another runtime."""
    shutil.copytree(random_patch_model.folder, tmp_path / "m")
    add_variant(tmp_path / "m", "int8", "int8.onnx", b"x", VariantRecord(file="", sha256=""))
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    results = iter(["onnxruntime", "openvino"] * 3)

    def measure(model: Model, backend: str) -> Choice:
        return Choice(model=model.name, backend=backend, runtime=next(results), why="measured")

    monkeypatch.setattr(runtime_choice, "measure", measure)
    return open_model(tmp_path / "m")


def old(model: Model, backend: str) -> Choice:
    return Choice(model=model.name, backend=backend, runtime="torch", why="busy")


def test_what_was_remembered_is_replaced(model: Model) -> None:
    for backend in ("float32", "int8"):
        runtime_choice.remember(runtime_choice.remembered_at(model, backend), old(model, backend))
    # Of a version or a number of threads that is gone.
    runtime_choice.remember(runtime_choice.cache_folder() / "elsewhere.json", old(model, "int8"))
    other = Choice(model="other", backend="int8", runtime="torch", why="busy")
    runtime_choice.remember(runtime_choice.cache_folder() / "other.json", other)
    steps: list[Progress] = []
    choices = drive(measure_again([model]), steps.append)
    assert [(step.done, step.total, step.what) for step in steps] == [
        (0, 2, "random-patch, float32"),
        (1, 2, "random-patch, int8"),
    ]
    assert [(choice.backend, choice.runtime) for choice in choices] == [
        ("float32", "onnxruntime"),
        ("int8", "openvino"),
    ]
    assert runtime_choice.choose(model, "float32") == choices[0]
    assert runtime_choice.choose(model, "int8") == choices[1]
    assert sorted(c.runtime for c in runtime_choice.all_remembered()) == ["onnxruntime", "openvino", "torch"]


def test_a_stop_loses_nothing(model: Model) -> None:
    for backend in ("float32", "int8"):
        runtime_choice.remember(runtime_choice.remembered_at(model, backend), old(model, backend))
    cancel = CancelToken()

    def stop_at_second(step: Progress) -> None:
        if step.done == 1:
            cancel.cancel()

    choices = drive(measure_again([model], cancel), stop_at_second)
    assert [choice.backend for choice in choices] == ["float32"]
    assert runtime_choice.choose(model, "float32").runtime == "onnxruntime"
    assert runtime_choice.choose(model, "int8") == old(model, "int8")


def test_only_weights_that_are_there_are_measured(model: Model, random_patch_model: Model) -> None:
    assert measurable([model, random_patch_model]) == [
        (model, "float32"),
        (model, "int8"),
        (random_patch_model, "float32"),
    ]
