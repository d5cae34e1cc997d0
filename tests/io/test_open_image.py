"""Every format gives the same pixels, axes and pixel size, and nothing is read before it is asked for."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import describe, open_image
from napari_sciml.io.axis_order import ReorderedArray
from napari_sciml.io.formats.tiff import TiffPages
from napari_sciml.io.saving.volumes import write_volume


@pytest.fixture
def volume() -> np.ndarray:
    """A (z, y, x) volume of 5 x 20 x 30 whose every pixel is different."""
    return np.arange(5 * 20 * 30, dtype=np.uint16).reshape(5, 20, 30)


def test_uncompressed_tiff_is_memory_mapped(tmp_path: Path, volume: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "v.tif", volume)
    source = open_image(tmp_path / "v.tif")
    assert isinstance(source.data.held, np.memmap)
    assert source.axes == ("z", "y", "x")
    assert source.pixel_size is None
    np.testing.assert_array_equal(source.read((slice(1, 3), slice(None), slice(4, 9))), volume[1:3, :, 4:9])


@pytest.mark.parametrize("compression", ["zlib", "lzma"])
def test_compressed_tiff_is_read_page_by_page(
    tmp_path: Path, volume: np.ndarray, compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tifffile.imwrite(tmp_path / "v.tif", volume, compression=compression)
    decoded: list[int] = []
    real = TiffPages._page

    def count(self: TiffPages, number: int) -> np.ndarray:
        decoded.append(number)
        return real(self, number)

    monkeypatch.setattr(TiffPages, "_page", count)
    source = open_image(tmp_path / "v.tif")
    assert decoded == []
    np.testing.assert_array_equal(source.read((slice(3, 5), slice(2, 7), slice(None))), volume[3:5, 2:7])
    assert decoded == [3, 4]
    np.testing.assert_array_equal(source.read((2, slice(None), 7)), volume[2, :, 7])
    source.close()


def test_pages_written_one_by_one_make_a_stack(tmp_path: Path, volume: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "v.tif") as writer:
        for plane in volume:
            writer.write(plane, contiguous=False, compression="zlib", metadata=None)
    source = open_image(tmp_path / "v.tif")
    assert source.axes == ("z", "y", "x")
    np.testing.assert_array_equal(np.asarray(source.data), volume)


def test_big_endian_imagej_stack_keeps_its_values_and_size(tmp_path: Path, volume: np.ndarray) -> None:
    tifffile.imwrite(
        tmp_path / "ij.tif",
        volume,
        imagej=True,
        byteorder=">",
        resolution=(1 / 0.65, 1 / 0.65),
        metadata={"axes": "ZYX", "spacing": 1.3, "unit": "um"},
    )
    source = open_image(tmp_path / "ij.tif")
    assert source.dtype == np.dtype("uint16")
    assert source.dtype.isnative
    assert source.unit == "um"
    assert source.pixel_size == pytest.approx((1.3, 0.65, 0.65), rel=1e-5)
    np.testing.assert_array_equal(source.read((slice(None),) * 3), volume)


def test_ome_tiff_states_axes_and_sizes_in_its_own_unit(tmp_path: Path) -> None:
    series = np.random.default_rng(0).integers(0, 9, (2, 3, 1, 12, 14), dtype=np.uint8)
    tifffile.imwrite(
        tmp_path / "v.ome.tif",
        series,
        metadata={"axes": "TZCYX", "PhysicalSizeX": 650.0, "PhysicalSizeXUnit": "nm"},
    )
    source = open_image(tmp_path / "v.ome.tif")
    assert source.axes == ("t", "z", "y", "x")
    assert source.pixel_size == pytest.approx((1.0, 0.65, 0.65, 0.65))
    np.testing.assert_array_equal(np.asarray(source.data), series[:, :, 0])


def test_printer_resolution_is_not_a_pixel_size(tmp_path: Path, volume: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "dpi.tif", volume[0], resolution=(72, 72), resolutionunit="INCH")
    tifffile.imwrite(tmp_path / "cm.tif", volume[0], resolution=(1e4, 1e4), resolutionunit="CENTIMETER")
    assert open_image(tmp_path / "dpi.tif").pixel_size is None
    assert open_image(tmp_path / "cm.tif").pixel_size == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("kind", ["folder", "pattern"])
def test_slices_are_sorted_as_a_person_counts(tmp_path: Path, volume: np.ndarray, kind: str) -> None:
    for number, plane in zip((1, 2, 9, 10, 100), volume, strict=True):
        tifffile.imwrite(tmp_path / f"slice_{number}.tif", plane)
    (tmp_path / "notes.txt").write_text("beam time")
    (tmp_path / "._slice_1.tif").write_bytes(b"\0")
    source = open_image(tmp_path if kind == "folder" else str(tmp_path / "slice_*.tif"))
    assert source.axes == ("z", "y", "x")
    np.testing.assert_array_equal(source.read((slice(None), 3, slice(None))), volume[:, 3])


def test_folder_opens_one_slice_at_a_time(
    tmp_path: Path, volume: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, plane in enumerate(volume):
        tifffile.imwrite(tmp_path / f"{number}.tif", plane)
    source = open_image(tmp_path)
    opened: list[str] = []
    real = tifffile.TiffFile

    def note(path: Path) -> tifffile.TiffFile:
        opened.append(path.name)
        return real(path)

    monkeypatch.setattr(tifffile, "TiffFile", note)
    np.testing.assert_array_equal(source.read((slice(2, 4), slice(None), slice(None))), volume[2:4])
    assert opened == ["2.tif", "3.tif"]


def test_folder_of_volumes_is_a_series_in_time(tmp_path: Path, volume: np.ndarray) -> None:
    for step in range(3):
        tifffile.imwrite(tmp_path / f"load{step}.tif", volume + step)
    source = open_image(tmp_path)
    assert source.axes == ("t", "z", "y", "x")
    np.testing.assert_array_equal(source.read((2, 1, slice(None), slice(None))), volume[1] + 2)


def test_folder_with_one_file_is_that_file(tmp_path: Path, volume: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "only.tif", volume)
    assert open_image(tmp_path).shape == volume.shape


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_level_axes_and_scale(tmp_path: Path, volume: np.ndarray, version: str) -> None:
    path = tmp_path / "v.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    for level, data in enumerate((volume, volume[:, ::2, ::2])):
        array = group.create_array(str(level), shape=(1, 1, *data.shape), dtype=data.dtype)
        array[0, 0] = data
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    multiscale = {
        "axes": axes,
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1300, 650, 650]}]},
            {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1300, 1300, 9]}]},
        ],
    }
    if version == "0.4":
        group.attrs["multiscales"] = [{**multiscale, "version": version}]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [multiscale]}
    source = open_image(path)
    assert source.axes == ("z", "y", "x")
    assert source.pixel_size == pytest.approx((1.3, 0.65, 0.65))
    np.testing.assert_array_equal(source.read((1, slice(2, 9), slice(None))), volume[1, 2:9])


def test_global_scale_of_a_multiscale_multiplies(tmp_path: Path, volume: np.ndarray) -> None:
    group = zarr.open_group(tmp_path / "v.zarr", mode="w")
    group.create_array("s0", data=volume)
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    level = {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}
    overall = [{"type": "scale", "scale": [2, 3, 4]}]
    multiscale = {"axes": axes, "datasets": [level], "coordinateTransformations": overall}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    assert open_image(tmp_path / "v.zarr").pixel_size == pytest.approx((2, 3, 4))


def test_plain_zarr_array_and_largest_of_a_group(tmp_path: Path, volume: np.ndarray) -> None:
    zarr.save_array(tmp_path / "a.zarr", volume)
    group = zarr.open_group(tmp_path / "g.zarr", mode="w")
    group.create_array("small", data=volume[:2])
    group.create_array("deep/large", data=volume)
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "a.zarr").data), volume)
    assert open_image(tmp_path / "g.zarr").name == "g.zarr::deep/large"
    assert open_image(f"{tmp_path / 'g.zarr'}::small").shape == (2, 20, 30)


def test_hdf5_takes_the_named_or_the_largest_dataset(tmp_path: Path, volume: np.ndarray) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file["entry/data"] = volume.astype(">f4")
        file["entry/flat"] = volume[0]
        file["entry/angles"] = np.arange(10**5)
        file["entry/data"].attrs["element_size_um"] = [1.3, 0.65, 0.65]
    largest = open_image(tmp_path / "v.h5")
    assert (largest.name, largest.dtype) == ("v.h5::/entry/data", np.dtype("float32"))
    assert largest.pixel_size == (1.3, 0.65, 0.65)
    np.testing.assert_array_equal(largest.read((slice(0, 2), 5, slice(None))), volume[:2, 5])
    for source in (
        open_image(f"{tmp_path / 'v.h5'}::/entry/flat"),
        open_image(tmp_path / "v.h5", dataset="entry/flat"),
    ):
        np.testing.assert_array_equal(np.asarray(source.data), volume[0])
        source.close()
    largest.close()


def test_nexus_default_beats_size(tmp_path: Path, volume: np.ndarray) -> None:
    with h5py.File(tmp_path / "v.nxs", "w") as file:
        file.attrs["default"] = "entry"
        file["entry/raw"] = volume
        file["entry/result/reconstruction"] = volume[:2]
        file["entry"].attrs["default"] = "result"
        file["entry/result"].attrs["signal"] = "reconstruction"
    source = open_image(tmp_path / "v.nxs")
    assert source.name == "v.nxs::/entry/result/reconstruction"
    source.close()


def test_numpy_files(tmp_path: Path, volume: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", volume)
    np.savez(tmp_path / "one.npz", volume=volume)
    np.savez(tmp_path / "two.npz", volume=volume, mask=volume > 3)
    assert isinstance(open_image(tmp_path / "v.npy").data.held, np.memmap)
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "one.npz").data), volume)
    assert open_image(f"{tmp_path / 'two.npz'}::mask").dtype == np.dtype(bool)
    np.savez(tmp_path / "saved.npz", pixel_um=0.65, volume=volume, mask=volume > 3, sample="ceramic")
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "saved.npz").data), volume)


def test_axes_and_pixel_size_given_by_the_caller_win(tmp_path: Path, volume: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", volume)
    source = open_image(tmp_path / "v.npy", axes="xyz", pixel_size_nm=650)
    assert source.axes == ("z", "y", "x")
    assert (source.pixel_size, source.unit) == ((0.65, 0.65, 0.65), "um")
    np.testing.assert_array_equal(np.asarray(source.data), volume.T)
    np.testing.assert_array_equal(source.read((slice(1, 9), 3, slice(None))), volume.T[1:9, 3])


def test_three_slices_mistaken_for_colours_can_be_opened_as_slices(tmp_path: Path) -> None:
    slices = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)
    tifffile.imwrite(tmp_path / "v.tif", slices, photometric="rgb", planarconfig="separate")
    with pytest.raises(
        SciMLError, match=r"is a colour image .* if these are slices or frames, say so with axes='zyx'"
    ):
        open_image(tmp_path / "v.tif")
    source = open_image(tmp_path / "v.tif", axes="zyx")
    np.testing.assert_array_equal(np.asarray(source.data), slices)


def test_channel_is_chosen_by_number(tmp_path: Path, volume: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", volume)
    source = open_image(tmp_path / "v.npy", axes="cyx", channel=3)
    assert source.axes == ("y", "x")
    np.testing.assert_array_equal(np.asarray(source.data), volume[3])


def test_source_path_opens_the_same_pixels_again(tmp_path: Path, volume: np.ndarray) -> None:
    np.savez(tmp_path / "two.npz", volume=volume, mask=volume > 3)
    first = open_image(tmp_path / "two.npz", dataset="mask")
    assert first.path is not None
    np.testing.assert_array_equal(np.asarray(open_image(first.path).data), np.asarray(first.data))


def test_describe_says_what_is_inside(tmp_path: Path, volume: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "v.tif", volume)
    assert describe(tmp_path / "v.tif") == (
        "v.tif: 5 x 20 x 30 (z, y, x), uint16, pixel size not stated, 6.0 kB"
    )


def test_damaged_chunk_is_one_sentence_when_read(tmp_path: Path, volume: np.ndarray) -> None:
    zarr.save_array(tmp_path / "a.zarr", volume)
    chunk = next(path for path in (tmp_path / "a.zarr" / "c").rglob("*") if path.is_file())
    chunk.write_bytes(b"nonsense")
    source = open_image(tmp_path / "a.zarr")
    with pytest.raises(SciMLError, match=r"a\.zarr could not be read .*: the file may be"):
        source.read((slice(None),) * 3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_written_volume_comes_back_with_its_pixel_size(tmp_path: Path, dtype: str) -> None:
    volume = np.arange(2 * 5 * 7).reshape(2, 5, 7).astype(dtype)
    source = open_image(write_volume(volume, tmp_path / "v.tif", pixel_size_um=0.65))
    assert (source.axes, source.unit, source.dtype.name) == (("z", "y", "x"), "um", dtype)
    assert source.pixel_size == pytest.approx((0.65, 0.65, 0.65), rel=1e-6)
    np.testing.assert_array_equal(np.asarray(source.data), volume)
    with pytest.raises(SciMLError, match="cannot hold int64"):
        write_volume(volume.astype("int64"), tmp_path / "v.tif")


def test_a_reordered_array_indexes_like_numpy(volume: np.ndarray) -> None:
    array = ReorderedArray(volume[None], {0: 0}, (3, 1, 2), "array")
    expected = volume.transpose(2, 0, 1)
    assert (array.shape, len(array), array.size) == (expected.shape, 30, volume.size)
    for index in (..., 3, (slice(2, 9), ...), (..., 4), (slice(None), 2, slice(3, 5)), (-1, -1, -1)):
        np.testing.assert_array_equal(array[index], expected[index])
    with pytest.raises(IndexError):
        array[0, 0, 0, 0]
