"""``run diffraction`` on good and bad frames: files, warnings and one sentence for what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.bright_tiles import still
from fixtures.detector_formats import cut, write_cbf, write_tiff

FILES = [
    "findings.csv",
    "hits.lst",
    "overlay.png",
    "peaks.csv",
    "peaks.cxi",
    "points.csv",
    "run-data",
    "run.json",
]


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """A folder of four CBF files."""
    folder = tmp_path / "run"
    folder.mkdir()
    for number in range(4):
        write_cbf(folder / f"{number}.cbf", still(number, hit=number == 1))
    return folder


def test_a_folder_of_frames_goes_to_lists(cli: Any, frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = cli("run", "diffraction", frames, "--out", out)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("run: 4 x 128 x 128 (t, y, x), int32")
    assert sorted(file.name for file in out.iterdir()) == FILES
    assert json.loads((out / "run.json").read_text())["source"]["path"] == str(frames)


@pytest.mark.parametrize("suffix", [".cbf", ".tif"])
def test_bad_frames_are_told_and_the_others_written(
    suffix: str, cli: Any, frames: Path, tmp_path: Path
) -> None:
    write = write_cbf if suffix == ".cbf" else write_tiff
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(5):
        write(folder / f"{number}{suffix}", still(number, hit=False))
    write(folder / f"2{suffix}", still(9, hit=False, shape=(140, 128)))
    write(folder / f"4{suffix}", np.zeros((128, 128), np.int32))
    cut(folder / f"3{suffix}", 0.4)
    outcome = cli("run", "diffraction", folder, "--out", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    warnings = [line for line in outcome.out.splitlines() if line.startswith("Warning: ")]
    assert [line.split(" was left out: ")[0] for line in warnings] == [
        f"Warning: Frame {n}" for n in (2, 3, 4)
    ]
    assert [line.split(" was left out: ")[1].split(" ")[0] for line in warnings[:1]] == [f"2{suffix}"]
    assert "It holds nothing but 0" in warnings[2]
    rows = (tmp_path / "out/findings.csv").read_text().splitlines()
    assert rows[3].startswith("2,,,")
    assert rows[1].startswith("0,False,")
    left_out = (tmp_path / "out/left_out.lst").read_text().splitlines()
    assert left_out == [str(folder / f"{n}{suffix}") for n in (2, 3, 4)]


def bad_mask(folder: Path) -> tuple[list[str | Path], str]:
    write_cbf(folder / "mask.cbf", np.ones((64, 64), np.int32))
    return [
        folder / "run",
        "--mask",
        folder / "mask.cbf",
    ], "The mask has 64 x 64 px, but the frames have 128 x"


def only_dark(folder: Path) -> tuple[list[str | Path], str]:
    (folder / "dark").mkdir()
    for number in range(2):
        write_cbf(folder / f"dark/{number}.cbf", np.zeros((128, 128), np.int32))
    return [folder / "dark"], "dark cannot be used: It holds nothing but 0"


def small_frames(folder: Path) -> tuple[list[str | Path], str]:
    np.save(folder / "small.npy", np.ones((3, 40, 128), np.int32))
    return [folder / "small.npy"], "has frames of 40 x 128 px"


def cut_file(folder: Path) -> tuple[list[str | Path], str]:
    return [cut(folder / "run/0.cbf", 0.03)], "0.cbf ends before its pixels begin"


@pytest.mark.parametrize("make", [bad_mask, only_dark, small_frames, cut_file])
def test_what_cannot_be_used_is_one_sentence(make: Any, cli: Any, frames: Path, tmp_path: Path) -> None:
    words, sentence = make(tmp_path)
    outcome = cli("run", "diffraction", *words, "--out", tmp_path / "out")
    assert outcome.status == 2
    assert sentence in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
