"""Detector files opened by napari become one lazy stack, dark on white."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from napari.layers import Layer

from napari_sciml.layers.keys import PATH_KEY, TECHNIQUE_KEY
from napari_sciml.layers.readers import get_volume_reader, read_series, read_volumes, volume_layer
from napari_sciml.layers.source import source_from_layer


def frame(number: int) -> np.ndarray:
    return np.random.default_rng(number).poisson(100 + number, (300, 310)).astype(np.int32)


@pytest.fixture
def files(tmp_path):
    edfimage = pytest.importorskip("fabio.edfimage", reason="fabio reads detector files")
    paths = [tmp_path / f"shot_{number}.edf" for number in (1, 2, 10)]
    for number, path in enumerate(paths):
        edfimage.edfimage(data=frame(number)).write(str(path))
    return paths


def open_layer(path):
    (data,) = get_volume_reader(path)(path)
    return Layer.create(*data)


def test_a_list_of_files_is_one_stack_in_the_order_of_their_numbers(files):
    shuffled = [str(files[2]), str(files[0]), str(files[1])]
    assert get_volume_reader(shuffled) is read_series
    layer = open_layer(shuffled)
    assert layer.data.shape == (3, 300, 310)
    for number in range(3):
        np.testing.assert_array_equal(np.asarray(layer.data[number]), frame(number))
    assert layer.colormap.name == "gray_r"
    assert layer.metadata[TECHNIQUE_KEY] == "diffraction"
    assert source_from_layer(layer).axes == ("t", "y", "x")


def test_a_folder_is_one_stack_and_knows_its_path(files):
    folder = files[0].parent
    assert get_volume_reader(str(folder)) is read_volumes
    layer = open_layer(str(folder))
    assert layer.data.shape == (3, 300, 310)
    assert source_from_layer(layer).path == str(folder)


def test_all_files_of_a_folder_are_the_folder_and_some_of_them_have_no_path(files):
    paths = [str(path) for path in files]
    assert open_layer(paths).metadata[PATH_KEY] == str(files[0].parent)
    assert open_layer(paths[:2]).metadata[PATH_KEY] is None


def test_one_file_is_one_picture(files):
    layer = open_layer(str(files[1]))
    assert layer.data.shape == (300, 310)
    assert layer.contrast_limits[0] > 50


def test_the_part_inside_a_file_is_remembered_so_that_its_mask_is_found(tmp_path):
    from napari_sciml.io.masks.in_file import mask_in_file

    path = tmp_path / "run.h5"
    with h5py.File(path, "w") as file:
        file["entry/data"] = frame(0)
        file["entry/mask"] = frame(0) > 110
    source = source_from_layer(Layer.create(*volume_layer(path)))
    assert source.path == f"{path}::/entry/data"
    choice = mask_in_file(source)
    assert choice.mask is not None
    np.testing.assert_array_equal(choice.mask.of(0), frame(0) > 110)
