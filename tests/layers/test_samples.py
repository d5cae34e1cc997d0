from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.napari_plugins import find_plugins
from napari_sciml.app.run.snippets import command_text, python_text
from napari_sciml.core.fingerprint import fingerprint
from napari_sciml.layers.keys import SAMPLE_KEY
from napari_sciml.layers.remake import origin_of
from napari_sciml.layers.samples import cmc_phantom, gisaxs_series
from napari_sciml.layers.source import source_from_layer
from napari_sciml.samples.diffraction_run import diffraction_run
from napari_sciml.samples.microct_phantom import FOLDER, IMAGE


def sample() -> Layer:
    return Layer.create(*cmc_phantom()[0])


def test_the_phantom_opens_as_a_small_volume_with_its_pixel_size():
    source = source_from_layer(sample())
    assert source.axes == ("z", "y", "x")
    assert source.shape == (24, 256, 256)
    assert source.dtype == np.uint8
    assert source.unit == "um"
    assert all(0.6 < size < 0.8 for size in source.pixel_size)


def test_its_truth_rides_along_unshown_and_lies_on_the_fibres():
    layers = cmc_phantom()
    assert [kind for _, _, kind in layers] == ["image"]
    layer = Layer.create(*layers[0])
    truth = layer.metadata[SAMPLE_KEY]["truth"]
    assert truth["z"].between(0, 23).all()
    assert truth[["y", "x"]].min().min() >= 0
    assert truth[["y", "x"]].max().max() < 256

    # A fibre's dark ring is darker than its core: the truth is registered if that holds around its centres.
    inside = truth.query("10 < y < 245 and 10 < x < 245")
    z, y, x = (inside[name].round().astype(int).to_numpy() for name in "zyx")
    core = layer.data[z, y, x].astype(float)
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = [
        np.minimum.reduce(
            [
                layer.data[
                    z, (y + r * np.sin(turn)).round().astype(int), (x + r * np.cos(turn)).round().astype(int)
                ]
                for r in (5.0, 6.0, 7.0)
            ]
        )
        for turn in turns
    ]
    assert (core > np.median(ring, axis=0)).mean() > 0.9


def test_the_diffraction_run_is_made_when_looked_at_and_can_be_made_again():
    find_plugins()
    viewer = ViewerModel()
    (layer,) = viewer.open_sample("napari-sciml", "sample_diffraction_run")
    assert layer.name == "Diffraction run"
    assert layer.data.shape == (200, 1920, 1920)
    assert layer.colormap.name == "gray_r"
    assert layer.contrast_limits[1] > layer.contrast_limits[0] > 0
    source = source_from_layer(layer)
    assert source.axes == ("t", "y", "x")
    assert source.path is None
    assert source.making is not None, "a plan must know that frames have to be made"
    assert source.making.ahead() > 20
    text = python_text("diffraction", source, {}, origin_of(layer))
    assert "findings = sciml.run('diffraction', diffraction_run())" in text
    assert "--seed 76" in command_text("diffraction", source, {}, origin_of(layer))
    again = diffraction_run()
    assert again.data.frame_kinds.count("crystal") == 23


def test_open_sample_finds_it_and_it_can_be_named_in_a_script():
    find_plugins()
    viewer = ViewerModel()
    (layer,) = viewer.open_sample("napari-sciml", "sample_cmc_phantom")
    assert layer.name == "CMC phantom"
    assert source_from_layer(layer).path == str(FOLDER / IMAGE)


def test_a_part_of_a_sample_is_another_image():
    data, arguments, _ = gisaxs_series()[0]
    part = Layer.create(np.asarray(data[:2]), dict(arguments), "image")
    whole = Layer.create(data, dict(arguments), "image")
    assert source_from_layer(whole).fingerprint
    assert not source_from_layer(part).fingerprint
    assert fingerprint(source_from_layer(part)) != fingerprint(source_from_layer(whole))
