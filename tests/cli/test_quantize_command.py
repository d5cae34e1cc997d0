"""``quantize`` makes a variant that runs like any other, and goes on where it was stopped."""

from __future__ import annotations

import json
import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from napari_sciml import api
from napari_sciml.cli import quantize_work
from napari_sciml.cli.variants import describe, how_to_run
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model, open_model
from napari_sciml.training.quantisation import sweep

pytestmark = pytest.mark.slow

DATASET = {"seed": 0, "slabs": 1, "held_slabs": 0, "slices": 2, "patches": 100, "size_px": 112}
DATASET |= {"held_fibers": 0.1, "tested": 0.3}


def own(model: Model, folder: Path, **training: Any) -> Path:
    """Copy a model's float32 weights and let its card say that it was trained on little."""
    folder.mkdir(parents=True)
    shutil.copy(model.variant("float32").file, folder)
    card = json.loads((model.folder / "card.json").read_text())
    card["training"] |= training
    card["variants"] = {"float32": card["variants"]["float32"]}
    (folder / "card.json").write_text(json.dumps(card | {"calibration": None}))
    return folder


@pytest.fixture
def views(tmp_path: Path) -> Path:
    """A small network of one's own: it names views of particles."""
    return own(get_model("cryoem-orientation"), tmp_path / "mine", images=120, learnt=100)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn from very few images."""
    monkeypatch.setattr(quantize_work, "QUICK_IMAGES", 60)
    monkeypatch.setattr(quantize_work, "QUICK_FIELDS", 5)


def test_a_copy_of_few_levels_runs_like_any_other(
    cli: Any, tmp_path: Path, random_dense_model: Model, volume_file: Path
) -> None:
    source = own(random_dense_model, tmp_path / "mine", dataset=DATASET)
    small = tmp_path / "small"
    words = ["--levels", "4", "--method", "constrain", "--quick", "--out", small]
    outcome = cli("quantize", source, *words)
    assert outcome.status == 0, outcome.err
    model = open_model(small / "mine")
    (made,) = (variant for variant in model.variants if variant.kind == "codebook")
    assert made.spec is not None
    assert (made.spec.levels, made.spec.data_levels, made.spec.method) == (4, None, "constrain")
    assert made.parent == model.variant("float32").sha256
    assert f"codebook-4-datafloat-constrain-layer: {made.size_bytes:,} bytes" in outcome.out
    assert "the same label as float32 for" in outcome.out
    assert [variant.kind for variant in open_model(source).variants] == ["float32"], "the original stays"
    record = model.card["variants"]["codebook-4-datafloat-constrain-layer"]
    assert record["command"] == (
        "napari-sciml quantize random-dense --backend codebook --levels 4 --method constrain --seed 0 "
        "--quick --out DIR"
    )
    command = outcome.out.splitlines()[-1].removeprefix("Use it with: napari-sciml ")
    assert command.endswith("--backend codebook --levels 4 --method constrain")
    given = command.replace("INPUT", str(volume_file)).replace("DIR", str(tmp_path / "out"))
    ran = cli(*shlex.split(given))
    assert ran.status == 0, ran.err
    assert json.loads((tmp_path / "out" / "run.json").read_text())["backend"] == "codebook"


def test_a_folder_of_ones_own_is_changed_in_place(cli: Any, views: Path) -> None:
    outcome = cli("quantize", views, "--levels", "3", "--quick")
    assert outcome.status == 0, outcome.err
    model = open_model(views)
    assert [variant.kind for variant in model.variants] == ["float32", "codebook"]
    assert len(model.calibration_images()) == 84, "a model without them gets some"
    # `run` cannot use this network by itself, so the call is Python's.
    line = outcome.out.splitlines()[-1].removeprefix("Use it with: ")
    assert line == f"napari_sciml.classify({str(views)!r}, images, backend='codebook', levels=3)"
    images = np.random.default_rng(0).integers(0, 255, (3, 64, 64))
    chances = api.classify(str(views), images, backend="codebook", levels=3)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-4)
    shown = cli("models", views)
    assert json.loads(shown.out)["variants"].keys() == {"float32", "codebook-3-qat-layer"}
    assert f"  codebook-3-qat-layer: {model.variants[1].size_bytes:,} bytes, " in shown.err
    (views / "float32.safetensors").unlink()
    assert "float32.safetensors is missing" in cli("models", views).err


def test_what_was_learnt_is_not_learnt_again(views: Path) -> None:
    model = open_model(views)
    wanted = {"levels": 2, "data_levels": None, "method": "qat", "scope": "layer", "targets": "weights"}
    work = quantize_work.make_levels(model, dict(wanted), 1, True, "")
    for step in work:
        if step.what == "epochs":
            break
    work.close()
    assert [variant.kind for variant in open_model(model.folder).variants] == ["float32"]
    (log,) = model.folder.rglob("training.csv")
    before = log.read_text()
    variant = drive(quantize_work.make_levels(model, dict(wanted), 1, True, ""))
    assert log.read_text() == before
    # The same seed from the beginning gives the same file.
    shutil.rmtree(model.folder / "work")
    again = drive(quantize_work.make_levels(model, dict(wanted), 1, True, ""))
    assert again.sha256 == variant.sha256


def test_stopping_says_how_to_go_on(cli: Any, views: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(quantize_work, "make_levels", stop)
    outcome = cli("quantize", views, "--quick")
    assert outcome.status == 130
    assert outcome.err.endswith("Stopped.\nThe same command goes on from here.\n")


def test_integers_are_made_and_compared(cli: Any, views: Path) -> None:
    pytest.importorskip("onnxruntime")
    outcome = cli("quantize", views, "--backend", "int8", "--quick")
    assert outcome.status == 0, outcome.err
    model = open_model(views)
    (made,) = (variant for variant in model.variants if variant.kind == "int8")
    assert f"int8: {made.size_bytes:,} bytes" in outcome.out
    assert "of 60, training images kept apart" in outcome.out
    command = model.card["variants"]["int8"]["command"]
    assert command == "napari-sciml quantize cryoem-orientation --backend int8 --seed 0 --quick --out DIR"


def test_how_few_levels_each_part_bears(
    cli: Any, tmp_path: Path, views: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "sensitivity", partial(sweep.sensitivity, levels=(2, 16)))
    outcome = cli("quantize", views, "--sweep", "--quick", "--out", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    files = [tmp_path / "out" / f"cryoem-orientation-levels.{kind}" for kind in ("csv", "png")]
    assert outcome.out.split() == [str(file) for file in files]
    table = pd.read_csv(files[0])
    whole = table[(table["part"] == "weights and data") & (table["levels"] == 16)]
    assert whole["agreement"].item() > 0.5
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert [variant.kind for variant in open_model(views).variants] == ["float32"]
    assert "say with --out DIR where they go" in cli("quantize", views, "--sweep").err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gisaxs-lattice"], "gisaxs-lattice came with the program and stays as it is: say with --out DIR"),
        (["gisaxs-lattice", "--levels", "0"], "The setting levels=0 is not valid"),
        (["gisaxs-lattice", "--levels", "17"], "The setting levels=17 is not valid"),
        (["gisaxs-lattice", "--data-levels", "0"], "The setting data_levels=0 is not valid"),
        (
            ["gisaxs-lattice", "--backend", "int8", "--levels", "3"],
            "Integers have no levels: leave out --levels",
        ),
        (["nonsense"], "There is no model called 'nonsense'"),
    ],
)
def test_faults_are_one_sentence(words: list[str], sentence: str, cli: Any) -> None:
    outcome = cli("quantize", *words)
    assert outcome.status == 2
    assert len(outcome.err.strip().splitlines()) == 1
    assert sentence in outcome.err


def test_a_copy_never_covers_another_model(tmp_path: Path, random_patch_model: Model) -> None:
    mine = open_model(own(random_patch_model, tmp_path / "a" / "net"))
    copy = quantize_work.copy_for(mine, tmp_path / "copies")
    assert copy.folder == tmp_path / "copies" / "net"
    assert quantize_work.copy_for(mine, tmp_path / "copies").folder == copy.folder, (
        "a second variant joins the first"
    )
    assert quantize_work.copy_for(mine, mine.folder.parent).folder == mine.folder
    shipped = open_model(shutil.copytree(get_model("gisaxs-lattice").folder, tmp_path / "b" / "net"))
    with pytest.raises(SciMLError, match="Another model lies in"):
        quantize_work.copy_for(shipped, tmp_path / "copies")
    (tmp_path / "file").write_text("")
    with pytest.raises(SciMLError, match="something else has that name"):
        quantize_work.copy_for(mine, tmp_path / "file")


def test_the_float_weights_are_described_too() -> None:
    model = get_model("microct-fiber")
    weights = model.variant("float32")
    assert describe(model, weights) == f"float32: {weights.size_bytes:,} bytes"
    assert how_to_run(model, weights).startswith("napari_sciml.classify(")
