"""An image is known again by a few pixels, whatever holds it, and another one is told from it."""

from __future__ import annotations

import time
from pathlib import Path

import dask.array as da
import h5py
import numpy as np
import pytest
import tifffile
import zarr

import napari_sciml as sciml
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image

SHAPES = [(70, 90), (200, 300), (1, 64, 64), (7, 120, 100), (40, 65, 66), (2, 5, 70, 70)]


def image(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    return np.random.default_rng(0).integers(0, 999, shape).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_the_same_in_memory_lazily_and_in_every_file(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = image(shape)
    digits = sciml.fingerprint(pixels)
    np.save(tmp_path / "a.npy", pixels)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=pixels, chunks=(*(1,) * (len(shape) - 2), *shape[-2:]))
    chunks = tuple(min(33, length) for length in shape)
    zarr.create_array(tmp_path / "a.zarr", shape=shape, chunks=chunks, dtype=pixels.dtype)[...] = pixels
    for name in ("a.npy", "a.tif", "a.h5", "a.zarr"):
        assert sciml.fingerprint(tmp_path / name) == digits, name
    assert sciml.fingerprint(da.from_array(pixels, chunks=50)) == digits
    assert (
        sciml.fingerprint(ImageSource.from_array(pixels, name="other", pixel_size=(2.0,) * len(shape)))
        == digits
    )


def test_other_pixels_shape_or_type_are_another_image() -> None:
    pixels = image((6, 80, 90))
    digits = sciml.fingerprint(pixels)
    others = [
        pixels + 1,
        pixels[:, ::-1],
        pixels[::-1],
        pixels[:5],
        pixels.astype("int32"),
        pixels.reshape(6, 90, 80),
    ]
    assert len({digits, *map(sciml.fingerprint, others)}) == len(others) + 1


def test_frames_that_are_nearly_empty_are_told_apart() -> None:
    random = np.random.default_rng(1)
    runs = [random.poisson(0.01, (3, 512, 512)) for _ in range(20)]
    assert len({sciml.fingerprint(run) for run in runs}) == 20


@pytest.mark.parametrize("axes", ["zyx", "xyz", "yxz", "tyx"])
def test_the_axes_that_a_person_chose_do_not_matter(tmp_path: Path, axes: str) -> None:
    pixels = image((30, 40, 50))
    np.save(tmp_path / "a.npy", pixels)
    with_axes = open_image(tmp_path / "a.npy", axes=axes, pixel_size_nm=650)
    assert sciml.fingerprint(with_axes) == sciml.fingerprint(tmp_path / "a.npy") == sciml.fingerprint(pixels)


def test_byte_order_and_nan_do_not_matter() -> None:
    pixels = image((80, 90), "float32")
    pixels[40, 40] = np.nan
    assert sciml.fingerprint(pixels.astype(">f4")) == sciml.fingerprint(pixels)


def test_a_hundred_gigabytes_take_less_than_a_second(tmp_path: Path) -> None:
    # A sparse file: nothing but the header is on the disk.
    np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint16, (3000, 4096, 4096))
    zarr.create_array(tmp_path / "a.zarr", shape=(3000, 4096, 4096), chunks=(128, 128, 128), dtype="uint16")
    sciml.fingerprint(image((64, 64)))
    for name in ("a.npy", "a.zarr"):
        started = time.process_time()
        sciml.fingerprint(tmp_path / name)
        assert time.process_time() - started < 1.0


def test_a_damaged_part_does_not_hide_the_image(tmp_path: Path) -> None:
    pixels = image((6, 100, 100))
    for number, frame in enumerate(pixels):
        tifffile.imwrite(tmp_path / f"frame_{number}.tif", frame)
    whole = sciml.fingerprint(tmp_path)
    (tmp_path / "frame_3.tif").write_bytes(b"II*\0broken")
    damaged = open_image(tmp_path, independent_frames=True)
    assert (
        sciml.fingerprint(damaged)
        == sciml.fingerprint(open_image(tmp_path, independent_frames=True))
        != whole
    )
