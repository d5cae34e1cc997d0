"""Spots, lines and known settings as layers, without a display."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.gisaxs_findings import EDGE_PX, KNOWN, findings, small_series
from fixtures.napari_plugins import find_plugins
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.keys import KNOWN_KEY, SAMPLE_KEY, TECHNIQUE_KEY
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.lines import paths_layers
from napari_sciml.layers.points import points_layer
from napari_sciml.layers.points_sync import points_sync_for
from napari_sciml.layers.readers import image_layer
from napari_sciml.layers.remake import origin_of
from napari_sciml.layers.saved_run import saved_run_layers
from napari_sciml.layers.scattering_look import scattering_look
from napari_sciml.layers.source import source_from_layer
from napari_sciml.layers.spatial import Place, source_place
from napari_sciml.layers.styles import BLUE, FEATURE_COLORS, ORANGE, PURPLE, rgba
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings


def image_of(source):
    metadata = {KNOWN_KEY: dict(source.known)}
    return ViewerModel().add_image(
        lazy_array(source), name="series", metadata=metadata, **source_place(source)
    )


@pytest.fixture
def source():
    return small_series()


def found(source, **settings):
    return findings(source, GisaxsSettings(**settings))


def spots_layer(found, image):
    return Layer.create(*points_layer(found, found.overlays[0], Place.of(image)))


def test_found_and_missing_spots_differ_in_colour_and_shape(source):
    layer = spots_layer(found(source), image_of(source))
    seen = layer.features["found"].to_numpy(bool)
    assert 0 < seen.sum() < len(seen)
    np.testing.assert_allclose(layer.border_color[seen], np.tile(rgba(BLUE), (seen.sum(), 1)), atol=1e-6)
    np.testing.assert_allclose(
        layer.border_color[~seen], np.tile(rgba(ORANGE), ((~seen).sum(), 1)), atol=1e-6
    )
    assert {str(symbol) for symbol in layer.symbol[seen]} == {"disc"}
    assert {str(symbol) for symbol in layer.symbol[~seen]} == {"x"}


def test_a_spot_tells_its_place_in_q_and_its_class(source):
    layer = spots_layer(found(source), image_of(source))
    assert {"score", "label", "source", "q_y", "q_z", "mirrored", "found"} <= set(layer.features)
    assert "y" not in layer.features
    row = layer.features.iloc[0]
    frame, y, _ = layer.data[0]
    assert (row["label"], frame) == ("HCP", 0)
    assert row["q_z"] == pytest.approx(1 - y / (EDGE_PX - 1))


def test_a_spot_that_a_person_adds_says_nothing_about_q(source):
    layer = spots_layer(found(source), image_of(source))
    points_sync_for(layer, "spot")
    layer.selected_data = {0}
    layer.add([0, 5, 6])
    row = layer.features.iloc[-1]
    assert (row["source"], row["label"]) == ("manual", "spot")
    assert row[["score", "q_y", "q_z", "mirrored", "found"]].isna().all()
    assert str(layer.symbol[-1]) == "square"
    np.testing.assert_allclose(layer.border_color[-1], rgba(PURPLE), atol=1e-6)


def test_the_threshold_takes_the_spots_of_doubtful_frames_away_and_brings_them_back(source):
    everything = found(source)
    layer = spots_layer(everything, image_of(source))
    sync = points_sync_for(layer, "spot")
    assert set(layer.data[:, 0]) == {0, 1, 2}
    sync.show(everything.at_threshold(0.7), everything.overlays[0])
    assert set(layer.data[:, 0]) == {0, 1}
    sync.show(everything.at_threshold(0.4), everything.overlays[0])
    assert set(layer.data[:, 0]) == {0, 1, 2, 3}
    assert not layer.features["found"].to_numpy(bool)[[str(s) == "x" for s in layer.symbol]].any()


def test_saved_spots_open_again_as_they_were(source, tmp_path):
    everything = found(source)
    everything.save(tmp_path)
    layers = saved_run_layers(tmp_path / "run.json")
    layer = Layer.create(*layers[-1])
    before = spots_layer(everything, image_of(source))
    assert layer.name == before.name == "series: predicted spots"
    np.testing.assert_allclose(layer.data, before.data)
    np.testing.assert_allclose(layer.border_color, before.border_color)
    points_sync_for(layer, "spot")
    layer.add([0, 5, 6])
    assert str(layer.symbol[-1]) == "square"


def test_lines_and_peaks_become_layers_on_the_image(source):
    image = image_of(source)
    image.scale = (1, 2, 2)
    everything = found(source, explore=True)
    lines, peaks = (Layer.create(*d) for d in paths_layers(everything, everything.paths[0], Place.of(image)))
    assert (lines.name, peaks.name) == ("series: feature lines", "series: feature peaks")
    assert lines.shape_type == ["path", "path"]
    assert lines.features["kind"].tolist() == ["ring", "line"]
    assert [len(path) for path in lines.data] == [20, 2]
    np.testing.assert_allclose(lines.edge_color[1], rgba(FEATURE_COLORS["line"]), atol=1e-6)
    assert lines.data[1][0].tolist() == [1, 60, 44]
    np.testing.assert_allclose(peaks.data, [[0, 30, 20]])
    assert peaks.features["q"].tolist() == [0.64]
    np.testing.assert_allclose(peaks.scale, lines.scale)
    np.testing.assert_allclose(peaks.scale, (1, 2, 2))
    assert METADATA_KEY in lines.metadata


def test_a_layer_that_would_be_empty_is_left_out(source):
    everything = found(source, explore=True)
    things = everything.tables["features"]
    overlay = everything.paths[0]
    place = Place.of(image_of(source))
    no_peaks = {**everything.tables, "features": things.assign(kind="ring"), "feature_lines": lines_of(3)}
    assert [kind for _, _, kind in paths_layers(replace(everything, tables=no_peaks), overlay, place)] == [
        "shapes"
    ]
    nothing = {**everything.tables, "features": things[:0], "feature_lines": lines_of(0)}
    assert paths_layers(replace(everything, tables=nothing), overlay, place) == []


def lines_of(count):
    import pandas as pd

    rows = [(0, n, float(y), 1.0) for n in range(count) for y in (1, 2)]
    return pd.DataFrame(rows, columns=["frame", "feature", "y", "x"])


def test_what_an_image_states_rides_along_and_comes_back(source):
    layer = Layer.create(*image_layer(source))
    assert layer.metadata[KNOWN_KEY] == KNOWN
    assert source_from_layer(layer).known == KNOWN
    assert source_from_layer(ViewerModel().add_image(np.zeros((5, 6)))).known == {}
    assert KNOWN_KEY not in image_layer(small_series(known={}))[1]["metadata"]


def test_scattering_is_shown_over_its_decades_and_stays_raw(source):
    look = scattering_look(source)
    assert look["gamma"] < 0.5
    assert look["contrast_limits"][0] == 0
    assert 5 < look["contrast_limits"][1] < 20
    assert look["metadata"] == {TECHNIQUE_KEY: "gisaxs"}
    dark = small_series()
    dark.data[:] = -1
    assert "contrast_limits" not in scattering_look(dark)


def test_the_sample_opens_and_states_what_the_technique_needs():
    find_plugins()
    viewer = ViewerModel()
    (layer,) = viewer.open_sample("napari-sciml", "sample_gisaxs_series")
    assert layer.name == "GISAXS series"
    assert layer.metadata[TECHNIQUE_KEY] == "gisaxs"
    assert set(source_from_layer(layer).known) == {"qy_range", "qz_range", "energy_kev", "incidence_deg"}
    assert layer.metadata[SAMPLE_KEY]["truth"]["lattice"].iloc[-1] == "BCC100"
    assert origin_of(layer).expression == "gisaxs_series()"
