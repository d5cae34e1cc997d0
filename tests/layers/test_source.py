from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_sciml.core.errors import SciMLError
from napari_sciml.layers.source import source_from_layer


def image(data=None, **kwargs):
    return ViewerModel().add_image(np.zeros((4, 5, 6), np.uint8) if data is None else data, **kwargs)


class Untouchable:
    """Pixels that must not be read as a whole."""

    shape, dtype, ndim, size = (40, 50, 60), np.dtype("uint8"), 3, 40 * 50 * 60

    def __getitem__(self, index):
        return np.zeros((40, 50, 60), np.uint8)[index]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("the whole volume was read")


def test_pixels_are_the_layers_own_and_are_not_read():
    layer = image(Untouchable(), contrast_limits=(0, 1))
    assert source_from_layer(layer).data is layer.data


def test_dask_stays_dask():
    layer = image(da.zeros((4, 50, 60), chunks=(1, 50, 60), dtype="u1"), contrast_limits=(0, 1))
    assert isinstance(source_from_layer(layer).data, da.Array)


def test_multiscale_gives_the_full_resolution():
    levels = [np.zeros((8, 64, 64), np.uint8), np.zeros((8, 32, 32), np.uint8)]
    assert source_from_layer(image(levels, multiscale=True)).shape == (8, 64, 64)


@pytest.mark.parametrize(
    ("labels", "shape", "axes"),
    [
        (None, (4, 5, 6), ("z", "y", "x")),
        (None, (5, 6), ("y", "x")),
        (None, (2, 4, 5, 6), ("t", "z", "y", "x")),
        (("T", "Y", "X"), (4, 5, 6), ("t", "y", "x")),
        (("y", "x", "z"), (4, 5, 6), ("y", "x", "z")),
        (("slice", "row", "column"), (4, 5, 6), ("z", "y", "x")),
        (("z", "z", "x"), (4, 5, 6), ("z", "y", "x")),
    ],
)
def test_axes_are_what_the_labels_say_if_they_say_anything(labels, shape, axes):
    layer = image(np.zeros(shape, np.uint8), axis_labels=labels)
    assert source_from_layer(layer).axes == axes


@pytest.mark.parametrize(
    ("kwargs", "size"),
    [
        ({}, None),
        ({"scale": (0.65,) * 3}, None),
        ({"scale": (0.65,) * 3, "units": ("um",) * 3}, (0.65, 0.65, 0.65)),
        ({"scale": (1.3, 650, 650), "units": ("um", "nm", "nm")}, (1.3, 0.65, 0.65)),
        ({"scale": (0.65,) * 3, "units": ("pixel", "um", "um")}, None),
        ({"scale": (-0.5, 0.5, 0.5), "units": ("um",) * 3}, (0.5, 0.5, 0.5)),
        (
            {"scale": (0.65,) * 3, "units": ("um",) * 3, "affine": np.diag([2.0, 2.0, 2.0, 1.0])},
            (1.3, 1.3, 1.3),
        ),
    ],
)
def test_pixel_size_needs_units_of_length(kwargs, size):
    source = source_from_layer(image(**kwargs))
    assert source.pixel_size == (None if size is None else pytest.approx(size))
    assert source.unit == ("pixel" if size is None else "um")


def test_the_step_of_time_is_not_a_length():
    layer = image(
        np.zeros((2, 4, 5, 6), np.uint8),
        scale=(30.0, 0.7, 0.65, 0.65),
        units=("s", "um", "um", "um"),
        axis_labels=("t", "z", "y", "x"),
    )
    assert source_from_layer(layer).pixel_size == (30.0, 0.7, 0.65, 0.65)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (lambda: image(np.zeros((20, 30, 3), np.uint8), rgb=True, name="photo"), "photo is a colour image"),
        (lambda: ViewerModel().add_labels(np.zeros((5, 6), int), name="mask"), "mask holds no image"),
        (lambda: image(axis_labels=("c", "y", "x"), name="dyes"), "dyes has channels"),
        (lambda: image(np.zeros((2, 2, 4, 5, 6), np.uint8), name="five"), "five has 5 dimensions"),
    ],
)
def test_what_is_no_greyscale_image_is_refused_in_one_sentence(layer, sentence):
    with pytest.raises(SciMLError, match=f"The layer {sentence}|{sentence}") as caught:
        source_from_layer(layer())
    assert caught.value.hint


def test_the_file_is_known_only_if_there_is_one(tmp_path):
    assert source_from_layer(image()).path is None
