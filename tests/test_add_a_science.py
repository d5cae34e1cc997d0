"""A science and a backend of other packages are found everywhere by one spec each."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sciml as sciml
from fixtures.plugins import installed, write_documented
from napari_sciml.backends import backend_names
from napari_sciml.cli import doctor
from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques import get_technique
from napari_sciml.techniques.registry import sample_of

ROOT = Path(__file__).parents[1]
DOTS = [(20.0, 30.0), (40.0, 100.0), (70.0, 60.0)]
"""Where the sample has its dots, the brightest first."""


@pytest.fixture
def folder(tmp_path):
    write_documented(tmp_path)
    return tmp_path


@pytest.fixture
def packages(folder):
    with installed(folder):
        yield folder


def command(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Call the command line as a person does who has the packages installed."""
    paths = [str(folder), *sys.path]
    return subprocess.run(
        [sys.executable, "-c", "from napari_sciml.cli import main; main()", *map(str, words)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_packages_they_are_offered_nowhere():
    assert "dots" not in sciml.techniques()
    assert "echo" not in backend_names()


def test_in_python(packages):
    assert sciml.techniques() == ["cryoem", "diffraction", "gisaxs", "microct", "dots"]
    image = sample_of("dots").open()
    found = sciml.run("dots", image, threshold=0.7)
    np.testing.assert_allclose(found.table[["y", "x"]], DOTS[:2], atol=0.2)
    np.testing.assert_allclose(found.at_threshold(0.1).table[["y", "x"]], DOTS, atol=0.2)
    assert len(sciml.run("dots", image, least_area_px=10_000).candidates) == 0
    series = sciml.run("dots", np.stack([image.data, 0 * image.data]), threshold=0.7)
    assert series.table["z"].tolist() == [0, 0]
    with pytest.raises(SciMLError, match="There is no setting called least_area"):
        sciml.run("dots", image, least_area=3)


def test_a_saved_run_opens_again(packages, tmp_path):
    found = sciml.run("dots", sample_of("dots").open(), threshold=0.7)
    paths = found.save(tmp_path / "out")
    assert [path.name for path in paths] == ["findings.csv", "points.csv", "overlay.png", "run.json"]
    again = sciml.open_run(tmp_path / "out")
    pd.testing.assert_frame_equal(again.table, found.table)
    assert len(again.at_threshold(0.1).table) == 3


def test_a_backend_in_python(packages, random_dense_model):
    assert backend_names() == ["float32", "codebook", "int8", "echo"]
    image = np.random.default_rng(0).integers(0, 255, (2, 40, 40), np.uint8)
    given = {"model": str(random_dense_model.folder), "threshold": 0.1}
    found = sciml.run("microct", image, backend="echo", **given)
    assert found.provenance.backend == "echo"
    assert found.provenance.network.agreement == 1.0
    pd.testing.assert_frame_equal(found.table, sciml.run("microct", image, **given).table)
    with pytest.raises(SciMLError, match="use one of float32, codebook, int8, echo"):
        sciml.run("microct", image, backend="no-such", **given)


def test_on_the_command_line(folder, random_dense_model):
    listed = command(folder, "run", "--help").stdout
    assert "dots" in listed
    assert "Bright dots" in listed
    shown = command(folder, "run", "dots", "--help").stdout
    assert "Smallest dot that counts, in pixels. Range: from 1. Default: 3." in " ".join(shown.split())
    assert "--backend <float32|codebook|int8|echo>" in shown

    demo = command(folder, "demo", "dots", "--headless", "--out", "demo")
    assert demo.returncode == 0, demo.stderr
    assert "Found 3 bright dots" in demo.stdout
    np.save(folder / "image.npy", np.random.default_rng(0).integers(0, 255, (2, 40, 40), np.uint8))
    words = ["--backend", "echo", "--model", random_dense_model.folder, "--out", "out"]
    run = command(folder, "run", "microct", "image.npy", *words)
    assert run.returncode == 0, run.stderr
    assert '"backend": "echo"' in (folder / "out/run.json").read_text(encoding="utf-8")


def test_in_the_tables_of_the_documentation_and_for_the_doctor(packages):
    with installed(ROOT / "scripts"), installed(ROOT / "docs"):
        generate = import_module("generate")
    assert "| `dots` | Bright dots |  | Bright dots (simulated) |" in generate.techniques_table()
    assert "| `echo` | echo of float32 |  |  |  |" in generate.backends_table()
    settings = generate.settings_table(get_technique("dots").settings_type)
    assert "| `least_area_px` | whole number from 1 | `3` | Smallest dot that counts" in settings
    assert ("backend echo", "can run") in [(line.name, line.value) for line in doctor.backends()]
    assert "| `backend` | `float32`, `codebook`, `int8`, `echo` |" in settings
