"""Values that a file's header states to mean "not measured"."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from napari_sciml.core.no_pixel import find_no_pixels
from napari_sciml.io import open_image
from napari_sciml.io.masks.stated_values import stated_values

FRAME = np.random.default_rng(0).poisson(20, (60, 80)).astype(np.float32)


def left_out(path: Path) -> dict[float, int]:
    source = open_image(path)
    try:
        stated = stated_values(source)
        found = find_no_pixels(source.read((..., slice(None), slice(None))), None, stated)
        return {} if found is None else found.counts
    finally:
        source.close()


@pytest.mark.parametrize(
    ("header", "value", "counted"),
    [
        ({"Dummy": "-10", "DDummy": "0.1"}, -10, 3),
        ({"Dummy": "-10"}, -10.05, 3),
        ({"Dummy": "5000", "DDummy": "1"}, 5000.5, 3),
        ({"Dummy": "-1e10", "DDummy": "0"}, -1e10, 3),
        ({"Dummy": "0", "DDummy": "0.1"}, 0, 0),
    ],
)
def test_the_dummy_of_an_edf_file(header: dict[str, str], value: float, counted: int, tmp_path: Path) -> None:
    fabio = pytest.importorskip("fabio")
    frame = FRAME.copy()
    frame[5, 5:8] = value
    fabio.edfimage.EdfImage(frame, header=header).write(str(tmp_path / "a.edf"))
    assert sum(left_out(tmp_path / "a.edf").values()) == counted


@pytest.mark.parametrize("way", ["fillvalue", "_FillValue", "missing_value", "underload_value"])
def test_what_an_hdf5_file_states(way: str, tmp_path: Path) -> None:
    frame = np.stack([FRAME, FRAME])
    frame[:, 5, 5:8] = -3.25
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill = -3.25 if way == "fillvalue" else None
        data = file.create_dataset("entry/instrument/detector/data", data=frame, fillvalue=fill)
        if way == "underload_value":
            data.parent[way] = 0
        elif way != "fillvalue":
            data.attrs[way] = np.float32(-3.25)
    assert left_out(tmp_path / "a.h5") == {-3.25: 6}


def test_linked_files_and_events_state_theirs(tmp_path: Path) -> None:
    for number in (1, 2):
        with h5py.File(tmp_path / f"s_data_{number:06d}.h5", "w") as file:
            file.create_dataset("entry/data/data", data=FRAME[None], fillvalue=-3.25)
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for number in (1, 2):
            link = h5py.ExternalLink(f"s_data_{number:06d}.h5", "/entry/data/data")
            file[f"entry/data/data_{number:06d}"] = link
        file["entry/instrument/detector/underload_value"] = 0
    with h5py.File(tmp_path / "events.h5", "w") as file:
        for number in range(3):
            file.create_dataset(f"tag-{number}/data", data=FRAME, fillvalue=-3.25)
    for name in ("s_master.h5", "events.h5"):
        source = open_image(tmp_path / name)
        assert stated_values(source)[0] == pytest.approx((-3.25, -3.25), abs=1e-5)
        source.close()


def test_the_fill_value_of_hdf5_itself_is_a_count(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = FRAME
    source = open_image(tmp_path / "a.h5")
    assert stated_values(source) == ()
    source.close()


def test_the_value_without_data_of_a_tiff_file(tmp_path: Path) -> None:
    frame = FRAME.copy()
    frame[5, 5:8] = 7777
    tags = [(42113, "s", 0, "7777", True)]
    tifffile.imwrite(tmp_path / "a.tif", frame, extratags=tags, photometric="minisblack")
    assert left_out(tmp_path / "a.tif") == {7777.0: 3}
