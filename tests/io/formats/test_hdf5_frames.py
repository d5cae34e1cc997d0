"""HDF5 frames that lie in other files: links and virtual datasets, with files that are not there."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from fixtures.detector_formats import picture
from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.events import event_names
from napari_sciml.io.masks.in_file import mask_in_file

SHAPE = (70, 90)


def write_part(path: Path, numbers: range, shape: tuple[int, int] = SHAPE) -> Path:
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = np.stack([picture(number, shape) for number in numbers])
    return path


def make_virtual(folder: Path, parts: int = 3, *, interleaved: bool = False) -> Path:
    """Three frames in each of the files; interleaved, file `n` holds every `parts`-th frame."""
    total = 3 * parts
    layout = h5py.VirtualLayout((total, *SHAPE), np.int32)
    for part in range(parts):
        numbers = range(part, total, parts) if interleaved else range(3 * part, 3 * part + 3)
        write_part(folder / f"p{part}.h5", numbers)
        source = h5py.VirtualSource(f"p{part}.h5", "entry/data/data", (3, *SHAPE), np.int32)
        layout[slice(numbers.start, numbers.stop, numbers.step)] = source
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_virtual_dataset("entry/data/data", layout, fillvalue=0)
    return folder / "v.h5"


def lost_frames(path: Path) -> list[int]:
    """Read every frame by itself; give those that raise, and check the others."""
    source = open_image(path)
    lost = []
    for number in range(source.shape[0]):
        try:
            frame = source.read((number, slice(None), slice(None)))
        except SciMLError as error:
            lost += [number] if "p1.h5, where they are not" in error.message else []
        else:
            np.testing.assert_array_equal(frame, picture(number))
    source.close()
    return lost


@pytest.mark.parametrize("interleaved", [False, True])
def test_a_missing_source_of_a_virtual_dataset_is_named(interleaved: bool, tmp_path: Path) -> None:
    path = make_virtual(tmp_path, interleaved=interleaved)
    assert lost_frames(path) == []
    (tmp_path / "p1.h5").unlink()
    assert lost_frames(path) == ([1, 4, 7] if interleaved else [3, 4, 5])


def test_a_source_that_is_not_written_to_its_end_costs_the_rest(tmp_path: Path) -> None:
    path = make_virtual(tmp_path)
    write_part(tmp_path / "p1.h5", range(3, 4))
    assert lost_frames(path) == [4, 5]


def test_a_source_without_its_dataset_counts_as_missing(tmp_path: Path) -> None:
    path = make_virtual(tmp_path)
    with h5py.File(tmp_path / "p1.h5", "w") as file:
        file["other"] = 1
    assert lost_frames(path) == [3, 4, 5]


def test_a_virtual_dataset_of_virtual_datasets(tmp_path: Path) -> None:
    make_virtual(tmp_path)
    layout = h5py.VirtualLayout((9, *SHAPE), np.int32)
    layout[:] = h5py.VirtualSource("v.h5", "entry/data/data", (9, *SHAPE), np.int32)
    with h5py.File(tmp_path / "outer.h5", "w") as file:
        file.create_virtual_dataset("data", layout, fillvalue=0)
    (tmp_path / "p1.h5").unlink()
    source = open_image(tmp_path / "outer.h5")
    np.testing.assert_array_equal(source.read((8, slice(None), slice(None))), picture(8))
    with pytest.raises(SciMLError, match=r"outer\.h5 takes these pixels from v\.h5, where they are not"):
        source.read((4, 0, 0))


def test_no_source_at_all_is_told_when_the_file_is_opened(tmp_path: Path) -> None:
    path = make_virtual(tmp_path)
    for part in range(3):
        (tmp_path / f"p{part}.h5").unlink()
    with pytest.raises(SciMLError, match=r"v\.h5 takes these pixels from p0\.h5, where they are not"):
        open_image(path)


@pytest.mark.parametrize("part", ["", "::/entry/data", "::/entry/data/data"])
def test_a_link_to_another_file_is_followed_and_a_missing_one_named(part: str, tmp_path: Path) -> None:
    write_part(tmp_path / "data.h5", range(2))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["entry/data/data"] = h5py.ExternalLink("data.h5", "/entry/data/data")
        file["entry/title"] = "crystal"
    source = open_image(f"{tmp_path / 'm.h5'}{part}")
    assert (source.name, source.shape) == ("m.h5::/entry/data/data", (2, *SHAPE))
    source.close()
    (tmp_path / "data.h5").unlink()
    with pytest.raises(SciMLError, match=r"links to data\.h5, which is not there"):
        open_image(f"{tmp_path / 'm.h5'}{part}")


def test_linked_frames_of_another_size_cost_only_themselves(tmp_path: Path) -> None:
    for part, shape in enumerate([(80, 90), SHAPE, SHAPE], start=1):
        write_part(tmp_path / f"s_data_{part:06d}.h5", range(2 * part, 2 * part + 2), shape)
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for part in (1, 2, 3):
            link = h5py.ExternalLink(f"s_data_{part:06d}.h5", "/entry/data/data")
            file[f"entry/data/data_{part:06d}"] = link
        file["entry/instrument/detector/detectorSpecific/pixel_mask"] = np.eye(*SHAPE, dtype=np.uint32)
    source = open_image(tmp_path / "s_master.h5")
    assert source.shape == (6, *SHAPE)
    assert [int(source.read((n, 0, 0))) for n in (2, 5)] == [4, 7]
    with pytest.raises(SciMLError, match=r"The frames of s_data_000001\.h5 are \(80, 90\)"):
        source.read((0, 0, 0))
    mask = mask_in_file(source.path)
    assert mask is not None
    assert (mask.shape, int(mask.sum())) == (SHAPE, 70)
    assert event_names(source)(3) == f"{tmp_path / 's_data_000002.h5'} //1"


@pytest.mark.parametrize("layout", ["/entry_1/data_1/data", "/entry_1/instrument_1/detector_1/data"])
def test_cxi_layouts(layout: str, tmp_path: Path) -> None:
    hdf5plugin = pytest.importorskip("hdf5plugin")
    frames = np.stack([picture(0), picture(1)])
    with h5py.File(tmp_path / "run.cxi", "w") as file:
        file.create_dataset(layout, data=frames, chunks=(1, *SHAPE), **hdf5plugin.Bitshuffle(cname="lz4"))
        file[layout.rsplit("/", 1)[0] + "/mask"] = np.zeros(SHAPE, np.uint16)
    source = open_image(tmp_path / "run.cxi")
    assert source.name == f"run.cxi::{layout}"
    np.testing.assert_array_equal(source.read((1, slice(None), slice(None))), frames[1])
    assert event_names(source)(1) == f"{tmp_path / 'run.cxi'} //1"
    mask = mask_in_file(source.path)
    assert mask is not None
    assert not mask.any()


def test_a_damaged_chunk_costs_its_frame_only(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "c.h5", "w") as file:
        frames = np.stack([picture(n) for n in range(4)])
        data = file.create_dataset("data", data=frames, chunks=(1, *SHAPE), compression="gzip")
        place = data.id.get_chunk_info(2).byte_offset
    content = bytearray((tmp_path / "c.h5").read_bytes())
    content[place : place + 40] = bytes(40)
    (tmp_path / "c.h5").write_bytes(content)
    source = open_image(tmp_path / "c.h5")
    np.testing.assert_array_equal(source.read((3, slice(None), slice(None))), frames[3])
    with pytest.raises(SciMLError, match=r"c\.h5::/data could not be read"):
        source.read((2, slice(None), slice(None)))
