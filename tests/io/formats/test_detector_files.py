"""Detector files and linked frames: read lazily, and a clear sentence for each fault."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.events import event_names

fabio = pytest.importorskip("fabio")


def picture(number: int, shape: tuple[int, int] = (70, 90)) -> np.ndarray:
    return (np.arange(shape[0] * shape[1]).reshape(shape) % 500 + number).astype(np.int32)


def write_cbf(path: Path, image: np.ndarray) -> Path:
    fabio.cbfimage.CbfImage(data=image).write(str(path))
    return path


def test_one_cbf_is_an_image(tmp_path: Path) -> None:
    source = open_image(write_cbf(tmp_path / "a.cbf", picture(1)))
    assert source.axes == ("y", "x")
    np.testing.assert_array_equal(source.read((slice(None), slice(None))), picture(1))


def test_a_folder_and_a_pattern_are_one_stack_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write_cbf(tmp_path / f"shot_{number}.cbf", picture(number))
    for where in (tmp_path, tmp_path / "shot_*.cbf"):
        source = open_image(where)
        assert source.shape == (3, 70, 90)
        assert [int(source.read((n, 0, 0))) for n in range(3)] == [1, 2, 10]


def test_frames_of_one_edf_file(tmp_path: Path) -> None:
    image = fabio.edfimage.EdfImage(data=picture(0))
    image.append_frame(data=picture(5))
    image.write(str(tmp_path / "m.edf"))
    source = open_image(tmp_path / "m.edf")
    assert source.shape == (2, 70, 90)
    np.testing.assert_array_equal(source.read((1, slice(None), slice(None))), picture(5))


def test_a_cut_file_in_a_series_spoils_its_own_frame_only(tmp_path: Path) -> None:
    for number in range(3):
        write_cbf(tmp_path / f"{number}.cbf", picture(number))
    whole = (tmp_path / "1.cbf").read_bytes()
    (tmp_path / "1.cbf").write_bytes(whole[: len(whole) // 2])
    source = open_image(tmp_path)
    np.testing.assert_array_equal(source.read((2, slice(None), slice(None))), picture(2))
    with pytest.raises(SciMLError, match=r"1\.cbf could not be read as a detector file"):
        source.read((1, slice(None), slice(None)))


def test_another_size_in_a_series_is_told_when_it_is_read(tmp_path: Path) -> None:
    write_cbf(tmp_path / "0.cbf", picture(0))
    write_cbf(tmp_path / "1.cbf", picture(1, (80, 90)))
    source = open_image(tmp_path)
    with pytest.raises(SciMLError, match=r"1\.cbf has 80 x 90 px, but the series has 70 x 90"):
        source.read((1, slice(None), slice(None)))


def test_a_file_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.cbf").write_bytes(b"hello")
    with pytest.raises(SciMLError, match=r"x\.cbf could not be read as a detector file"):
        open_image(tmp_path / "x.cbf")


def make_master(folder: Path, parts: int = 3, frames: int = 2) -> Path:
    for part in range(1, parts + 1):
        with h5py.File(folder / f"s_data_{part:06d}.h5", "w") as file:
            file["entry/data/data"] = np.stack([picture(10 * part + n) for n in range(frames)])
    master = folder / "s_master.h5"
    with h5py.File(master, "w") as file:
        for part in range(1, parts + 1):
            link = h5py.ExternalLink(f"s_data_{part:06d}.h5", "/entry/data/data")
            file[f"entry/data/data_{part:06d}"] = link
    return master


def test_linked_files_are_one_stack(tmp_path: Path) -> None:
    source = open_image(make_master(tmp_path))
    assert source.shape == (6, 70, 90)
    assert [int(source.read((n, 0, 0))) for n in range(6)] == [10, 11, 20, 21, 30, 31]


def test_a_missing_link_spoils_its_own_frames_only(tmp_path: Path) -> None:
    master = make_master(tmp_path)
    (tmp_path / "s_data_000002.h5").unlink()
    source = open_image(master)
    assert int(source.read((5, 0, 0))) == 31
    with pytest.raises(SciMLError, match=r"s_master\.h5 links to s_data_000002\.h5, which is not there"):
        source.read((2, slice(None), slice(None)))


def test_no_link_at_all_is_one_sentence(tmp_path: Path) -> None:
    master = make_master(tmp_path, parts=1)
    (tmp_path / "s_data_000001.h5").unlink()
    with pytest.raises(SciMLError, match="which is not there"):
        open_image(master)


def test_bitshuffle_is_read(tmp_path: Path) -> None:
    hdf5plugin = pytest.importorskip("hdf5plugin")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("entry/data", data=picture(3), **hdf5plugin.Bitshuffle())
    np.testing.assert_array_equal(open_image(tmp_path / "b.h5").read((slice(None), slice(None))), picture(3))


def test_a_mask_is_not_taken_for_the_picture(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["entry/data"] = picture(3)
        file["entry/mask"] = picture(0) > 400
    assert open_image(tmp_path / "m.h5").name == "m.h5::/entry/data"


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_edf_with_a_third_dimension_is_a_series(order: str, tmp_path: Path) -> None:
    frames = np.arange(3 * 40 * 50, dtype=f"{order}u2").reshape(3, 40, 50)
    name = {"<": "LowByteFirst", ">": "HighByteFirst"}[order]
    lines = ["HeaderID = EH:000001:000000:000000", f"ByteOrder = {name}", "DataType = UnsignedShort"]
    lines += ["Dim_1 = 50", "Dim_2 = 40", "Dim_3 = 3", f"Size = {frames.nbytes}"]
    head = "{\n" + "".join(f"{line} ;\n" for line in lines)
    (tmp_path / "scan.edf").write_bytes(f"{head:<510}}}\n".encode() + frames.tobytes())
    source = open_image(tmp_path / "scan.edf")
    assert (source.shape, source.axes) == ((3, 40, 50), ("t", "y", "x"))
    np.testing.assert_array_equal(source.read((slice(None),) * 3), frames)
    assert event_names(source)(2) == f"{tmp_path / 'scan.edf'} //2"
