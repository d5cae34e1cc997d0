from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_sciml.app.base import backend_choices
from napari_sciml.app.base.backend_choices import changed, use_text, used
from napari_sciml.backends import runtimes
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.card import Metric, VariantRecord
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_calibration, add_variant


def test_only_what_differs_from_the_defaults_is_kept():
    chosen = changed({}, {"backend": "codebook", "levels": 8, "method": "constrain"})
    assert chosen == {"backend": "codebook", "method": "constrain"}
    assert changed(chosen, {"backend": "float32", "method": None}) == {}


def test_choices_about_levels_wait_while_something_else_computes():
    chosen = {"backend": "int8", "levels": 4, "data_levels": 2}
    assert used(chosen) == {"backend": "int8"}
    assert used({**chosen, "backend": "codebook"}) == {**chosen, "backend": "codebook"}


def test_a_runtime_that_cannot_execute_the_backend_waits():
    assert used({"runtime": "torch"}) == {"runtime": "torch"}
    assert used({"backend": "int8", "runtime": "torch"}) == {"backend": "int8"}
    assert used({"backend": "codebook", "runtime": "openvino", "levels": 4}) == {
        "backend": "codebook",
        "levels": 4,
    }
    chosen = changed({}, {"runtime": "openvino", "backend": "int8"})
    assert list(chosen.items()) == [("backend", "int8"), ("runtime", "openvino")]
    assert used(chosen) == chosen
    assert changed(chosen, {"runtime": "auto"}) == {"backend": "int8"}


def test_every_choice_on_offer_is_one_that_the_settings_take():
    fields = RunSettings.model_fields
    offered = {
        "backend": backend_choices.backend_choices(),
        "method": backend_choices.METHODS,
        "scope": backend_choices.SCOPES,
    }
    for name, choices in {**offered, "targets": backend_choices.TARGETS}.items():
        for _, value in choices:
            assert getattr(RunSettings(**{name: value}), name) == value
        assert fields[name].default in [value for _, value in choices]


@pytest.fixture
def model(random_dense_model, tmp_path):
    """A copy, because the tests put further weights into its folder."""
    return open_model(shutil.copytree(random_dense_model.folder, tmp_path / "model"))


def test_float32_says_its_size(model):
    size = model.variant("float32").size_bytes
    assert use_text(str(model.folder), {}) == f"Stored weights: {backend_choices.bytes_text(size)}."


def test_what_is_not_there_is_told_before_a_run(model):
    folder = str(model.folder)
    assert "no int8 weights: float32 will run instead" in use_text(folder, {"backend": "int8"})
    told = use_text(folder, {"backend": "codebook", "levels": 4, "data_levels": 4})
    assert "will be quantised when the run starts, without training" in told
    assert "The data stay as they are" in told
    told = use_text(folder, {"backend": "codebook", "method": "constrain"})
    assert told.startswith("Quantised when the run starts")


def test_a_stored_codebook_says_its_size_and_agreement(model):
    spec = CodebookSpec(levels=4, data_levels=4)
    metric = Metric(name="agreement", value=0.996, low=0.99, high=0.999, n=5000, split="test")
    record = VariantRecord(file="", sha256="", backend="codebook", codebook=spec, metrics=(metric,))
    content = b"x" * 1000
    add_variant(model.folder, spec.key, "small.safetensors", content, record)
    told = use_text(str(model.folder), {"backend": "codebook", "levels": 4, "data_levels": 4})
    times = model.variant("float32").size_bytes / 1000
    assert told.startswith(f"Stored weights: 1 kB, {times:.0f} times smaller than float32.")
    assert told.endswith("The same label as float32 in 99.6 % of 5,000 test cases.")
    other = use_text(str(model.folder), {"backend": "codebook", "levels": 2})
    assert "It has 4 levels (qat, layer)." in other


def test_training_images_let_the_data_have_levels_too(model):
    add_calibration(model.folder, np.zeros((2, 16, 16), np.float32), "made up")
    told = use_text(str(model.folder), {"backend": "codebook", "levels": 2, "data_levels": 2})
    assert "The data stay" not in told


def test_without_a_runtime_for_integers_it_says_so(model, monkeypatch):
    add_variant(model.folder, "int8", "int8.onnx", b"x", VariantRecord(file="", sha256=""))
    monkeypatch.setattr(runtimes, "installed", lambda name: False)
    told = use_text(str(model.folder), {"backend": "int8"})
    assert "No runtime for integers is installed: float32 will run instead" in told
    monkeypatch.setattr(runtimes, "installed", lambda name: name == "openvino")
    assert use_text(str(model.folder), {"backend": "int8"}).startswith("Stored weights: 1 B")


def test_a_model_that_is_not_there_says_nothing_here():
    assert use_text("no such model", {}) == ""
