from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks import registry
from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.networks.registry import COLUMNS, get_model, model_names, models_table, open_model
from napari_sciml.networks.saving import save_model


@pytest.fixture
def copy(random_dense_model, tmp_path):
    """The same model in a folder that a test may damage."""
    return save_model(tmp_path / "copy", random_dense_model.build(), ModelCard(**random_dense_model.card))


def test_saved_and_opened_again_it_gives_the_same_answers(random_dense_model):
    again = get_model(str(random_dense_model.folder))
    assert again == random_dense_model
    field = torch.randn(1, 1, 40, 40)
    with torch.inference_mode():
        torch.testing.assert_close(again.build()(field), random_dense_model.build()(field), rtol=0, atol=0)


def test_card_counts_parameters_as_the_paper_does(random_patch_model):
    assert random_patch_model.parameters == 571_648
    assert random_patch_model.card["head_parameters"] == 386
    assert random_patch_model.input == (16, 16)
    assert not random_patch_model.dense


def test_damaged_weights_are_noticed(copy):
    weights = copy.variant("float32").file
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(SciMLError, match="not the ones their card describes"):
        copy.build()
    weights.unlink()
    with pytest.raises(SciMLError, match="could not be read"):
        copy.build()


def test_weights_of_another_network_are_noticed(copy, random_patch_model, tmp_path):
    card = json.loads((copy.folder / "card.json").read_text())
    other = random_patch_model.variant("float32")
    copy.variant("float32").file.write_bytes(other.read())
    card["variants"]["float32"]["sha256"] = other.sha256
    (copy.folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(SciMLError, match="do not fit the network table-vii-dense"):
        open_model(copy.folder).build()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "table-ix"}, "knows no such pair"),
        ({"normalisation": "by-eye"}, "knows no such pair"),
        ({"classes": 3}, "not valid at classes"),
        ({"colour": "red"}, "not valid at colour"),
    ],
)
def test_card_that_this_version_cannot_use(copy, change, said):
    path = copy.folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(SciMLError, match=said):
        open_model(copy.folder)


def test_what_is_no_model(tmp_path):
    with pytest.raises(SciMLError, match="no model called 'nonsense'"):
        get_model("nonsense")
    with pytest.raises(SciMLError, match=r"card\.json could not be read"):
        get_model(tmp_path)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(SciMLError, match="not valid"):
        get_model(tmp_path)


def test_missing_variant_names_what_there_is(random_dense_model):
    with pytest.raises(SciMLError, match="no int8 variant yet: choose what it has: float32"):
        random_dense_model.build("int8")


def test_table_quotes_the_headline_figure(random_dense_model, tmp_path, monkeypatch):
    metrics = (
        Metric(name="F1", value=0.9, low=0.8, high=0.95, n=100, split="phantom"),
        Metric(name="accuracy", value=0.75, low=0.7, high=0.8, n=100, split="random"),
    )
    card = ModelCard(**random_dense_model.card).model_copy(
        update={"metrics": metrics, "headline": "accuracy/random"}
    )
    save_model(tmp_path / "shown", random_dense_model.build(), card)
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", tmp_path)
    table = models_table()
    assert tuple(table.columns) == COLUMNS
    assert model_names() == ["shown"]
    assert table.loc[0, ["input", "parameters", "accuracy"]].tolist() == ["any field", 202_880, 0.75]


def test_normalise_uses_the_rule_of_the_card(random_patch_model):
    patches = np.random.default_rng(0).integers(0, 255, (4, 16, 16))
    result = random_patch_model.normalise(patches)
    np.testing.assert_allclose(result.std((1, 2)), 1, atol=1e-6)


def test_a_model_is_known_without_torch(random_dense_model):
    code = (
        "import sys; from napari_sciml.networks.registry import get_model\n"
        f"assert get_model({str(random_dense_model.folder)!r}).parameters == 202880\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
