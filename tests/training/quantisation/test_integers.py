"""Integers: every layer that can is converted, answers stay near float32, one file serves every stride."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the optional extra fast is not installed")
pytest.importorskip("onnxruntime", reason="the optional extra fast is not installed")

import onnx

from napari_sciml.backends import open_predictor
from napari_sciml.backends.graphs import write_graph
from napari_sciml.backends.runtimes import GRAPH_RUNTIMES, installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import open_model
from napari_sciml.training.quantisation import integers
from napari_sciml.training.quantisation.integers import count_layers, make_int8

RUNTIMES = [
    "onnxruntime",
    pytest.param("openvino", marks=pytest.mark.skipif(not installed("openvino"), reason="no openvino")),
]


def copied(model: Model, folder: Path) -> Model:
    shutil.copytree(model.folder, folder / model.name)
    return open_model(folder / model.name)


def with_integers(model: Model, images: np.ndarray, folder: Path) -> Model:
    copy = copied(model, folder)
    make_int8(copy, images, copy.folder)
    return open_model(copy.folder)


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(60, 16, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def fields() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(4, 48, 50)).astype(np.float32)


@pytest.fixture(scope="module")
def patch_model(random_patch_model, patches, tmp_path_factory) -> Model:
    return with_integers(random_patch_model, patches, tmp_path_factory.mktemp("int8"))


@pytest.fixture(scope="module")
def dense_model(random_dense_model, fields, tmp_path_factory) -> Model:
    return with_integers(random_dense_model, fields, tmp_path_factory.mktemp("int8"))


def test_the_file_holds_integers_and_the_card_says_how_near_they_are(patch_model: Model) -> None:
    variant = patch_model.variant("int8")
    assert variant.file.name == f"int8-{variant.sha256[:12]}.onnx"
    assert variant.parent == patch_model.variant("float32").sha256
    assert variant.size_bytes < 0.3 * patch_model.variant("float32").size_bytes
    graph = onnx.load_from_string(variant.read()).graph
    stored = {c.name: c for c in graph.initializer}
    weights = [c for name, c in stored.items() if name.endswith("weight_quantized")]
    assert len(weights) == 5
    for tensor in weights:
        assert tensor.data_type == onnx.TensorProto.INT8
        # Seven bits, so that sums of two products fit into sixteen.
        assert np.abs(onnx.numpy_helper.to_array(tensor).astype(int)).max() <= 64
    record = patch_model.card["variants"]["int8"]
    assert record["note"] == "5 of 5 layers in integers, calibrated on 30 training images"
    metric = record["metrics"][0]
    assert metric["n"] == 30
    assert metric["low"] <= metric["value"] <= metric["high"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_answers_stay_near_float32(patch_model: Model, patches: np.ndarray, runtime: str) -> None:
    exact = open_predictor(patch_model).classify(patches)
    predictor = open_predictor(patch_model, "int8", runtime)
    assert (predictor.backend, predictor.runtime) == ("int8", runtime)
    assert predictor.weights_sha256 == patch_model.variant("int8").sha256
    got = predictor.classify(patches)
    sure = np.abs(exact[:, 0] - 0.5) > 0.2
    assert sure.sum() > 20
    np.testing.assert_array_equal(got.argmax(axis=1)[sure], exact.argmax(axis=1)[sure])
    assert 0 < np.abs(got - exact).max() < 0.3


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_one_file_serves_every_stride(dense_model: Model, runtime: str, stride: int) -> None:
    field = np.random.default_rng(2).normal(size=(36, 39)).astype(np.float32)
    predictor = open_predictor(dense_model, "int8", runtime)
    got = predictor.field(field, stride).scores
    windows = np.lib.stride_tricks.sliding_window_view(field, (16, 16))[::stride, ::stride]
    patches = predictor.classify(np.ascontiguousarray(windows.reshape(-1, 16, 16))).reshape(got.shape)
    np.testing.assert_allclose(got, patches, rtol=0, atol=0.02)
    exact = open_predictor(dense_model).field(field, stride).scores
    assert np.abs(got - exact).mean() < 0.05
    assert np.ptp(exact) > 0.5


@pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed")
def test_libraries_agree_on_what_users_quantise(
    patch_model: Model, dense_model: Model, patches: np.ndarray, fields: np.ndarray
) -> None:
    graph = onnx.load_from_string(patch_model.variant("int8").read()).graph
    step = next(onnx.numpy_helper.to_array(c) for c in graph.initializer if c.name == "pixels_scale")
    half_way = ((np.floor(patches / step) + 0.5) * step).astype(np.float32)
    answers = [
        [open_predictor(patch_model, "int8", name).classify(half_way) for name in GRAPH_RUNTIMES],
        *(
            [
                open_predictor(dense_model, "int8", name).field(fields[0], stride).scores
                for name in GRAPH_RUNTIMES
            ]
            for stride in (1, 4)
        ),
    ]
    for ours, theirs in answers:
        # A step or two inside the layers, where a library rounds by itself.
        assert np.abs(ours - theirs).max() < 0.02
        assert np.abs(ours - theirs).mean() < 5e-4


def test_layers_are_counted(random_patch_model: Model, patch_model: Model) -> None:
    plain = write_graph("table-vii", random_patch_model.build()).SerializeToString()
    assert count_layers(plain) == (0, 5)
    assert count_layers(patch_model.variant("int8").read()) == (5, 5)


def test_no_layer_converted_is_an_error(random_patch_model, patches, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        integers, "quantised", lambda m, images: write_graph("table-vii", m.build()).SerializeToString()
    )
    copy = copied(random_patch_model, tmp_path)
    with pytest.raises(SciMLError, match="Not one layer of random-patch could be converted"):
        make_int8(copy, patches, copy.folder)
    assert not list(copy.folder.glob("int8*.onnx"))


def test_one_image_is_too_few(random_patch_model, patches, tmp_path) -> None:
    with pytest.raises(SciMLError, match="at least two calibration images"):
        make_int8(random_patch_model, patches[:1], tmp_path)
