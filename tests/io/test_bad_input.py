"""Whatever is wrong with a file is said in one sentence that names the file and what to do."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.paths import unreadable

VOLUME = np.random.default_rng(0).integers(0, 255, (12, 40, 40), dtype=np.uint8)


def cut(path: Path, share: float) -> Path:
    """Throw away the end of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: max(16, int(len(content) * share))])
    return path


def missing(folder: Path) -> Path:
    return folder / "nowhere.tif"


def nothing(folder: Path) -> str:
    return ""


def empty_file(folder: Path) -> Path:
    (folder / "empty.tif").touch()
    return folder / "empty.tif"


def empty_folder(folder: Path) -> Path:
    (folder / "void").mkdir()
    return folder / "void"


def folder_without_images(folder: Path) -> Path:
    (folder / "notes.txt").write_text("beam time")
    return folder


def pattern_without_match(folder: Path) -> str:
    return str(folder / "scan_*.tif")


def text_file(folder: Path) -> Path:
    (folder / "notes.txt").write_text("beam time")
    return folder / "notes.txt"


def text_called_tiff(folder: Path) -> Path:
    (folder / "notes.tif").write_text("beam time")
    return folder / "notes.tif"


def text_called_hdf5(folder: Path) -> Path:
    (folder / "notes.h5").write_text("beam time")
    return folder / "notes.h5"


def cut_in_the_first_bytes(folder: Path) -> Path:
    (folder / "cut.tif").write_bytes(b"II*\0")
    return folder / "cut.tif"


def colour_tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "rgb.tif", np.zeros((30, 40, 3), np.uint8), photometric="rgb")
    return folder / "rgb.tif"


def colour_numpy(folder: Path) -> Path:
    np.save(folder / "rgb.npy", np.zeros((30, 40, 3), np.uint8))
    return folder / "rgb.npy"


def complex_numpy(folder: Path) -> Path:
    np.save(folder / "field.npy", np.zeros((30, 40), np.complex64))
    return folder / "field.npy"


def objects_numpy(folder: Path) -> Path:
    np.save(folder / "things.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    return folder / "things.npy"


def one_dimension(folder: Path) -> Path:
    np.save(folder / "line.npy", np.zeros(30))
    return folder / "line.npy"


def five_dimensions(folder: Path) -> Path:
    np.save(folder / "five.npy", np.zeros((2, 2, 2, 9, 9)))
    return folder / "five.npy"


def no_pixels(folder: Path) -> Path:
    np.save(folder / "none.npy", np.zeros((0, 9, 9)))
    return folder / "none.npy"


def several_channels(folder: Path) -> Path:
    stack = np.zeros((5, 2, 30, 40), np.uint8)
    tifffile.imwrite(folder / "two.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    return folder / "two.tif"


def truncated_npy(folder: Path) -> Path:
    np.save(folder / "v.npy", VOLUME)
    return cut(folder / "v.npy", 0.5)


def truncated_npz(folder: Path) -> Path:
    np.savez(folder / "v.npz", volume=VOLUME)
    return cut(folder / "v.npz", 0.5)


def two_arrays(folder: Path) -> Path:
    np.savez(folder / "v.npz", first=VOLUME, second=VOLUME)
    return folder / "v.npz"


def truncated_hdf5(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["data"] = VOLUME
    return cut(folder / "v.h5", 0.5)


def equal_datasets(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["left"] = VOLUME
        file["right"] = VOLUME
    return folder / "v.h5"


def absent_dataset(folder: Path) -> str:
    with h5py.File(folder / "v.h5", "w") as file:
        file["data"] = VOLUME
    return f"{folder / 'v.h5'}::/entry/data"


def hdf5_without_image(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["angles"] = np.arange(9)
    return folder / "v.h5"


def mixed_sizes(folder: Path) -> Path:
    for number in range(6):
        tifffile.imwrite(folder / f"s{number}.tif", VOLUME[number][: 40 - 3 * (number == 4)])
    return folder


def truncated_slice(folder: Path) -> Path:
    for number in range(3):
        tifffile.imwrite(folder / f"s{number}.tif", VOLUME[number])
    cut(folder / "s1.tif", 0.6)
    return folder


def broken_zarr(folder: Path) -> Path:
    zarr.save_array(folder / "v.zarr", VOLUME)
    (folder / "v.zarr" / "zarr.json").write_text("{")
    return folder / "v.zarr"


def broken_ome_zarr(folder: Path) -> Path:
    group = zarr.open_group(folder / "v.zarr", mode="w")
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"datasets": [{"path": "0"}]}]}
    return folder / "v.zarr"


def zarr_without_image(folder: Path) -> Path:
    zarr.open_group(folder / "v.zarr", mode="w")
    return folder / "v.zarr"


def part_of_a_tiff(folder: Path) -> str:
    tifffile.imwrite(folder / "v.tif", VOLUME)
    return f"{folder / 'v.tif'}::/entry/data"


CASES: list[tuple[Callable[[Path], Path | str], str]] = [
    (missing, r"There is no file or folder .*nowhere\.tif: check the path\.$"),
    (nothing, "No file was given"),
    (empty_file, r"The file .*empty\.tif is empty"),
    (empty_folder, "The folder .*void is empty"),
    (folder_without_images, "holds no TIFF files"),
    (pattern_without_match, r"No file matches .*scan_\*\.tif"),
    (text_file, r"notes\.txt is not an image that can be opened here: use TIFF"),
    (text_called_tiff, r"notes\.tif is not a TIFF file"),
    (text_called_hdf5, r"notes\.h5 could not be read as HDF5"),
    (cut_in_the_first_bytes, r"cut\.tif could not be read as TIFF"),
    (colour_tiff, r"rgb\.tif is a colour image"),
    (colour_numpy, r"rgb\.npy looks like a colour image"),
    (complex_numpy, r"field\.npy holds complex numbers"),
    (objects_numpy, r"things\.npy holds Python objects"),
    (one_dimension, r"line\.npy has 1 dimensions"),
    (five_dimensions, r"five\.npy has 5 dimensions"),
    (no_pixels, r"none\.npy is empty"),
    (several_channels, r"two\.tif has 2 channels: choose one with channel=0 .*--channel 0"),
    (truncated_npy, r"v\.npy could not be read .*truncated"),
    (truncated_npz, r"v\.npz could not be read .*truncated"),
    (
        two_arrays,
        r"v\.npz holds 2 images that may be meant: first .*, second .*: name one, for example v\.npz::first",
    ),
    (truncated_hdf5, r"v\.h5 could not be read as HDF5"),
    (
        equal_datasets,
        r"v\.h5 holds 2 images that may be meant: /left .*, /right .*: name one",
    ),
    (absent_dataset, r"v\.h5 has no dataset /entry/data: use one of /data"),
    (hdf5_without_image, r"v\.h5 holds no image"),
    (mixed_sizes, r"s4\.tif is 37 x 40 uint8, but 5 of the 6 files"),
    (truncated_slice, r"s1\.tif is truncated"),
    (broken_zarr, r"v\.zarr could not be read as Zarr"),
    (broken_ome_zarr, r"v\.zarr could not be read as Zarr"),
    (zarr_without_image, r"v\.zarr holds no image .*found nothing"),
    (part_of_a_tiff, r"v\.tif has no part /entry/data: leave"),
]


@pytest.mark.parametrize(("make", "sentence"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_bad_input_is_one_sentence(
    make: Callable[[Path], Path | str], sentence: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(tmp_path)
    with pytest.raises(SciMLError, match=sentence) as caught:
        open_image(path)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("share", [0.002, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("kind", ["plain", "compressed", "imagej", "ome", "single pages", "one page"])
def test_truncated_tiff_is_noticed_when_opened(kind: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / ("v.ome.tif" if kind == "ome" else "v.tif")
    if kind == "single pages":
        with tifffile.TiffWriter(path) as writer:
            for plane in VOLUME:
                writer.write(plane, contiguous=False, metadata=None)
    elif kind == "one page":
        tifffile.imwrite(path, VOLUME[0])
    else:
        options = {
            "plain": {},
            "compressed": {"compression": "zlib"},
            "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
            "ome": {"metadata": {"axes": "ZYX"}},
        }
        tifffile.imwrite(path, VOLUME, **options[kind])
    whole = open_image(path)
    np.testing.assert_array_equal(np.asarray(whole.data), VOLUME[0] if kind == "one page" else VOLUME)
    whole.close()
    with pytest.raises(SciMLError, match=r"v\.(ome\.)?tif .*truncated"):
        open_image(cut(path, share))


def test_missing_decoder_names_the_package_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "v.tif", VOLUME, compression="zlib")
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", {})
    monkeypatch.setattr("napari_sciml.io.formats.tiff.PROVED", set())
    with pytest.raises(SciMLError, match=r"ADOBE_DEFLATE.*pip install imagecodecs"):
        open_image(tmp_path / "v.tif")


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [("yx", "names 2"), ("yyx", "is not valid"), ("zyq", "is not valid"), ("tzy", "is not valid")],
)
def test_impossible_axes_are_refused(axes: str, sentence: str, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VOLUME)
    with pytest.raises(SciMLError, match=sentence):
        open_image(tmp_path / "v.npy", axes=axes)


def test_channel_must_exist(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VOLUME)
    with pytest.raises(SciMLError, match="has no channel 12: choose one from 0 to 11"):
        open_image(tmp_path / "v.npy", axes="cyx", channel=12)
    with pytest.raises(SciMLError, match="has no channels"):
        open_image(tmp_path / "v.npy", channel=0)


def test_pixel_size_must_be_positive(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VOLUME)
    with pytest.raises(SciMLError, match="pixel size of 0 nm"):
        open_image(tmp_path / "v.npy", pixel_size_nm=0)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VOLUME)
    (tmp_path / "v.npy").chmod(0)
    with pytest.raises(SciMLError, match="no permission to read"):
        open_image(tmp_path / "v.npy")


def test_refusal_by_the_system_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "v.npy", VOLUME)

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SciMLError, match=r"no permission to read .*v\.npy: ask its owner"):
        open_image(tmp_path / "v.npy")
    assert "No route" in str(unreadable(tmp_path, OSError(113, "No route to host")))
