"""Table IV gives the same answers in ONNX Runtime as in torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fixtures.random_models import save_random
from napari_sciml.backends import open_predictor
from napari_sciml.networks.registry import get_model

HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
pytestmark = pytest.mark.skipif(not HAS_ONNX, reason="the optional extra fast is not installed")
TILES = np.arcsinh(np.random.default_rng(0).normal(size=(7, 64, 64)) * 3).astype(np.float32)


@pytest.mark.parametrize("architecture", ["table-iv", "table-iv-printed"])
def test_runtimes_agree_on_tiles(architecture: str, tmp_path: Path) -> None:
    model = save_random(tmp_path / "m", architecture, "random-bragg", (64, 64), "local-noise")
    torch_, onnx_ = (open_predictor(model, runtime=name).classify(TILES) for name in ("torch", "onnxruntime"))
    np.testing.assert_allclose(torch_, onnx_, rtol=0, atol=1e-5)
    assert np.ptp(torch_) > 0.1
    assert open_predictor(model, runtime="onnxruntime").classify(TILES[:0]).shape == (0, 2)


def test_runtimes_agree_on_the_shipped_model() -> None:
    model = get_model("diffraction-bragg")
    tiles = TILES.copy()
    for n in range(4):
        tiles[n, 20 + n : 23 + n, 30:33] += 2 + n
    torch_, onnx_ = (open_predictor(model, runtime=name).classify(tiles) for name in ("torch", "onnxruntime"))
    np.testing.assert_allclose(torch_, onnx_, rtol=0, atol=1e-4)
