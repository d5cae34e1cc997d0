"""Whatever a person does wrong on the command line is one sentence and exit status 2, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from napari_sciml.io.saving import atomic
from napari_sciml.networks.model import Model

RNG = np.random.default_rng(0)


def save(folder: Path, pixels: np.ndarray) -> Path:
    np.save(folder / "v.npy", pixels)
    return folder / "v.npy"


def missing(folder: Path) -> Path:
    return folder / "v.npy"


def empty_file(folder: Path) -> Path:
    (folder / "v.tif").touch()
    return folder / "v.tif"


def text_file(folder: Path) -> Path:
    (folder / "v.txt").write_text("beam time")
    return folder / "v.txt"


def empty_folder(folder: Path) -> Path:
    (folder / "v").mkdir()
    return folder / "v"


def truncated_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "v.tif", RNG.integers(0, 255, (6, 64, 64), dtype=np.uint8))
    content = (folder / "v.tif").read_bytes()
    (folder / "v.tif").write_bytes(content[: len(content) // 2])
    return folder / "v.tif"


def colour(folder: Path) -> Path:
    return save(folder, np.zeros((64, 64, 3), np.uint8))


def complex_numbers(folder: Path) -> Path:
    return save(folder, np.zeros((64, 64), np.complex64))


def one_dimension(folder: Path) -> Path:
    return save(folder, np.zeros(64))


def five_dimensions(folder: Path) -> Path:
    return save(folder, np.zeros((1, 1, 1, 64, 64)))


def nothing_in_it(folder: Path) -> Path:
    return save(folder, np.zeros((0, 64, 64)))


def not_a_number(folder: Path) -> Path:
    return save(folder, np.full((64, 64), np.nan, np.float32))


def infinite(folder: Path) -> Path:
    return save(folder, np.full((64, 64), np.inf, np.float32))


def too_small(folder: Path) -> Path:
    return save(folder, np.zeros((3, 4, 64), np.uint8))


def several_datasets(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["left"] = file["right"] = np.zeros((2, 64, 64))
        file["other"] = np.zeros((2, 64, 64))
    return folder / "v.h5"


@pytest.mark.parametrize(
    "make",
    [
        missing,
        empty_file,
        text_file,
        empty_folder,
        truncated_tiff,
        colour,
        complex_numbers,
        one_dimension,
        five_dimensions,
        nothing_in_it,
        not_a_number,
        infinite,
        too_small,
        several_datasets,
    ],
)
def test_bad_input_is_one_sentence(
    make: Callable[[Path], Path], cli: Any, tmp_path: Path, random_dense_model: Model
) -> None:
    path = make(tmp_path)
    outcome = cli("run", "microct", path, "--out", tmp_path / "out", "--model", random_dense_model.folder)
    sentence = one_sentence(outcome)
    # Every sentence names the file it is about.
    assert path.name in sentence
    assert not (tmp_path / "out" / "findings.csv").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--threshold", "3"], "The setting threshold=3.0 is not valid"),
        (["--axis", "5"], "The setting axis=5 is not valid"),
        (["--model", "nonsense"], "There is no model called 'nonsense'"),
        (["--fiber-diameter-um", "9"], "does not say how large a pixel is"),
        (["--fiber-diameter-px", "300"], "hardly larger than one fibre"),
        (["--axes", "zy"], "has 3 dimensions but axes='zy' names 2"),
        (["--channel", "0"], "has no channels"),
        (["--dataset", "x"], "has no parts"),
        (["--backend", "spiking"], "'spiking' is not one of 'float32', 'codebook', 'int8'"),
        (["--backend", "codebook", "--levels", "0"], "The setting levels=0 is not valid"),
        (["--backend", "codebook", "--levels", "17"], "levels=17 is not valid: input should be less"),
    ],
)
def test_bad_settings_are_one_sentence(
    options: list[str], sentence: str, cli: Any, volume_file: Path, tmp_path: Path, random_dense_model: Model
) -> None:
    if "--model" not in options:
        options = [*options, "--model", str(random_dense_model.folder)]
    assert sentence in one_sentence(cli("run", "microct", volume_file, "--out", tmp_path / "out", *options))


def test_constant_image_has_no_fibres_but_is_no_fault(
    cli: Any, tmp_path: Path, random_dense_model: Model
) -> None:
    path = save(tmp_path, np.full((2, 64, 64), 7, np.uint8))
    outcome = cli("run", "microct", path, "--out", tmp_path / "out", "--model", random_dense_model.folder)
    assert outcome.status in (0, 2)
    assert "Traceback" not in outcome.err


def test_folder_is_tried_before_the_run(
    cli: Any, volume_file: Path, tmp_path: Path, random_dense_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_sciml import api

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the run started")

    def refuse(source: object, target: object) -> None:
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr(api, "run", never)
    (tmp_path / "busy").write_text("a file")
    words = ("run", "microct", volume_file, "--model", random_dense_model.folder, "--out")
    assert "something else has that name" in one_sentence(cli(*words, tmp_path / "busy"))
    monkeypatch.setattr(atomic.os, "replace", refuse)
    assert "no permission to write" in one_sentence(cli(*words, tmp_path / "locked"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["run", "alchemy", "v.npy", "--out", "o"],
            "There is no technique called 'alchemy': use one of cryoem, diffraction, gisaxs, microct",
        ),
        (["demo", "alchemy"], "There is no demo called alchemy"),
        (["models", "alchemy"], "There is no model called 'alchemy'"),
        (["simulate", "microct", "--out", "o", "--slices", "0"], "The setting slices=0 is not valid"),
    ],
)
def test_other_commands_refuse_in_one_sentence(
    words: list[str], sentence: str, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in one_sentence(cli(*words))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "microct"], "Missing argument 'INPUT'"),
        (["run", "microct", "v.npy"], "Missing option '--out'"),
        (["run", "microct", "v.npy", "--out", "o", "--axis", "z"], "Invalid value for '--axis'"),
        (["run", "microct", "v.npy", "--out", "o", "--speed", "3"], "No such option: --speed"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_mistyped_calls_say_what_is_expected(words: list[str], sentence: str, cli: Any) -> None:
    outcome = cli(*words)
    assert outcome.status == 2
    assert sentence in outcome.err


def one_sentence(outcome: Any) -> str:
    """Check that the last thing printed is one full sentence with exit status 2, and give it."""
    assert outcome.status == 2, outcome
    assert "Traceback" not in outcome.err
    sentence = str(outcome.err.rstrip("\n").rpartition("\n")[2])
    assert sentence.endswith(".")
    assert sentence[0].isalpha() or sentence.startswith("/")
    return sentence
