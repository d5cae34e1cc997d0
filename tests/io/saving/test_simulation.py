"""What is simulated into a folder replaces what was simulated there before, as a whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from napari_sciml.core.progress import drive
from napari_sciml.io.saving.file_sets import open_set
from napari_sciml.io.saving.simulation import SIMULATION, new_simulation
from napari_sciml.techniques import spec_of
from napari_sciml.techniques.spec import load

SMALL: Mapping[str, tuple[dict[str, object], dict[str, object]]] = {
    "cryoem": ({"micrographs": 2, "size_px": 256}, {"micrographs": 1}),
    "diffraction": ({"frames": 2, "size_px": 256}, {"frames": 1}),
    "gisaxs": ({"images": 2, "rows": 64, "columns": 64}, {"images": 1}),
    "microct": ({"slices": 2, "size_px": 96, "angles": 60, "infill": False}, {"slices": 1}),
}


def visible(folder: Path) -> set[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in files if not name.startswith(SIMULATION[1])}


@pytest.mark.parametrize("technique", SMALL)
def test_every_science_leaves_one_whole_set(technique: str, tmp_path: Path) -> None:
    simulator = load(spec_of(technique).simulator)()
    first, change = SMALL[technique]
    (tmp_path / "notes.txt").write_text("mine")
    for values in (first, first | change):
        spec = simulator.settings_type(**values)
        made = drive(simulator.simulate(spec, 1, tmp_path))
        assert all(file.is_file() for file in made.files)
        saved = open_set(tmp_path, *SIMULATION)
        assert saved.record["seed"] == 1
        assert json.loads((tmp_path / "simulation.json").read_text())["technique"] == technique
        assert visible(tmp_path) == {"notes.txt", "simulation.json", *saved.names()}
        assert saved.notes == ()


def test_a_simulation_that_is_stopped_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    simulator = load(spec_of("diffraction").simulator)()
    spec = simulator.settings_type(frames=3, size_px=256)
    drive(simulator.simulate(spec, 1, tmp_path))
    before = (tmp_path / "frames.h5").read_bytes()
    work = simulator.simulate(spec, 2, tmp_path)
    next(work)
    work.close()
    assert (tmp_path / "frames.h5").read_bytes() == before
    assert open_set(tmp_path, *SIMULATION).record["seed"] == 1
    assert len(list((tmp_path / SIMULATION[1]).iterdir())) == 1


def test_micrographs_of_an_earlier_version_go_although_they_took_hours(tmp_path: Path) -> None:
    (tmp_path / "micrographs").mkdir()
    for name in ("simulation.json", "micrographs/old.mrc", "micrographs/mine.txt"):
        (tmp_path / name).write_text("{}")
    os.utime(tmp_path / "micrographs" / "old.mrc", times=(1e9, os.stat(tmp_path).st_mtime - 20_000))
    with new_simulation(tmp_path, {"seed": 1}) as draft:
        draft.outer("micrographs/new.mrc").write_text("new")
    assert visible(tmp_path) == {"simulation.json", "micrographs/new.mrc", "micrographs/mine.txt"}
