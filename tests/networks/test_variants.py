"""Further sets of weights beside a model, and the training images that are kept with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fixtures.random_models import save_random
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.card import VariantRecord
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model, model_names, open_model
from napari_sciml.networks.saving import add_calibration, add_variant


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return save_random(tmp_path / "m", "table-vii", "m", (16, 16), "per-patch")


def record(spec: CodebookSpec | None = None) -> VariantRecord:
    return VariantRecord(file="", sha256="", backend="codebook" if spec else "", codebook=spec)


def test_a_variant_stands_beside_its_parent(model: Model) -> None:
    two, four = (CodebookSpec(levels=k, data_levels=k) for k in (2, 4))
    add_variant(model.folder, "int8", "int8.onnx", b"integers", record())
    for spec in (two, four):
        add_variant(model.folder, spec.key, f"{spec.key}.safetensors", spec.key.encode(), record(spec))
    again = open_model(model.folder)
    assert [v.kind for v in again.variants] == ["float32", "int8", "codebook", "codebook"]
    assert again.variant("codebook", four).read() == b"codebook-4-qat-layer"
    assert again.variant("codebook").spec == two
    assert again.variant("int8").parent == again.variant("float32").sha256
    assert again.variant("int8").size_bytes == 8
    with pytest.raises(SciMLError, match=r"no codebook-8-qat-layer variant yet: choose .* int8, codebook"):
        again.variant("codebook", CodebookSpec())


def test_a_variant_is_replaced_and_a_changed_file_is_noticed(model: Model) -> None:
    add_variant(model.folder, "int8", "int8.onnx", b"old", record())
    add_variant(model.folder, "int8", "int8.onnx", b"new", record())
    assert open_model(model.folder).variant("int8").read() == b"new"
    open_model(model.folder).variant("int8").file.write_bytes(b"other")
    with pytest.raises(SciMLError, match="not the ones their card describes"):
        open_model(model.folder).variant("int8").read()


def test_kept_images_come_back_in_half_precision(model: Model) -> None:
    with pytest.raises(SciMLError, match="no calibration data"):
        model.calibration_images()
    images = np.random.default_rng(0).normal(size=(5, 16, 16)).astype(np.float32)
    add_calibration(model.folder, images, "noise")
    again = open_model(model.folder)
    np.testing.assert_allclose(again.calibration_images(), images, atol=2e-3)
    assert again.calibration_images().dtype == np.float32
    assert json.loads((model.folder / "card.json").read_text())["calibration"]["note"] == "noise"


def test_a_folder_that_cannot_be_written(model: Model) -> None:
    with pytest.raises(SciMLError, match="could not be written"):
        add_variant(model.folder, "int8", "no/such/folder.onnx", b"x", record())


@pytest.mark.parametrize("name", model_names())
def test_every_shipped_model_runs_on_every_backend(name: str) -> None:
    """What a run asks for without further words is stored: 8 levels, learned, by layer; and integers."""
    model = get_model(name)
    parent = model.variant("float32").sha256
    levels = model.variant("codebook", CodebookSpec.of(RunSettings(), model.normalisation))
    assert len(levels.read()) < model.variant("float32").size_bytes / 6
    for variant in (levels, model.variant("int8")):
        assert variant.read()
        assert variant.parent == parent
        measured = next(
            r["metrics"][0] for r in model.card["variants"].values() if r["sha256"] == variant.sha256
        )
        assert measured["low"] <= measured["value"] <= measured["high"]
    images = model.calibration_images()
    assert images.ndim == 3
    assert model.input in (None, images.shape[1:])
    assert np.isfinite(images).all()


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "codebook-8-qat-layer"),
        ({"levels": 2, "method": "constrain", "scope": "global"}, "codebook-2-constrain-global"),
        ({"levels": 4, "data_levels": 8, "targets": "biases"}, "codebook-4-data8-qat-layer-biases"),
    ],
)
def test_what_a_run_asks_for_has_a_name(given: dict[str, object], key: str) -> None:
    assert CodebookSpec.of(RunSettings(**given)).key == key
