"""What a run over damaged, odd and empty frames leaves in its files; how many frames it holds at once."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from fixtures.bright_tiles import find_bright, hits_of, still
from fixtures.detector_formats import cut, write_cbf, write_tiff
from fixtures.peak_files import read_cxi
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image
from napari_sciml.io.events import event_names
from napari_sciml.io.saving.record import read_record
from napari_sciml.techniques.diffraction.usable_frames import refusal

HITS = (2, 6)


def write_series(folder: Path, suffix: str = ".cbf") -> Path:
    """Eight frames: 0 of another size, 1 cut short, 3 empty, 4 saturated, 2 and 6 hits, 5 and 7 misses."""
    write = write_cbf if suffix == ".cbf" else write_tiff
    folder.mkdir()
    for number in range(8):
        image = still(number, hit=number in HITS, shape=(140, 128) if number == 0 else (128, 128))
        if number == 3:
            image[:] = 0
        if number == 4:
            image[3:] = 65_535
        write(folder / f"shot_{number}{suffix}", image)
    cut(folder / f"shot_1{suffix}", 0.5)
    return folder


@pytest.mark.parametrize("suffix", [".cbf", ".tif"])
def test_a_lost_frame_is_listed_and_never_looks_like_a_miss(suffix: str, tmp_path: Path) -> None:
    folder = write_series(tmp_path / "run", suffix)
    found = find_bright(open_image(folder, independent_frames=True))
    files = found.save(tmp_path / "out")
    out = {file.name: file for file in files}
    assert [line.split(" was left out")[0] for line in found.provenance.problems] == [
        "Frame 0",
        "Frame 1",
        "Frame 3",
        "Frame 4",
    ]
    for problem, sentence in zip(
        found.provenance.problems,
        ["shot_0", "shot_1", "It holds nothing but 0", "More than half of it is saturated at 65535"],
        strict=True,
    ):
        assert sentence in problem
    assert found.summary == "2 hits in 4 frames (50.0 %), 4 left out"
    assert read_record(out["run.json"]).problems == found.provenance.problems

    table = pd.read_csv(out["findings.csv"], dtype={"hit": "boolean", "bragg_tiles": "Int64"})
    lost = [True, True, False, True, True, False, False, False]
    assert table["hit"].isna().tolist() == table["bragg_tiles"].isna().tolist() == lost
    assert table["score"].isna().tolist() == lost
    assert table["hit"].dropna().tolist() == [True, False, True, False]
    assert hits_of(files) == [str(folder / f"shot_{n}{suffix}") for n in HITS]
    left_out = out["left_out.lst"].read_text().splitlines()
    assert left_out == [str(folder / f"shot_{n}{suffix}") for n in (0, 1, 3, 4)]
    with h5py.File(out["peaks.cxi"]) as file:
        assert file["/entry_1/result_1/hit"][()].tolist() == [-1, -1, 1, -1, -1, 0, 1, 0]
        assert "/entry_1/data_1" not in file
    assert set(read_cxi(out["peaks.cxi"])["frame"]) == set(HITS)
    assert out["overlay.png"].stat().st_size > 1000


def test_files_are_written_where_the_first_frame_is_lost_and_none_is_a_hit(tmp_path: Path) -> None:
    frames = np.stack([np.zeros((128, 128), np.int32), still(1, hit=False), still(2, hit=False)])
    found = find_bright(ImageSource.from_array(frames, name="run"))
    names = {file.name for file in found.save(tmp_path)}
    assert {"overlay.png", "left_out.lst", "hits.lst"} <= names
    assert (tmp_path / "hits.lst").read_text() == ""
    assert (tmp_path / "left_out.lst").read_text() == "run //0\n"


def test_a_missing_data_file_of_a_master_costs_its_frames(tmp_path: Path) -> None:
    for part in (1, 2, 3):
        with h5py.File(tmp_path / f"s_data_{part:06d}.h5", "w") as file:
            file["entry/data/data"] = np.stack([still(9 * part + n, hit=n == 1) for n in range(2)])
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for part in (1, 2, 3):
            link = h5py.ExternalLink(f"s_data_{part:06d}.h5", "/entry/data/data")
            file[f"entry/data/data_{part:06d}"] = link
    (tmp_path / "s_data_000002.h5").unlink()
    opened = open_image(tmp_path / "s_master.h5")
    found = find_bright(opened)
    assert found.table["hit"].tolist() == [False, True, False, False, False, True]
    caution, *rest = found.provenance.problems
    assert caution.startswith(
        "1 of 3 files that s_master.h5 links to are not there, the first is s_data_000002"
    )
    assert rest == [
        f"Frame {n} was left out: s_master.h5 links to s_data_000002.h5, which is not there." for n in (2, 3)
    ]
    files = found.save(tmp_path / "out")
    assert hits_of(files) == [f"{tmp_path / f's_data_00000{part}.h5'} //1" for part in (1, 3)]
    assert (tmp_path / "out/left_out.lst").read_text().splitlines() == [
        f"{tmp_path / 's_data_000002.h5'} //{n}" for n in (0, 1)
    ]
    # A layer in a window knows the path only.
    layer = find_bright(ImageSource.from_array(opened.data, path=opened.path, name="s_master"))
    assert hits_of(layer.save(tmp_path / "again")) == hits_of(files)
    with h5py.File(tmp_path / "again/peaks.cxi") as file:
        assert "/entry_1/data_1" not in file


def test_an_event_list_of_a_source_that_does_not_say_finds_its_files(tmp_path: Path) -> None:
    """A layer in a window keeps the path, not what else the file's reader knew."""
    folder = write_series(tmp_path / "run")
    source = open_image(folder)
    shown = ImageSource.from_array(source.data, path=source.path, name="run")
    assert event_names(shown)(2) == str(folder / "shot_2.cbf")
    gone = ImageSource.from_array(source.data, path=str(tmp_path / "nowhere"), name="run")
    assert event_names(gone)(2) == f"{tmp_path / 'nowhere'} //2"


def test_a_mask_in_the_file_of_another_size_is_said_and_not_used(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file["entry/data"] = np.stack([still(n, hit=n == 1) for n in range(3)])
        file["entry/mask"] = np.ones((64, 64), bool)
    found = find_bright(open_image(tmp_path / "run.h5"))
    assert found.table["hit"].tolist() == [False, True, False]
    told = "the mask /entry/mask was found and not used, because it has another size (64 x 64 px)"
    assert told in found.provenance.problems


def test_a_mask_file_leaves_spots_out_and_stands_in_the_record(tmp_path: Path) -> None:
    mask = np.zeros((128, 128), np.int32)
    mask[:64] = 1
    write_cbf(tmp_path / "mask.cbf", mask)
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file["entry/data"] = np.stack([still(n, hit=n == 1) for n in range(3)])
    where = str(tmp_path / "mask.cbf")
    found = find_bright(open_image(tmp_path / "run.h5"), mask=where, min_tiles=2, threshold=0.4)
    assert found.table["bragg_tiles"].tolist() == [0, 2, 0]
    found.save(tmp_path / "out")
    record = read_record(tmp_path / "out/run.json")
    assert (record.settings["mask"], record.settings["min_tiles"]) == (where, 2)
    assert record.settings["threshold"] == 0.4
    assert record.source.path == f"{tmp_path / 'run.h5'}::/entry/data"
    assert len(record.weights_sha256) == 64
    assert {"napari-sciml", "numpy", "h5py", "python"} <= set(record.versions)
    assert f"{where} leaves out 8192 pixels" in record.notes


@pytest.mark.parametrize("shape", [(2, 3, 128, 128), (5, 40, 128)])
def test_a_wrong_shape_is_one_sentence(shape: tuple[int, ...]) -> None:
    assert refusal(ImageSource.from_array(np.zeros(shape, np.int32), name="run")).startswith("run has ")


class Counted:
    """Gives frames and counts how many of them are still in use somewhere."""

    def __init__(self, data: Any) -> None:
        self.shape, self.dtype, self._data = data.shape, data.dtype, data
        self.reads = 0
        self.most_alive = 0
        self._given: list[weakref.ref[np.ndarray]] = []

    def __getitem__(self, index: Any) -> np.ndarray:
        assert isinstance(index[0], int), "more than one frame was asked for"
        frame: np.ndarray = self._data[index]
        self.reads += 1
        self._given = [seen for seen in self._given if seen() is not None] + [weakref.ref(frame)]
        self.most_alive = max(self.most_alive, len(self._given))
        return frame


def test_two_hundred_frames_are_read_one_by_one_and_let_go(tmp_path: Path) -> None:
    blank, hit = still(0, hit=False), still(1, hit=True)
    with h5py.File(tmp_path / "run.h5", "w") as file:
        data = file.create_dataset("entry/data", (200, 128, 128), np.int32, chunks=(1, 128, 128))
        for number in range(200):
            data[number] = hit if number % 20 == 7 else blank
    opened = open_image(tmp_path / "run.h5")
    counted = Counted(opened.data)
    found = find_bright(ImageSource.from_array(counted, name="run", path=opened.path))
    assert np.flatnonzero(found.table["hit"]).tolist() == list(range(7, 200, 20))
    assert counted.most_alive <= 3
    # A few of them are looked at before the run, to find what is always bright.
    assert 200 <= counted.reads <= 220
