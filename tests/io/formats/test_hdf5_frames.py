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
    choice = mask_in_file(source)
    assert choice.mask is not None
    mask = choice.mask.of(0)
    assert (mask.shape, int(mask.sum())) == (SHAPE, 70)
    assert event_names(source)(3) == f"{tmp_path / 's_data_000002.h5'} //1"


def write_single(path: Path, number: int) -> Path:
    """One frame of two dimensions, as some detectors write their data files."""
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = picture(number, SHAPE)
    return path


def read_all(path: Path | str) -> list[int | str]:
    """The number of the picture in each frame of a series, or the sentence that tells why it has none."""
    source = open_image(path)
    seen: list[int | str] = []
    for number in range(source.shape[0]):
        try:
            frame = source.read((number, slice(None), slice(None)))
        except SciMLError as error:
            seen.append(error.message)
        else:
            seen += [n for n in range(40) if np.array_equal(frame, picture(n, SHAPE))] or ["no picture"]
    source.close()
    return seen


@pytest.mark.parametrize("group", ["entry/data", "entry_1/data", "entry/instrument/detector", "scan/frames"])
@pytest.mark.parametrize("single", [True, False])
def test_links_anywhere_in_the_order_of_their_numbers(group: str, single: bool, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        for number in range(12):
            path = tmp_path / f"d_{number}.h5"
            write_single(path, number) if single else write_part(path, range(number, number + 1))
            file[f"{group}/data_{number}"] = h5py.ExternalLink(path.name, "/entry/data/data")
    assert read_all(tmp_path / "m.h5") == list(range(12))
    assert event_names(open_image(tmp_path / "m.h5"))(11) == f"{tmp_path / 'd_11.h5'} //0"


def test_a_series_of_one_linked_frame_says_where_it_is(tmp_path: Path) -> None:
    write_single(tmp_path / "d_1.h5", 7)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["entry/data/data_000001"] = h5py.ExternalLink("d_1.h5", "/entry/data/data")
    assert read_all(tmp_path / "m.h5") == [7]
    assert event_names(open_image(tmp_path / "m.h5"))(0) == f"{tmp_path / 'd_1.h5'} //0"


def test_a_virtual_dataset_goes_before_the_links_beside_it(tmp_path: Path) -> None:
    path = make_virtual(tmp_path)
    with h5py.File(path, "a") as file:
        for part in range(3):
            file[f"entry/data/data_{part:06d}"] = h5py.ExternalLink(f"p{part}.h5", "/entry/data/data")
    source = open_image(path)
    assert (source.name, source.shape) == ("v.h5::/entry/data/data", (9, *SHAPE))


def test_frames_of_another_run_in_the_current_folder_do_not_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    for folder, first in ((run, 0), (other, 20)):
        folder.mkdir()
        make_virtual(folder)
        for part in range(3):
            write_part(folder / f"p{part}.h5", range(first + 3 * part, first + 3 * part + 3))
        with h5py.File(folder / "m.h5", "w") as file:
            for part in range(3):
                file[f"entry/data/data_{part}"] = h5py.ExternalLink(f"p{part}.h5", "/entry/data/data")
    (run / "p1.h5").unlink()
    for here in (run, other, tmp_path):
        monkeypatch.chdir(here)
        for name, why in (("v.h5", "takes these pixels from p1.h5"), ("m.h5", "links to p1.h5")):
            seen = read_all(run / name)
            assert [*seen[:3], *seen[6:]] == [0, 1, 2, 6, 7, 8]
            assert all(why in str(sentence) for sentence in seen[3:6])


@pytest.mark.parametrize("stated", ["/raw/2026/run/sub/p{}.h5", r"D:\raw\run\sub\p{}.h5"])
def test_a_folder_that_was_moved_keeps_its_links(
    stated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run" / "sub").mkdir(parents=True)
    layout = h5py.VirtualLayout((4, *SHAPE), np.int32)
    with h5py.File(tmp_path / "run" / "m.h5", "w") as file:
        for part in range(2):
            write_part(tmp_path / "run" / "sub" / f"p{part}.h5", range(2 * part, 2 * part + 2))
            file[f"links/data_{part}"] = h5py.ExternalLink(stated.format(part), "/entry/data/data")
            source = h5py.VirtualSource(stated.format(part), "entry/data/data", (2, *SHAPE), np.int32)
            layout[2 * part : 2 * part + 2] = source
        file.create_virtual_dataset("shown", layout, fillvalue=0)
    # Files of the same names where the program is started.
    monkeypatch.chdir(tmp_path)
    for part in range(2):
        write_part(tmp_path / f"p{part}.h5", range(20, 22))
    for part in ("links", "shown"):
        assert read_all(f"{tmp_path}/run/m.h5::/{part}") == [0, 1, 2, 3]
        (caution,) = open_image(f"{tmp_path}/run/m.h5::/{part}").cautions
        assert "p0.h5 was not there and" in caution


def numbered(folder: Path, counts: dict[int, int]) -> Path:
    """A virtual dataset of numbered files with two frames each; files that have as many as `counts` says."""
    for number, count in counts.items():
        write_part(folder / f"f_{number}.h5", range(2 * number, 2 * number + count))
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    space = h5py.h5s.create_simple((0, *SHAPE), (h5py.h5s.UNLIMITED, *SHAPE))
    space.select_hyperslab((0, 0, 0), (h5py.h5s.UNLIMITED, 1, 1), (2, 1, 1), (2, *SHAPE))
    settings.set_virtual(space, b"f_%b.h5", b"entry/data/data", h5py.h5s.create_simple((2, *SHAPE)))
    with h5py.File(folder / "m.h5", "w") as file:
        h5py.h5d.create(file.id, b"data", h5py.h5t.NATIVE_INT32, space, settings)
    return folder / "m.h5"


def test_numbered_sources_end_where_the_last_file_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_all(numbered(tmp_path, {0: 2, 1: 2, 2: 1})) == [0, 1, 2, 3, 4]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_part(elsewhere / "f_3.h5", range(6, 8))
    monkeypatch.chdir(elsewhere)
    assert len(read_all(tmp_path / "m.h5")) == 5


def test_frames_behind_a_gap_of_numbered_sources_are_there(tmp_path: Path) -> None:
    path = numbered(tmp_path, {0: 2, 1: 1, 3: 2, 10: 2})
    seen = read_all(path)
    assert [seen[n] for n in (0, 1, 2, 6, 7, 20, 21)] == [0, 1, 2, 6, 7, 20, 21]
    lost = [n for n in range(22) if isinstance(seen[n], str)]
    assert lost == [3, 4, 5, *range(8, 20)]
    assert "takes these pixels from f_2.h5, where they are not" in str(seen[4])
    (caution,) = open_image(path).cautions
    assert caution == "15 of 22 frames are not there, the first should be in f_1.h5"


def test_modules_in_files_of_their_own_are_put_side_by_side(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((3, 2, *SHAPE), np.int32)
    for module in range(2):
        write_part(tmp_path / f"m{module}.h5", range(10 * module, 10 * module + 3))
        layout[:, module] = h5py.VirtualSource(f"m{module}.h5", "entry/data/data", (3, *SHAPE), np.int32)
    with h5py.File(tmp_path / "v.cxi", "w") as file:
        file.create_virtual_dataset("entry_1/instrument_1/detector_1/data", layout, fillvalue=0)
    source = open_image(tmp_path / "v.cxi")
    frame = source.read((2, slice(None), slice(None)))
    np.testing.assert_array_equal(frame, np.concatenate([picture(2, SHAPE), picture(12, SHAPE)]))


def test_a_virtual_picture_and_a_region_of_virtual_frames(tmp_path: Path) -> None:
    source = open_image(make_virtual(tmp_path, interleaved=True))
    whole = np.stack([picture(number, SHAPE) for number in range(9)])
    np.testing.assert_array_equal(source.read((slice(1, 8), slice(3, 40, 2), 7)), whole[1:8, 3:40:2, 7])
    halves = h5py.VirtualLayout(SHAPE, np.int32)
    for part, rows in enumerate((slice(0, 35), slice(35, 70))):
        with h5py.File(tmp_path / f"half{part}.h5", "w") as file:
            file["d"] = picture(5, SHAPE)[rows]
        halves[rows] = h5py.VirtualSource(f"half{part}.h5", "d", (35, 90), np.int32)
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file.create_virtual_dataset("d", halves, fillvalue=0)
    one = open_image(tmp_path / "one.h5")
    np.testing.assert_array_equal(one.read((slice(None), slice(2, 9))), picture(5, SHAPE)[:, 2:9])


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
    choice = mask_in_file(source)
    assert choice.mask is not None
    mask = choice.mask.of(0)
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
