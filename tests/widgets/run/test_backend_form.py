from __future__ import annotations

import threading

import pytest

from napari_sciml.app.base import runtime_text
from napari_sciml.backends import runtime_choice
from napari_sciml.core.settings import RunSettings


def choose(box, value) -> None:
    index = box.findData(value)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_the_switch_offers_what_exists_and_runs_what_is_chosen(window):
    window.open_image()
    box = window.find("sciml_compute")
    assert [box.itemData(i) for i in range(box.count())] == ["float32", "codebook", "int8"]
    assert window.find("sciml_codebook_settings").isHidden()
    choose(box, "int8")
    window.run()
    assert window.technique.seen[-1].backend == "int8"


def test_few_levels_bring_their_own_settings(window):
    window.open_image()
    choose(window.find("sciml_compute"), "codebook")
    assert not window.find("sciml_codebook_settings").isHidden()
    assert window.find("sciml_levels").value() == 8
    assert window.find("sciml_data_levels").text() == "as usual"
    window.find("sciml_levels").setValue(4)
    window.find("sciml_data_levels").setValue(2)
    choose(window.find("sciml_method"), "constrain")
    choose(window.find("sciml_scope"), "channel")
    choose(window.find("sciml_targets"), "biases")
    window.run()
    seen = window.technique.seen[-1]
    assert (seen.backend, seen.levels, seen.data_levels) == ("codebook", 4, 2)
    assert (seen.method, seen.scope, seen.targets) == ("constrain", "channel", "biases")


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setattr(runtime_text, "installed", lambda name: name != "openvino")


def test_the_runtime_is_chosen_beside_the_backend(window, without_openvino):
    window.open_image()
    box, row = window.find("sciml_runtime"), window.find("sciml_runtime_row")
    texts = [box.itemText(i) for i in range(box.count())]
    assert texts == [runtime_text.AUTO, "PyTorch", "ONNX Runtime", "OpenVINO (not installed)"]
    assert box.currentData() == "auto"
    choose(box, "torch")
    assert window.find("sciml_measure").isHidden()
    window.run()
    assert window.technique.seen[-1].runtime == "torch"
    # Torch cannot execute integers: the choice waits, and the measurement decides.
    choose(window.find("sciml_compute"), "int8")
    assert [box.itemData(i) for i in range(box.count())] == ["auto", "onnxruntime", "openvino"]
    assert box.currentData() == "auto"
    window.run()
    assert window.technique.seen[-1].runtime == "auto"
    choose(box, "openvino")
    assert "OpenVINO is not installed: ONNX Runtime will run instead." in window.text("sciml_use_text")
    choose(window.find("sciml_compute"), "codebook")
    assert row.isHidden()
    choose(window.find("sciml_compute"), "float32")
    assert not row.isHidden()
    assert box.currentData() == "openvino"


def test_what_is_the_fastest_can_be_measured_again(window, monkeypatch, random_patch_model, tmp_path):
    monkeypatch.setattr(window.technique.__class__, "models", (str(random_patch_model.folder),))
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path)
    go_on = threading.Event()

    def measure(model, backend):
        assert go_on.wait(20)
        return runtime_choice.Choice(
            model=model.name, backend=backend, runtime="torch", why="torch float32; slow"
        )

    monkeypatch.setattr(runtime_choice, "measure", measure)
    window.open_image()
    window.press("sciml_measure")
    assert not window.find("sciml_run").isEnabled()
    assert not window.find("sciml_runtime").isEnabled()
    go_on.set()
    window.wait_for(lambda: "float32 by PyTorch" in window.text("sciml_note"))
    assert window.find("sciml_runtime").isEnabled()
    window.run()


@pytest.mark.parametrize(
    ("control", "field"),
    [
        ("sciml_compute", "backend"),
        ("sciml_runtime", "runtime"),
        ("sciml_levels", "levels"),
        ("sciml_method", "method"),
    ],
)
def test_tooltips_come_from_the_settings(window, control, field):
    assert window.find(control).toolTip() == RunSettings.model_fields[field].description


def test_levels_out_of_range_cannot_be_typed(window):
    levels = window.find("sciml_levels")
    levels.setValue(0)
    assert levels.value() == 1
    levels.setValue(17)
    assert levels.value() == 16


def test_nothing_can_be_changed_while_it_runs(window, held):
    window.open_image()
    window.press("sciml_run")
    assert not window.find("sciml_compute").isEnabled()
    held.release(10)
    window.wait_for(lambda: window.text("sciml_run") == "Run")
