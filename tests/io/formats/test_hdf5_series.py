"""Several HDF5 files as one series: patterns, folders, files that were picked, modules."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.events import event_names
from napari_sciml.io.file_series import open_series

SHAPE = (20, 30)


def write_run(path: Path, numbers: range, dtype: str = "uint16", **extra: object) -> Path:
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = np.stack([np.full(SHAPE, n, dtype) for n in numbers])
        for name, value in extra.items():
            file[f"entry/{name}"] = value
    return path


def numbers_in(source: object) -> list[int]:
    return [int(source.read((n, 0, 0))) for n in range(source.shape[0])]  # type: ignore[attr-defined]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Twelve runs, each one frame longer than the one before, in files whose numbers are not padded."""
    start = 0
    for run in range(12):
        write_run(tmp_path / f"run_{run}.h5", range(start, start + 1 + run), dark=np.zeros((9, *SHAPE), "u2"))
        start += 1 + run
    return tmp_path


@pytest.mark.parametrize("where", ["run_*.h5", "run_*.h5::/entry/data", "", "::/entry/data/data"])
def test_runs_follow_each_other_in_the_order_of_their_numbers(where: str, runs: Path) -> None:
    source = open_image(f"{runs}/{where}" if "*" in where else f"{runs}{where}")
    assert numbers_in(source) == list(range(78))
    assert event_names(source)(77) == f"{runs}/run_11.h5 //11"
    source.close()
    again = open_image(source.path or "")
    assert numbers_in(again) == list(range(78))


def test_runs_that_were_picked_are_one_series(runs: Path) -> None:
    source = open_series([runs / "run_2.h5", runs / "run_11.h5"])
    assert numbers_in(source) == [3, 4, 5, *range(66, 78)]
    assert event_names(source)(3) == f"{runs}/run_11.h5 //0"


def test_a_damaged_run_and_one_of_another_size_cost_only_themselves(runs: Path) -> None:
    (runs / "run_1.h5").write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    with h5py.File(runs / "run_2.h5", "w") as file:
        file["entry/data/data"] = np.zeros((3, 8, 9), np.uint16)
    source = open_image(f"{runs}/run_*.h5", independent_frames=True)
    with pytest.raises(SciMLError, match=r"The frames of run_2\.h5 are \(8, 9\) uint16, but most are"):
        source.read((2, 0, 0))
    with pytest.raises(SciMLError, match=r"run_1\.h5 could not be read as HDF5"):
        source.read((1, 0, 0))
    assert int(source.read((source.shape[0] - 1, 0, 0))) == 77
    assert any("run_1.h5 could not be read" in caution for caution in source.cautions)


def test_a_folder_with_a_master_is_opened_through_it(tmp_path: Path) -> None:
    write_run(tmp_path / "s_data_000001.h5", range(2))
    write_run(tmp_path / "s_data_000002.h5", range(2, 4))
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for part in (1, 2):
            link = h5py.ExternalLink(f"s_data_{part:06d}.h5", "/entry/data/data")
            file[f"entry/data/data_{part:06d}"] = link
    assert numbers_in(open_image(tmp_path)) == [0, 1, 2, 3]


def test_volumes_are_a_series_in_time(tmp_path: Path) -> None:
    for step in range(3):
        write_run(tmp_path / f"step_{step}.h5", range(5), "float32")
    assert open_image(f"{tmp_path}/step_*.h5").axes == ("t", "z", "y", "x")
    assert open_image(f"{tmp_path}/step_*.h5", independent_frames=True).shape == (15, *SHAPE)


def test_the_modules_of_a_lambda_are_one_picture(tmp_path: Path) -> None:
    for run in range(2):
        for module in (1, 2, 3):
            numbers = range(10 * module + 4 * run, 10 * module + 4 * run + 4)
            write_run(tmp_path / f"scan_{run:05d}_m{module:02d}.nxs", numbers)
    source = open_image(f"{tmp_path}/scan_*_m*.nxs")
    assert source.shape == (8, 60, 30)
    assert [int(source.read((5, row, 0))) for row in (0, 20, 59)] == [15, 25, 35]
    assert source.cautions[0].startswith("3 modules of 20 x 30 px are shown below each other")
    one = open_image(tmp_path / "scan_00001_m02.nxs")
    assert one.shape == (4, *SHAPE)
    assert one.cautions == ("this is one of 3 modules; scan_00001_m*.nxs opens all of them",)
    (tmp_path / "scan_00001_m02.nxs").unlink()
    with pytest.raises(SciMLError, match="give each run the files of all its modules"):
        open_image(f"{tmp_path}/scan_*_m*.nxs")
