from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.backends import open_predictor, runtimes
from napari_sciml.backends.runtimes import installed
from napari_sciml.core.errors import SciMLError

GRAPHS = [
    pytest.param(name, marks=pytest.mark.skipif(not installed(name), reason=f"{name} is not installed"))
    for name in ("onnxruntime", "openvino")
]
RUNTIMES = ["torch", *GRAPHS]


@pytest.fixture
def field():
    return np.random.default_rng(0).normal(size=(52, 47)).astype(np.float32)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_map_equals_its_patches(random_dense_model, field, runtime, stride):
    predictor = open_predictor(random_dense_model, runtime=runtime)
    result = predictor.field(field, stride)
    windows = np.lib.stride_tricks.sliding_window_view(field, (16, 16))[::stride, ::stride]
    patches = predictor.classify(np.ascontiguousarray(windows.reshape(-1, 16, 16)))
    assert result.scores.shape == (*windows.shape[:2], 2)
    assert (result.stride, result.offset) == (stride, 7.5)
    np.testing.assert_allclose(result.scores.reshape(-1, 2), patches, rtol=0, atol=1e-5)
    predictor.close()


@pytest.mark.parametrize("runtime", GRAPHS)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_runtimes_agree_on_maps(random_dense_model, field, stride, runtime):
    maps = [open_predictor(random_dense_model, runtime=r).field(field, stride) for r in ("torch", runtime)]
    np.testing.assert_allclose(maps[0].scores, maps[1].scores, rtol=0, atol=1e-5)
    assert np.ptp(maps[0].scores) > 0.5


@pytest.mark.parametrize("runtime", GRAPHS)
def test_runtimes_agree_on_patches(random_patch_model, runtime):
    patches = np.random.default_rng(1).normal(size=(40, 16, 16)).astype(np.float32)
    answers = [open_predictor(random_patch_model, runtime=r).classify(patches) for r in ("torch", runtime)]
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-5)
    assert np.ptp(answers[0]) > 0.5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_batches_of_any_length(random_dense_model, runtime):
    predictor = open_predictor(random_dense_model, runtime=runtime)
    patches = np.random.default_rng(2).normal(size=(1030, 16, 16)).astype(np.float32)
    together = predictor.classify(patches)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
    for rows in (slice(0, 1), slice(1020, 1030)):
        np.testing.assert_allclose(predictor.classify(patches[rows]), together[rows], rtol=0, atol=1e-5)
    assert predictor.classify(patches[:0]).shape == (0, 2)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_patch_network_makes_no_map(random_patch_model, field, runtime):
    with pytest.raises(SciMLError, match="labels single patches"):
        open_predictor(random_patch_model, runtime=runtime).field(field, 2)


def test_absent_variant_is_named(random_dense_model):
    with pytest.raises(SciMLError, match="no int8 variant yet: choose what it has: float32"):
        open_predictor(random_dense_model, "int8")


def test_runtime_that_is_not_there(random_dense_model, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    for runtime in ("onnxruntime", "openvino"):
        with pytest.raises(SciMLError, match=rf"{runtime} is not installed: .*napari-sciml\[fast\]"):
            open_predictor(random_dense_model, runtime=runtime)
    assert open_predictor(random_dense_model).runtime == "torch"
