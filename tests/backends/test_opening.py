"""What is asked for, or the nearest that works, never silently."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_sciml as sciml
from napari_sciml.backends import graph_sessions, open_for, open_predictor, runtimes
from napari_sciml.backends.runtimes import installed
from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.networks.card import VariantRecord
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_calibration, add_variant

needs_graphs = pytest.mark.skipif(
    not (installed("onnxruntime") and installed("openvino")),
    reason="the optional extra fast is not installed",
)
PATCHES = np.random.default_rng(0).normal(size=(20, 16, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def rich_model(random_patch_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Table VII with random weights, integers and calibration images."""
    folder = tmp_path_factory.mktemp("rich") / "random-rich"
    shutil.copytree(random_patch_model.folder, folder)
    model = open_model(folder)
    if installed("onnxruntime"):
        from napari_sciml.training.quantisation.integers import make_int8

        make_int8(model, PATCHES, folder)
    add_calibration(folder, PATCHES, "noise")
    return open_model(folder)


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Make packages look as if they were not installed."""
    find = runtimes.find_spec
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None if name in missing else find(name))


def opened(model: Model, **settings: Any) -> Any:
    return open_for(model, RunSettings(**settings))


def test_as_asked_there_is_nothing_to_tell(rich_model: Model) -> None:
    predictor = opened(rich_model, runtime="torch")
    assert (predictor.backend, predictor.runtime, predictor.notes) == ("float32", "torch", ())


@needs_graphs
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("backend", ["float32", "int8"])
def test_a_runtime_that_works_is_used(rich_model: Model, runtime: str, backend: str) -> None:
    predictor = opened(rich_model, backend=backend, runtime=runtime)
    assert (predictor.backend, predictor.runtime, predictor.notes) == (backend, runtime, ())
    assert predictor.weights_sha256 == rich_model.variant(backend).sha256


@needs_graphs
def test_a_missing_runtime_gives_another_one_that_runs_the_same(
    rich_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "openvino")
    plain = opened(rich_model, runtime="openvino")
    assert (plain.backend, plain.runtime) == ("float32", "torch")
    assert plain.notes == ("The runtime openvino is not installed; torch was used instead.",)
    integers = opened(rich_model, backend="int8", runtime="openvino")
    assert (integers.backend, integers.runtime) == ("int8", "onnxruntime")
    assert integers.notes == ("The runtime openvino is not installed; onnxruntime was used instead.",)


@needs_graphs
def test_a_broken_runtime_is_told_with_its_reason(rich_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ImportError("libtbb.so.12: cannot open shared object file\nand more")

    monkeypatch.setattr(graph_sessions, "import_openvino", broken)
    predictor = opened(rich_model, backend="int8", runtime="openvino")
    assert (predictor.backend, predictor.runtime) == ("int8", "onnxruntime")
    (note,) = predictor.notes
    assert note == (
        "The runtime openvino does not work on this machine (libtbb.so.12: cannot open shared object file); "
        "onnxruntime was used instead."
    )


def test_integers_without_a_runtime_become_float32(
    rich_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed("onnxruntime"):
        pytest.skip("the optional extra fast is not installed")
    without(monkeypatch, "onnx")
    predictor = opened(rich_model, backend="int8")
    assert (predictor.backend, predictor.runtime) == ("float32", "torch")
    assert predictor.notes[-1] == "No runtime for integers could be used; float32 was used instead."
    np.testing.assert_array_equal(predictor.classify(PATCHES), open_predictor(rich_model).classify(PATCHES))


@needs_graphs
def test_torch_cannot_run_integers(rich_model: Model) -> None:
    predictor = opened(rich_model, backend="int8", runtime="torch")
    assert (predictor.backend, predictor.runtime) == ("int8", "onnxruntime")
    assert predictor.notes == (
        "The runtime torch cannot run the backend int8; onnxruntime was used instead.",
    )
    with pytest.raises(SciMLError, match="torch cannot run the backend int8: choose onnxruntime or openvino"):
        open_predictor(rich_model, "int8", "torch")


def test_integers_that_were_never_made_become_float32(random_patch_model: Model) -> None:
    predictor = opened(random_patch_model, backend="int8")
    assert predictor.backend == "float32"
    assert predictor.notes == (
        "The model random-patch has no int8 variant yet; float32 was used instead of integers.",
    )


def test_damaged_integers_become_float32(random_patch_model: Model, tmp_path: Path) -> None:
    shutil.copytree(random_patch_model.folder, tmp_path / "m")
    add_variant(tmp_path / "m", "int8", "int8.onnx", b"graph", VariantRecord(file="", sha256=""))
    open_model(tmp_path / "m").variant("int8").file.write_bytes(b"gra")
    predictor = opened(open_model(tmp_path / "m"), backend="int8")
    assert predictor.backend == "float32"
    assert "are not the ones their card describes; float32 was used" in predictor.notes[0]


@needs_graphs
def test_a_graph_that_no_runtime_takes_becomes_float32(random_patch_model: Model, tmp_path: Path) -> None:
    shutil.copytree(random_patch_model.folder, tmp_path / "m")
    add_variant(tmp_path / "m", "int8", "int8.onnx", b"no graph", VariantRecord(file="", sha256=""))
    model = open_model(tmp_path / "m")
    assert model.variant("int8").sha256 == hashlib.sha256(b"no graph").hexdigest()
    predictor = opened(model, backend="int8")
    assert predictor.backend == "float32"
    assert len(predictor.notes) == 3


def test_a_codebook_that_is_not_stored_is_made_now(rich_model: Model) -> None:
    predictor = opened(rich_model, backend="codebook", levels=4)
    assert (predictor.backend, predictor.runtime) == ("codebook", "torch")
    assert "its weights were quantised after training instead" in predictor.notes[0]
    assert opened(rich_model, backend="codebook", levels=4, method="constrain").notes == ()


def test_without_calibration_images_only_the_weights_are_quantised(random_patch_model: Model) -> None:
    predictor = opened(random_patch_model, backend="codebook", levels=4, method="constrain")
    assert predictor.backend == "codebook"
    assert "no calibration data" in predictor.notes[0]
    assert "data were not" in predictor.notes[0]


def test_a_codebook_runs_in_torch_only(rich_model: Model) -> None:
    predictor = opened(rich_model, backend="codebook", runtime="openvino", levels=4, method="constrain")
    assert predictor.runtime == "torch"
    assert predictor.notes == (
        "The runtime openvino cannot run the backend codebook; torch was used instead.",
    )


def test_a_codebook_file_that_cannot_be_read_is_an_error(rich_model: Model, tmp_path: Path) -> None:
    with pytest.raises(SciMLError):
        opened(rich_model, backend="codebook", codebook=str(tmp_path / "none.safetensors"))


@pytest.mark.parametrize("levels", [0, 17])
def test_levels_out_of_range_are_refused(levels: int) -> None:
    with pytest.raises(SciMLError, match=f"The setting levels={levels} is not valid"):
        parse_settings(RunSettings, {"backend": "codebook", "levels": levels})


def test_what_is_not_there_is_not_offered(rich_model: Model) -> None:
    with pytest.raises(
        SciMLError, match="backend='spiking' is not valid: use one of float32, codebook, int8"
    ):
        parse_settings(RunSettings, {"backend": "spiking"})
    with pytest.raises(SciMLError, match="There is no backend called 'spiking': use one of float32"):
        open_predictor(rich_model, "spiking")


def test_a_script_is_warned(random_patch_model: Model) -> None:
    with pytest.warns(SciMLWarning, match="float32 was used instead of integers"):
        answers = sciml.classify(random_patch_model.folder, PATCHES, backend="int8")
    assert answers.shape == (20, 2)
