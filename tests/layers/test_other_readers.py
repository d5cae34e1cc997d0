"""Layers that napari's own reader opened, and files of which the person has to say what is meant."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from fixtures.napari_plugins import find_plugins
from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.which_array import SeveralImages
from napari_sciml.layers import choosing, notify
from napari_sciml.layers.readers import NOTHING, get_volume_reader, read_volumes
from napari_sciml.layers.source import source_from_layer
from napari_sciml.techniques.cryoem.write import micrograph_names
from napari_sciml.widgets import activation

VOLUME = np.arange(6 * 40 * 50, dtype=np.uint16).reshape(6, 40, 50)


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 2}
    tifffile.imwrite(path, VOLUME, imagej=True, resolution=(1 / 0.65, 1 / 0.65), metadata=metadata)
    return path


@pytest.mark.parametrize("reader", ["napari", "napari-sciml"])
def test_a_tiff_has_its_pixel_size_whoever_opened_it(reader: str, tiff: Path) -> None:
    find_plugins()
    (layer,) = ViewerModel().open(str(tiff), plugin=reader)
    source = source_from_layer(layer)
    assert source.shape == VOLUME.shape
    assert source.pixel_size == pytest.approx((2, 0.65, 0.65))


def test_a_scale_that_somebody_gave_goes_before_the_file(tiff: Path) -> None:
    find_plugins()
    (layer,) = ViewerModel().open(str(tiff), plugin="napari")
    layer.scale = (3, 3, 3)
    assert source_from_layer(layer).pixel_size is None


def test_whole_numbers_of_32_bits_are_an_image(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "frame.tif", VOLUME.astype(np.int32)[0])
    find_plugins()
    (layer,) = ViewerModel().open(str(tmp_path / "frame.tif"), plugin="napari-sciml")
    assert layer._type_string == "image"


def test_pictures_in_colour_are_left_to_napari(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((40, 50, 3), np.uint8), photometric="rgb")
    assert get_volume_reader(str(tmp_path / "rgb.tif")) is None


@pytest.fixture
def two_images(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"], file["b"] = VOLUME, VOLUME + 1
    return tmp_path / "two.h5"


@pytest.fixture
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_choosers", [])


@pytest.mark.usefixtures("nobody_to_ask")
def test_the_image_that_a_person_chooses_is_opened(two_images: Path) -> None:
    asked: list[SeveralImages] = []
    choosing.ask_with(lambda several: asked.append(several) or several.choices[1].part)  # type: ignore[func-returns-value]
    ((data, arguments, _),) = read_volumes(str(two_images))
    assert [choice.part for choice in asked[0].choices] == ["/a", "/b"]
    assert arguments["name"] == "two.h5::/b"
    np.testing.assert_array_equal(data, VOLUME + 1)


@pytest.mark.usefixtures("nobody_to_ask")
def test_who_chooses_none_gets_none(two_images: Path) -> None:
    choosing.ask_with(lambda several: None)
    assert read_volumes(str(two_images)) == NOTHING


@pytest.mark.usefixtures("nobody_to_ask")
def test_without_a_window_the_images_are_named(two_images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(notify, "show_error", told.append)
    assert read_volumes(str(two_images)) == NOTHING
    assert "/a (6 x 40 x 50 uint16), /b (6 x 40 x 50 uint16): name one" in told[0]


@pytest.mark.usefixtures("qapp")
def test_the_dialog_lists_them_and_cancel_is_none(monkeypatch: pytest.MonkeyPatch, two_images: Path) -> None:
    from qtpy.QtWidgets import QInputDialog

    from napari_sciml.io import open_image

    with pytest.raises(SciMLError) as caught:
        open_image(two_images)
    assert isinstance(caught.value, SeveralImages)
    monkeypatch.setattr(QInputDialog, "getItem", lambda *given: (given[3][1], True))
    assert activation.choose_image(caught.value) == "/b"
    monkeypatch.setattr(QInputDialog, "getItem", lambda *given: (given[3][0], False))
    assert activation.choose_image(caught.value) is None


def test_a_stack_of_naparis_own_is_not_said_to_be_its_first_file(tmp_path: Path) -> None:
    paths = [tmp_path / f"t_{number}.tif" for number in range(3)]
    for number, path in enumerate(paths):
        tifffile.imwrite(path, VOLUME[number])
    find_plugins()
    (layer,) = ViewerModel().open([str(path) for path in paths], stack=True, plugin="napari")
    assert source_from_layer(layer).path is None
    (ours,) = ViewerModel().open([str(path) for path in paths], stack=True, plugin="napari-sciml")
    assert micrograph_names(source_from_layer(ours)) == [path.name for path in paths]
