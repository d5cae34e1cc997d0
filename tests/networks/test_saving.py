"""A model's folder holds the old model or the new one, and nothing that no card names."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from fixtures.random_models import save_random
from napari_sciml.core import durable_files
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.card import CARD_FILE, Metric, ModelCard, VariantRecord
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model, open_model
from napari_sciml.networks.saving import add_calibration, add_variant, read_card, save_model, update_card


def saved(folder: Path, parent: Model, brightness: float, *names: str) -> Model:
    """Save a network like another one, told apart by one number."""
    module = parent.build()
    module.head.bias.data.fill_(brightness)
    kept = Examples(np.full((2, 16, 16), brightness, np.float32), "made up")
    attachments = {name: f"{brightness:g}".encode() for name in names}
    return save_model(folder, module, ModelCard(**parent.card), attachments, kept)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_model_takes_the_place_of_the_old_one(tmp_path: Path, random_patch_model: Model) -> None:
    first = saved(tmp_path, random_patch_model, 1, "training.csv", "map.mrc")
    add_variant(tmp_path, "int8", "int8.onnx", b"integers", VariantRecord(file="", sha256=""))
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "work").mkdir()
    second = saved(tmp_path, random_patch_model, 2, "training.csv")
    model = open_model(tmp_path)
    assert model == second
    assert [variant.kind for variant in model.variants] == ["float32"]
    assert model.attachment("training.csv").read_text() == "2"
    assert not model.attachment("map.mrc").exists()
    assert model.calibration_images().mean() == 2
    assert files(tmp_path) == {CARD_FILE, "notes.txt", "work", *read_card(tmp_path).files}
    with pytest.raises(SciMLError, match="could not be read"):
        first.variant("float32").read()


@pytest.mark.parametrize("last", range(1, 5))
def test_a_save_that_breaks_off_leaves_the_old_model(
    tmp_path: Path, random_patch_model: Model, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    first = saved(tmp_path, random_patch_model, 1, "training.csv")
    replace, calls = os.replace, iter(range(1, 100))

    def break_off(draft: Path, target: Path) -> None:
        if next(calls) == last:
            raise KeyboardInterrupt
        replace(draft, target)

    with monkeypatch.context() as patch:
        patch.setattr(durable_files.os, "replace", break_off)
        with pytest.raises(KeyboardInterrupt):
            saved(tmp_path, random_patch_model, 2, "training.csv")
    model = open_model(tmp_path)
    assert model == first
    assert model.variant("float32").read()
    assert (model.attachment("training.csv").read_text(), model.calibration_images().mean()) == ("1", 1)
    saved(tmp_path, random_patch_model, 3)
    assert files(tmp_path) == {CARD_FILE, *read_card(tmp_path).files}


def test_a_folder_of_an_earlier_version_opens_and_is_replaced(
    tmp_path: Path, random_patch_model: Model
) -> None:
    card = dict(random_patch_model.card)
    shutil.copy(random_patch_model.variant("float32").file, tmp_path / "float32.safetensors")
    card["variants"] = {"float32": card["variants"]["float32"] | {"file": "float32.safetensors"}}
    del card["attachments"]
    (tmp_path / CARD_FILE).write_text(json.dumps(card))
    (tmp_path / "training.csv").write_text("old")
    old = open_model(tmp_path)
    assert old.variant("float32").read()
    assert old.attachment("training.csv").read_text() == "old"
    update_card(tmp_path, [], {"training.csv": b"newer"})
    assert open_model(tmp_path).attachment("training.csv").read_text() == "newer"
    assert not (tmp_path / "training.csv").exists()
    (tmp_path / "roc.csv").write_text("old")
    saved(tmp_path, random_patch_model, 2)
    assert files(tmp_path) == {CARD_FILE, *read_card(tmp_path).files}


def test_shipped_models_have_their_further_files() -> None:
    assert get_model("diffraction-bragg").attachment("false_hits.csv").is_file()


def test_figures_come_with_their_tables(tmp_path: Path, random_patch_model: Model) -> None:
    model = save_random(tmp_path / "m", "table-vii", "m", (16, 16), "per-patch")
    figure = Metric(name="accuracy", value=0.5, low=0.4, high=0.6, n=10, split="random")
    for text in (b"one", b"two"):
        update_card(model.folder, [figure], {"roc.csv": text})
    add_calibration(model.folder, np.zeros((1, 16, 16), np.float32), "black")
    card = read_card(model.folder)
    assert card.metrics == (figure,)
    assert open_model(model.folder).attachment("roc.csv").read_bytes() == b"two"
    assert files(model.folder) == {CARD_FILE, *card.files}


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SciMLError, match="could not be written to"):
        add_variant(tmp_path / "none", "int8", "int8.onnx", b"x", VariantRecord(file="", sha256=""))
    assert files(tmp_path) == set()
