from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from napari_sciml.app.base import runtime_text
from napari_sciml.app.base.runtime_text import (
    AUTO,
    FIRST_RUN,
    able_runtime,
    measured_text,
    runtime_choices,
    runtime_use_text,
    sentence_of,
)
from napari_sciml.app.compare.second_run import other_settings
from napari_sciml.backends import runtime_choice
from napari_sciml.backends.runtime_choice import Choice
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.card import VariantRecord
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_calibration, add_variant, read_card, write_card


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A machine with these runtimes that has measured nothing yet."""
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(runtime_choice.metadata, "version", lambda name: "1.0")

    def with_runtimes(*names):
        for module in (runtime_choice, runtime_text):
            monkeypatch.setattr(module, "installed", lambda name: name in names)

    with_runtimes("torch", "onnxruntime", "openvino")
    return with_runtimes


@pytest.fixture
def model(random_patch_model, tmp_path):
    shutil.copytree(random_patch_model.folder, tmp_path / "model")
    add_calibration(tmp_path / "model", np.zeros((2, 16, 16), np.float32), "made up")
    add_variant(tmp_path / "model", "int8", "int8.onnx", b"x", VariantRecord(file="", sha256=""))
    return open_model(tmp_path / "model")


def told(model, **values):
    return runtime_use_text(str(model.folder), values)


def remembered(model, backend, runtime, why, **facts):
    facts = {"facts": runtime_choice.facts_of(model, backend), **facts}
    choice = Choice(model=model.name, backend=backend, runtime=runtime, why=why, **facts)
    runtime_choice.remember(runtime_choice.remembered_at(model, backend), choice)


def test_only_runtimes_that_can_execute_the_backend_are_offered(here):
    assert [name for _, name in runtime_choices("float32")] == ["auto", "torch", "onnxruntime", "openvino"]
    assert runtime_choices("int8") == (
        (AUTO, "auto"),
        ("ONNX Runtime", "onnxruntime"),
        ("OpenVINO", "openvino"),
    )
    assert runtime_choices("codebook") == ()


def test_one_that_is_not_installed_says_so_and_what_runs_instead(here, model):
    here("torch", "onnxruntime")
    assert ("OpenVINO (not installed)", "openvino") in runtime_choices("int8")
    told_of = told(model, backend="int8", runtime="openvino")
    assert told_of == "OpenVINO is not installed: ONNX Runtime will run instead."
    assert told(model, runtime="openvino") == "OpenVINO is not installed: PyTorch will run instead."
    assert told(model, runtime="onnxruntime") == ""


def test_before_the_first_run_it_says_that_it_will_measure(here, model):
    assert told(model) == FIRST_RUN
    assert told(model, backend="int8") == FIRST_RUN
    assert told(model, backend="codebook") == ""


def test_what_was_measured_is_told(here, model):
    remembered(model, "int8", "openvino", "openvino int8; measured here: onnxruntime 2.0x, openvino 3.0x")
    assert told(model, backend="int8") == "OpenVINO int8; measured here: ONNX Runtime 2.0x, OpenVINO 3.0x."
    assert told(model) == FIRST_RUN, "the other backend was not measured"
    # Torch cannot execute integers, so the choice is left to the measurement.
    assert told(model, backend="int8", runtime="torch").startswith("OpenVINO int8")


def test_what_was_measured_with_other_weights_or_versions_is_not_told(here, model, monkeypatch):
    remembered(model, "float32", "openvino", "openvino float32; measured")
    monkeypatch.setattr(runtime_choice.metadata, "version", lambda name: "2.0")
    assert told(model) == FIRST_RUN


def test_a_memory_of_an_older_version_of_this_program_is_told(here, model):
    remembered(model, "float32", "openvino", "openvino float32; measured", facts="")
    assert told(model) == "OpenVINO float32; measured."


def test_where_integers_bring_nothing_float32_is_announced(here, model):
    remembered(model, "int8", "torch", "torch float32; measured here: onnxruntime 0.5x")
    assert told(model, backend="int8").startswith(
        "Integers bring nothing on this machine, float32 will run instead (PyTorch float32; measured"
    )


def test_where_nothing_can_be_measured_it_says_why(here, model, random_patch_model):
    assert told(random_patch_model) == ("PyTorch: not measured, since the model has no calibration images.")
    here("torch")
    assert told(model) == "PyTorch: neither ONNX Runtime nor OpenVINO is installed."


def test_integers_that_are_not_there_are_told_of_as_float32(here, model):
    remembered(model, "float32", "openvino", "openvino float32; measured")
    card = read_card(model.folder)
    write_card(model.folder, card.model_copy(update={"variants": {"float32": card.variants["float32"]}}))
    assert told(model, backend="int8") == "OpenVINO float32; measured."
    here("torch")
    assert told(model, backend="int8") == "PyTorch: neither ONNX Runtime nor OpenVINO is installed."


def test_the_variable_and_its_mistakes_are_told(here, model, monkeypatch):
    monkeypatch.setenv(runtime_choice.VARIABLE, "torch")
    assert told(model) == "SCIML_RUNTIME is torch."
    monkeypatch.setenv(runtime_choice.VARIABLE, "fast")
    assert told(model).startswith("SCIML_RUNTIME is 'fast': set it to one of torch")


def test_a_model_that_is_not_there_says_nothing_here(here):
    assert runtime_use_text("no such model", {}) == ""


def test_another_backend_is_compared_with_a_runtime_that_can_execute_it():
    def runtime(backend, other, chosen):
        return other_settings(RunSettings(backend=backend, runtime=chosen), other, {}).runtime

    assert runtime("float32", "int8", "openvino") == "openvino"
    assert runtime("int8", "float32", "onnxruntime") == "onnxruntime"
    assert runtime("float32", "int8", "torch") == "auto"
    assert runtime("float32", "codebook", "openvino") == "auto"
    assert able_runtime("spiking", "torch") == "auto"


def test_what_measuring_again_found_is_said_in_few_words():
    def choice(backend, runtime):
        return Choice(model="m", backend=backend, runtime=runtime, why="because")

    told = measured_text([choice("float32", "torch"), choice("int8", "openvino")])
    assert told == "Measured again. Fastest here: float32 by PyTorch, int8 by OpenVINO."
    assert measured_text([choice("int8", "torch")]) == "Measured again. Fastest here: int8 brings nothing."


def test_a_reason_becomes_a_sentence_with_the_names_of_the_makers():
    assert sentence_of("torch float32; openvino 0.9x.") == "PyTorch float32; OpenVINO 0.9x"
    assert sentence_of("") == ""


def test_looking_ahead_loads_no_runtime(model):
    code = (
        "import sys\n"
        "from napari_sciml.app.base.runtime_text import runtime_use_text\n"
        f"assert runtime_use_text({str(model.folder)!r}, {{}})\n"
        "print(sorted({'torch', 'onnx', 'onnxruntime', 'openvino'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
