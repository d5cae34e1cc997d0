"""What opening a network will cost is told before anything is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from napari_sciml.backends import runtime_choice
from napari_sciml.backends import start_up_cost as cost_module
from napari_sciml.backends.start_up_cost import (
    LIBRARIES_S,
    MEASURING_S,
    WEIGHTS_S,
    expected_runtime,
    start_up_cost,
)
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Model:
    """A model of which nothing was measured, on a machine with all runtimes."""
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    for module in (runtime_choice, cost_module):
        monkeypatch.setattr(module, "installed", lambda name: True)
    monkeypatch.setitem(sys.modules, "torch", sys)
    return get_model("microct-fiber-dense")


def settings(**values: Any) -> RunSettings:
    return RunSettings.model_validate(values)


def test_runtimes_that_were_never_measured_are_measured_first(model: Model) -> None:
    assert start_up_cost(model, settings()) == WEIGHTS_S + MEASURING_S
    assert expected_runtime(model, settings()) == "openvino"


def test_what_was_measured_is_known(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = runtime_choice.Choice(
        model=model.name,
        backend="float32",
        runtime="onnxruntime",
        why="",
        facts=runtime_choice.facts_of(model, "float32"),
    )
    runtime_choice.remember(runtime_choice.cache_folder() / "choice.json", choice)
    assert start_up_cost(model, settings()) == WEIGHTS_S
    assert expected_runtime(model, settings()) == "onnxruntime"
    assert start_up_cost(model, settings(backend="int8")) == WEIGHTS_S + MEASURING_S


def test_a_choice_by_hand_needs_no_measuring(model: Model) -> None:
    assert start_up_cost(model, settings(runtime="torch")) == WEIGHTS_S
    assert expected_runtime(model, settings(runtime="torch")) == "torch"
    assert start_up_cost(model, settings(backend="codebook")) == WEIGHTS_S
    assert expected_runtime(model, settings(backend="codebook")) == "torch"


def test_libraries_are_loaded_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    assert start_up_cost(model, settings(runtime="torch")) == WEIGHTS_S + LIBRARIES_S
