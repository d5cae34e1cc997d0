"""``run`` gives what Python gives, writes it into a folder and never loses it."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from napari_sciml import api
from napari_sciml.cli import run as run_module
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.model import Model
from napari_sciml.techniques.microct.recipe import MicroCT

FILES = ["findings.csv", "overlay.png", "points.csv", "run-data", "run.json"]


def test_a_file_of_others_in_the_folder_stays_and_it_is_said(
    cli: Any, tmp_path: Path, volume_file: Path, random_dense_model: Model
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "findings.csv").write_text("mine")
    for _ in range(2):
        outcome = cli("run", "microct", volume_file, "--model", random_dense_model.folder, "--out", out)
        assert outcome.status == 0, outcome.err
        told = "findings.csv was there before and stays as it was; the new one is findings.sciml.csv.\n"
        assert told in outcome.err
        assert f"  {out / 'findings.sciml.csv'}\n" in outcome.out
    assert (out / "findings.csv").read_text() == "mine"
    assert len(list(out.glob("*findings*"))) == 2


def test_run_writes_the_same_table_as_python(
    cli: Any, volume_file: Path, random_dense_model: Model, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    settings = {"threshold": 0.4, "fiber_diameter_px": 12.0, "min_distance_px": 5.0}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    outcome = cli("run", "microct", volume_file, "--out", out, "--model", random_dense_model.folder, *words)
    assert outcome.status == 0, outcome.err
    expected = api.run("microct", volume_file, model=str(random_dense_model.folder), **settings).table
    assert len(expected) > 10
    written = pd.read_csv(out / "findings.csv")
    pd.testing.assert_frame_equal(written, expected, check_dtype=False, check_exact=True)
    assert sorted(file.name for file in out.iterdir()) == FILES
    record = json.loads((out / "run.json").read_text())
    assert (record["partial"], record["settings"]["min_distance_px"]) == (False, 5.0)
    assert len(pd.read_csv(out / "points.csv")) == len(expected)


def test_the_size_of_a_volume_without_a_header_is_typed_and_stands_in_the_record(
    cli: Any, random_dense_model: Model, tmp_path: Path
) -> None:
    volume = np.random.default_rng(0).integers(0, 255, (2, 40, 48), dtype=np.uint8)
    (tmp_path / "scan.raw").write_bytes(volume.tobytes())
    words = ["run", "microct", tmp_path / "scan.raw", "--model", random_dense_model.folder, "--out"]
    size = ["--shape", "2,40,48", "--dtype", "uint8", "--fiber-diameter-px", "13.5"]
    outcome = cli(*words, tmp_path / "out", *size)
    assert outcome.status == 0, outcome.err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["source"]["opened"] == {"shape": [2, 40, 48], "dtype": "uint8"}
    size[1] = "3,40,48"
    outcome = cli(*words, tmp_path / "other", *size)
    assert outcome.status != 0
    assert "what would fit: --shape 2,40,48 --dtype uint8" in outcome.err


def test_plan_comes_before_the_result(
    cli: Any, volume_file: Path, random_dense_model: Model, tmp_path: Path
) -> None:
    outcome = cli(
        "run", "microct", volume_file, "--out", tmp_path / "out", "--model", random_dense_model.folder
    )
    lines = outcome.out.splitlines()
    assert lines[0].startswith("volume.npy: 3 x 48 x 56 (z, y, x), uint8")
    assert re.fullmatch(r"3 tiles, about \d+ s, 0\.\d GB", lines[1])
    assert re.fullmatch(r"Found \d+ fibre cross-sections in \d+ s\.", lines[2])
    assert [Path(line.strip()).name for line in lines[3:]] == [
        "findings.csv",
        "points.csv",
        "overlay.png",
        "run.json",
    ]
    assert all(Path(line.strip()).is_file() for line in lines[3:])
    assert "3 of 3 tiles" in outcome.err
    assert "time left" in outcome.err


def test_every_setting_is_an_option_with_its_description(cli: Any) -> None:
    words = " ".join(cli("run", "microct", "--help").out.split())
    for name, field in MicroCT.settings_type.model_fields.items():
        assert f"--{name.replace('_', '-')} " in words
        assert field.description is not None
        assert field.description in words
    assert "Range: from 0 to 1. Default: 0.5." in words


def test_options_reach_the_run_with_their_types(
    cli: Any, volume_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def note(technique: str, source: Any, settings: dict[str, Any], out: Path, threads: int | None) -> None:
        seen.update(settings=settings, threads=threads, axes=source.axes, out=out)

    monkeypatch.setattr(run_module, "run_source", note)
    words = ["--axes", "zyx", "--threads", "1", "--runtime", "torch", "--axis", "2", "--pixel-size-nm", "650"]
    assert cli("run", "microct", volume_file, "--out", tmp_path / "o", *words).status == 0
    assert seen == {
        "settings": {"runtime": "torch", "axis": 2, "pixel_size_nm": 650.0},
        "threads": 1,
        "axes": ("z", "y", "x"),
        "out": tmp_path / "o",
    }


def test_dataset_and_channel_choose_the_image(cli: Any, tmp_path: Path, random_dense_model: Model) -> None:
    stack = np.random.default_rng(0).integers(0, 255, (2, 40, 44), dtype=np.uint8)
    np.savez(tmp_path / "v.npz", other=stack[0], wanted=stack)
    options = ["--dataset", "wanted", "--axes", "cyx", "--channel", "1", "--model", random_dense_model.folder]
    outcome = cli("run", "microct", tmp_path / "v.npz", "--out", tmp_path / "o", *options)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("v.npz::wanted: 40 x 44 (y, x)")


def test_stopped_run_keeps_and_marks_what_it_has(
    cli: Any, volume_file: Path, random_dense_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = MicroCT.run

    def press_ctrl_c_after_two(
        self: MicroCT, source: Any, settings: Any, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        import signal

        work = real(self, source, settings, cancel)
        while True:
            try:
                step = next(work)
            except StopIteration as stop:
                found: Findings = stop.value
                return found
            if step.done == 2:
                signal.raise_signal(signal.SIGINT)
            yield step

    monkeypatch.setattr(MicroCT, "run", press_ctrl_c_after_two)
    out = tmp_path / "out"
    outcome = cli(
        "run", "microct", volume_file, "--out", out, "--model", random_dense_model.folder, "--threshold", "0"
    )
    assert outcome.status == 130
    assert "what is found so far is kept" in outcome.err
    assert "Stopped after 2 of 3 tiles, marked partial. Found" in outcome.out
    assert sorted(file.name for file in out.iterdir()) == FILES
    record = json.loads((out / "run.json").read_text())
    assert (record["units_done"], record["units_total"], record["partial"]) == (2, 3, True)
    assert set(pd.read_csv(out / "findings.csv")["z"]) == {0.0, 1.0}


def test_second_ctrl_c_ends_at_once() -> None:
    import signal

    from napari_sciml.cli.console import stop_on_interrupt

    token = CancelToken()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_on_interrupt(token):
        interrupt_twice(token)
    assert signal.getsignal(signal.SIGINT) is before


def interrupt_twice(token: CancelToken) -> None:
    """Press Ctrl-C, see that it only asks, and press it again."""
    import signal

    signal.raise_signal(signal.SIGINT)
    assert token.cancelled
    signal.raise_signal(signal.SIGINT)


def test_results_are_rescued_when_the_folder_fills_up(
    cli: Any, volume_file: Path, random_dense_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Findings.save
    out, rescue = tmp_path / "out", tmp_path / "rescue"
    rescue.mkdir()

    def fail_there(self: Findings, folder: str | Path) -> list[Path]:
        if Path(folder) == out:
            raise SciMLError("The disk is full", "free some space")
        return real(self, folder)

    monkeypatch.setattr(Findings, "save", fail_there)
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(rescue))
    outcome = cli("run", "microct", volume_file, "--out", out, "--model", random_dense_model.folder)
    assert outcome.status == 2
    assert f"The disk is full: free some space; the results are in {rescue}." in outcome.err
    assert sorted(file.name for file in rescue.iterdir()) == FILES


def test_a_bug_keeps_its_traceback(
    volume_file: Path, random_dense_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_sciml.cli import main

    def divide(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(api, "run", divide)
    words = ["run", "microct", volume_file, "--out", tmp_path / "o", "--model", random_dense_model.folder]
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main([str(word) for word in words])
