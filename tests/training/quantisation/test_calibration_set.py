"""Training images are kept beside a model, and a card that tells too little says so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.networks.registry import get_model, model_names, open_model
from napari_sciml.training.quantisation.calibration_set import (
    add_calibration_set,
    first_seed,
    training_record,
)


@pytest.mark.parametrize("name", model_names())
def test_every_shipped_model_has_images_that_it_answers_in_more_than_one_way(name: str) -> None:
    model = get_model(name)
    images = model.calibration_images()
    assert np.isfinite(images).all()
    assert model.input is None or images.shape[1:] == model.input
    maker = import_module(f"napari_sciml.techniques.{model.technique}.train.examples")
    assert len(images) == maker.calibration_count(model)
    with torch.inference_mode():
        said = model.build()(torch.from_numpy(images)[:, None]).argmax(1)
    assert len(said.unique()) > len(model.classes) / 2


def test_images_are_put_beside_a_model_that_has_none(tmp_path: Path) -> None:
    from napari_sciml.techniques.gisaxs.train import examples

    shipped = get_model("gisaxs-lattice-hipgisaxs")
    for file in ("card.json", "float32.safetensors"):
        shutil.copy(shipped.folder / file, tmp_path / file)
    with pytest.raises(SciMLError, match="could not be read"):
        open_model(tmp_path).calibration_images()
    kept = drive(add_calibration_set(open_model(tmp_path), examples))
    np.testing.assert_allclose(kept.calibration_images(), shipped.calibration_images(), atol=0.02)
    assert "28 simulated training images" in kept.card["calibration"]["note"]
    assert kept.card["variants"] == shipped.card["variants"]


def test_cards_that_tell_too_little() -> None:
    model = get_model("microct-fiber")
    assert training_record(model, "dataset", "size_px") == 320
    with pytest.raises(SciMLError, match="does not tell dataset / moons"):
        training_record(model, "dataset", "moons")
    with pytest.raises(SciMLError, match="does not tell their seed"):
        first_seed(replace(model, card=model.card | {"seeds": []}))
