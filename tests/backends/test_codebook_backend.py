"""Low-bit networks at run time: stored, made on the spot, from a file, and what is said if one is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.backends.codebook import label_of, nearest_codebook, open_codebook
from napari_sciml.backends.torch_float import TorchFloat
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.codebook import file
from napari_sciml.networks.codebook.constrained import constrain
from napari_sciml.networks.codebook.module import folded_module, weights_of
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.networks.saving import add_calibration

PATCHES = np.random.default_rng(0).normal(size=(40, 16, 16)).astype(np.float32)


def spec(levels: int, method: str = "constrain", data: int | None = None) -> CodebookSpec:
    return CodebookSpec.model_validate({"levels": levels, "data_levels": data, "method": method})


def with_images(model: Model, images: np.ndarray, folder: Path) -> Model:
    """A copy of a shared model with images kept beside its weights."""
    copied = shutil.copytree(model.folder, folder / "model")
    add_calibration(copied, images, "noise")
    return get_model(copied)


def test_quantised_on_the_spot(random_patch_model, tmp_path: Path) -> None:
    model = with_images(random_patch_model, PATCHES, tmp_path)
    exact = TorchFloat(model).classify(PATCHES)
    far = [
        np.abs(open_codebook(model, spec(levels, data=levels)).classify(PATCHES) - exact).mean()
        for levels in (2, 4, 16)
    ]
    assert far[2] < min(far[:2]) < 0.3
    predictor = open_codebook(model, spec(2, data=3))
    assert predictor.backend == "codebook"
    assert predictor.runtime == "torch"
    assert predictor.notes == ()
    assert len(np.unique(predictor.quantised(PATCHES))) == 3
    assert predictor.label == "2 levels, 3 for the data, quantised after training"


def test_fields_are_quantised_too(random_dense_model, tmp_path: Path) -> None:
    field = np.random.default_rng(1).normal(size=(40, 36)).astype(np.float32)
    model = with_images(random_dense_model, field[None], tmp_path)
    predictor = open_codebook(model, spec(4, data=4))
    scores = predictor.field(field, 4)
    windows = np.lib.stride_tricks.sliding_window_view(field, (16, 16))[::4, ::4].reshape(-1, 16, 16)
    np.testing.assert_allclose(
        scores.scores.reshape(-1, 2), predictor.classify(np.ascontiguousarray(windows)), atol=1e-5
    )


def test_without_kept_images_the_data_stay_and_that_is_said(random_patch_model) -> None:
    predictor = open_codebook(random_patch_model, spec(4, data=4))
    assert len(predictor.notes) == 1
    assert "only the weights were quantised" in predictor.notes[0]
    np.testing.assert_array_equal(predictor.quantised(PATCHES), PATCHES)


def test_an_absent_variant_names_the_command_that_makes_it(random_patch_model) -> None:
    with pytest.raises(SciMLError, match=r"napari-sciml quantize .* --levels 2 --method qat"):
        open_codebook(random_patch_model, spec(2, "qat", 2))


def test_without_the_variant_it_is_quantised_and_says_so(random_patch_model) -> None:
    predictor = nearest_codebook(random_patch_model, spec(2, "qat"))
    assert predictor.notes[0].endswith("quantised without training instead, which is less exact")
    exact = open_codebook(random_patch_model, spec(2)).classify(PATCHES)
    np.testing.assert_array_equal(predictor.classify(PATCHES), exact)


def test_a_codebook_file_runs_the_model_it_was_made_for(
    random_patch_model, random_dense_model, tmp_path: Path
) -> None:
    model = random_patch_model
    made = constrain(weights_of(folded_module(model)), spec(3), None, parent=model.variant("float32").sha256)
    file.write(tmp_path / "c.safetensors", made)
    predictor = open_codebook(model, spec(8), str(tmp_path / "c.safetensors"))
    direct = open_codebook(model, spec(3))
    np.testing.assert_array_equal(predictor.classify(PATCHES), direct.classify(PATCHES))
    with pytest.raises(SciMLError, match="was made for other weights"):
        open_codebook(random_dense_model, spec(8), str(tmp_path / "c.safetensors"))
    assert predictor.label == "3 levels, data not quantised, quantised after training, from c.safetensors"


def test_words_for_levels() -> None:
    assert label_of(CodebookSpec(levels=1, data_levels=1, method="qat")) == "1 level, quantisation-aware"
    assert label_of(spec(8, "trained")) == "8 levels, data not quantised, levels trained"
