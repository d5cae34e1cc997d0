"""Every other command does what it says, and none loads what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_sciml as sciml
from napari_sciml.backends import runtime_choice
from napari_sciml.cli import demo as demo_module
from napari_sciml.cli import doctor as doctor_module
from napari_sciml.cli import open as open_module
from napari_sciml.io import open_image
from napari_sciml.io.saving.tables import write_csv
from napari_sciml.io.saving.volumes import write_volume
from napari_sciml.networks import registry
from napari_sciml.networks.model import Model
from napari_sciml.samples import microct_phantom


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the program find a small sample with a known truth where its own would be."""
    folder = tmp_path / "samples"
    folder.mkdir()
    volume = np.random.default_rng(0).integers(0, 255, (2, 48, 48), dtype=np.uint8)
    write_volume(volume, folder / "cmc_phantom.tif", pixel_size_um=0.7)
    truth = pd.DataFrame({"z": [0, 1], "y": [20.0, 30.0], "x": [20.0, 30.0]})
    write_csv(truth, folder / "cmc_phantom_truth.csv")
    monkeypatch.setattr(microct_phantom, "FOLDER", folder)
    return folder


@pytest.mark.parametrize("how", ["asked for", "no display"])
def test_demo_without_a_window_writes_files_and_says_how_good_it_is(
    how: str, cli: Any, sample: Path, shipped_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "has_display", lambda *_: how == "asked for")
    words = ["--headless"] if how == "asked for" else []
    outcome = cli("demo", *words, "--out", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    files = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert files == ["findings.csv", "overlay.png", "points.csv", "run-data", "run.json"]
    assert "Against the known truth (2 centres, matched within 4 px): precision 0." in outcome.out
    assert str(tmp_path / "out" / "overlay.png") in outcome.out
    assert ("There is no display" in outcome.err) == (how == "no display")


def test_demo_with_a_display_starts_the_window_by_name(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def call(words: list[str]) -> int:
        calls.append(words)
        return 3

    monkeypatch.setattr(demo_module, "has_display", lambda *_: True)
    monkeypatch.setattr(demo_module.subprocess, "call", call)
    assert cli("demo").status == 3
    assert calls == [[sys.executable, "-m", "napari_sciml.app.demo", "microct"]]


def test_a_saved_run_is_opened_in_a_window_by_name(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    noise = np.random.default_rng(0).normal(size=(1, 64, 64)).astype(np.float32)
    sciml.run("microct", noise, fiber_diameter_px=13.5).save(tmp_path)
    monkeypatch.setattr(open_module, "has_display", lambda *_: True)
    monkeypatch.setattr(demo_module.subprocess, "call", lambda words: calls.append(words) or 0)
    for path in (tmp_path, tmp_path / "run.json"):
        assert cli("open", path).status == 0
    assert calls == [[sys.executable, "-m", "napari_sciml.app.reopen", str(tmp_path)]] * 2
    monkeypatch.setattr(open_module, "has_display", lambda *_: False)
    assert "sciml.open_run(" in cli("open", tmp_path).err
    outcome = cli("open", tmp_path / "nothing")
    assert outcome.status == 2
    assert "run.json" in outcome.err


def test_demo_without_napari_says_what_to_install(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "has_display", lambda *_: True)
    monkeypatch.setattr(demo_module.importlib.util, "find_spec", lambda name: None)
    outcome = cli("demo")
    assert outcome.status == 2
    assert "napari is not installed: type: pip install" in outcome.err


def test_truth_is_compared_slice_by_slice() -> None:
    true = pd.DataFrame({"z": [0, 0, 1], "y": [10.0, 50, 10], "x": [10.0, 50, 10]})
    found = pd.DataFrame({"z": [0.0, 0, 1, 2], "y": [12.0, 80, 10, 10], "x": [11.0, 80, 10, 10]})
    line = microct_phantom.truth_line(found, true)
    assert line.endswith("(3 centres, matched within 4 px): precision 0.500, recall 0.667, F1 0.571.")
    assert "recall 0.000" in microct_phantom.truth_line(found[:0], true)


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_display_is_known_from_the_environment(
    environment: dict[str, str], platform: str, expected: bool
) -> None:
    assert demo_module.has_display(environment, platform) is expected


def test_simulate_writes_volume_truth_and_what_was_asked_for(cli: Any, tmp_path: Path) -> None:
    def call(folder: str) -> Any:
        words = ["--seed", "3", "--slices", "2", "--size-px", "96", "--angles", "60", "--no-infill"]
        return cli("simulate", "microct", "--out", tmp_path / folder, *words)

    outcome = call("a")
    assert outcome.status == 0, outcome.err
    source = open_image(tmp_path / "a" / "volume.tif")
    assert (source.shape, source.dtype.name, source.axes) == ((2, 96, 96), "uint8", ("z", "y", "x"))
    assert source.pixel_size == pytest.approx((0.7, 0.7, 0.7), rel=1e-5)
    truth = pd.read_csv(tmp_path / "a" / "truth.csv")
    assert {"z", "y", "x", "diameter_px", "tilt_deg", "fiber"} <= set(truth.columns)
    record = json.loads((tmp_path / "a" / "simulation.json").read_text())
    assert (record["seed"], record["spec"]["angles"], record["spec"]["infill"]) == (3, 60, False)
    assert f"with {truth['fiber'].nunique()} fibres" in outcome.out
    assert "2 of 2 slices" in outcome.err
    call("b")
    assert (tmp_path / "a" / "volume.tif").read_bytes() == (tmp_path / "b" / "volume.tif").read_bytes()


def test_models_lists_networks_and_prints_a_card(
    cli: Any, shipped_model: Path, random_dense_model: Model
) -> None:
    listed = cli("models").out
    assert "microct-fiber-dense" in listed
    assert f"{random_dense_model.parameters:,}" in listed
    card = json.loads(cli("models", "microct-fiber-dense").out)
    assert card == json.loads(cli("models", shipped_model).out)
    assert card["classes"] == ["not_fiber", "fiber"]


def test_models_without_any_says_how_to_make_one(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", tmp_path)
    assert "napari-sciml train microct" in cli("models").out


def test_doctor_lists_what_matters(cli: Any, shipped_model: Path) -> None:
    outcome = cli("doctor")
    assert outcome.status == 0
    for name in ("napari-sciml", "python", "torch", "napari", "qt", "cores", "memory", "display"):
        assert f"\n{name} " in f"\n{outcome.out}"
    assert version("torch") in outcome.out
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "model microct-fiber-dense float32; weights as in the card" in lines
    assert 'pip install --upgrade "napari-sciml[all]"' in outcome.out


def test_doctor_finds_damaged_weights_and_missing_packages(
    cli: Any, shipped_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = registry.open_model(shipped_model).variant("float32").file
    weights.write_bytes(weights.read_bytes()[:-1])
    monkeypatch.setattr(doctor_module, "installed", lambda name: "")
    outcome = cli("doctor")
    assert outcome.status == 0
    assert "damaged" in outcome.out
    assert "To do: The weights" in outcome.out
    assert "To do: networks need torch: pip install torch" in outcome.out
    assert 'To do: for the window: pip install "napari[pyqt6]"' in outcome.out


def test_doctor_looks_into_a_file(cli: Any, volume_file: Path, tmp_path: Path) -> None:
    assert "volume.npy: 3 x 48 x 56 (z, y, x), uint8" in cli("doctor", volume_file).out
    sick = cli("doctor", tmp_path / "absent.tif")
    assert sick.status == 0
    assert "There is no file or folder" in sick.err


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """What was measured, each time another result; the memory is empty."""
    seen: list[tuple[str, str]] = []

    def measure(model: Model, backend: str) -> runtime_choice.Choice:
        seen.append((model.name, backend))
        why = f"torch {backend}; measurement {len(seen)}"
        return runtime_choice.Choice(model=model.name, backend=backend, runtime="torch", why=why)

    monkeypatch.setattr(runtime_choice, "measure", measure)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(runtime_choice.VARIABLE)
    return seen


def test_doctor_measures_all_models_again(
    cli: Any, shipped_model: Path, measured: list[tuple[str, str]]
) -> None:
    first = cli("doctor", "--measure")
    assert (first.status, measured) == (0, [("microct-fiber-dense", "float32")])
    assert first.err == "Measuring microct-fiber-dense, float32 (1 of 1)\n"
    assert first.out == "fastest microct-fiber-dense float32  torch float32; measurement 1\n"
    assert "measurement 2" in cli("doctor", "--measure").out
    told = [" ".join(line.split()) for line in cli("doctor").out.splitlines()]
    assert "fastest microct-fiber-dense float32 torch float32; measurement 2" in told
    assert not any("measurement 1" in line for line in told)


def test_doctor_measures_the_models_that_are_named(
    cli: Any, shipped_model: Path, random_patch_model: Model, measured: list[tuple[str, str]]
) -> None:
    outcome = cli("doctor", "--measure", random_patch_model.folder)
    assert (outcome.status, measured) == (0, [("random-patch", "float32")])
    wrong = cli("doctor", "--measure", "microct-fiber-dense", "no-such-model")
    assert wrong.status == 2
    assert "There is no model called 'no-such-model'" in wrong.err
    assert len(measured) == 1


def test_doctor_says_that_a_variable_has_the_last_word(
    cli: Any, shipped_model: Path, measured: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runtime_choice.VARIABLE, "openvino")
    assert "SCIML_RUNTIME is openvino: it is used" in cli("doctor", "--measure").err


def test_version(cli: Any) -> None:
    assert cli("--version").out == f"napari-sciml {version('napari-sciml')}\n"


def test_help_names_the_commands_in_a_newcomers_order(cli: Any) -> None:
    text = cli("--help").out
    names = ["demo", "run", "open", "models", "doctor", "simulate", "train", "evaluate"]
    places = [text.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "microct", "--help"], ["doctor"]])
def test_nothing_heavy_is_loaded_for_a_look(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from napari_sciml.cli import main\n"
        "try:\n"
        f"    main({words!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'napari', 'qtpy', 'matplotlib', 'scipy', 'sklearn', 'skimage', 'onnxruntime'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
