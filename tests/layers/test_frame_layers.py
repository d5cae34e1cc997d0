from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Vectors

import napari_sciml as sciml
from fixtures.frames import EDGE_PX, HITS, small_run
from napari_sciml.core.findings import FieldMap
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.frames_look import COLORMAP, contrast, frames_look, is_frames
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.spatial import Place, grid_place, spatial_kwargs
from napari_sciml.layers.tiles import borders, grid_of, outlines, outlines_layer, scores_layer, tile_flags
from napari_sciml.layers.transform_sync import TransformSync

TURNED = {"scale": (1.0, 0.5, 0.25), "translate": (2.0, 3.0, 4.0), "rotate": 30.0, "shear": (0.0, 0.0, 0.2)}


@pytest.fixture(scope="module")
def findings():
    return sciml.run("diffraction", small_run())


@pytest.fixture
def image():
    return ViewerModel().add_image(np.zeros((6, EDGE_PX, EDGE_PX), np.int32), name="run", **TURNED)


def test_contrast_is_that_of_lit_pixels():
    frame = np.zeros((300, 300), np.int32)
    frame[:, :200] = np.arange(200) + 100
    frame[0, 0] = 60_000
    low, high = contrast(frame)
    assert low == pytest.approx(101.98, abs=2)
    assert high == pytest.approx(297, abs=2)


@pytest.mark.parametrize("frame", [np.zeros((30, 30)), np.full((30, 30), -1), np.full((30, 30), np.nan)])
def test_a_frame_that_holds_nothing_decides_about_no_contrast(frame):
    assert contrast(frame) is None


def test_the_largest_number_of_a_wide_detector_is_no_light():
    frame = np.full((30, 30), 2**32 - 1, np.uint32)
    frame[:15] = np.arange(30) + 1
    assert contrast(frame)[1] <= 30


def test_one_frame_is_read_for_the_contrast_and_a_dark_one_is_passed_over():
    read = []

    class Counting:
        shape, dtype = (50, 300, 300), np.dtype(np.int32)

        def __getitem__(self, index):
            read.append(index[0])
            return np.arange(90_000, dtype=np.int32).reshape(300, 300) * (index[0] > 0)

    look = frames_look(ImageSource.from_array(Counting(), axes=("t", "y", "x")))
    assert read == [0, 25]
    assert look["colormap"] == COLORMAP
    assert look["contrast_limits"][1] > 80_000


@pytest.mark.parametrize(
    ("shape", "dtype", "path", "expected"),
    [
        ((5, 300, 300), np.int32, None, True),
        ((300, 300), np.uint32, None, True),
        ((5, 300, 300), np.uint16, None, False),
        ((5, 300, 300), np.float32, "/d/run.cxi::/entry_1/data_1/data", True),
        ((5, 300, 300), np.float32, "/d/run.h5::/entry/data", False),
        ((5, 40, 50), np.int32, None, False),
    ],
)
def test_frames_are_known_by_name_and_type(shape, dtype, path, expected):
    source = ImageSource.from_array(np.zeros(shape, dtype), path=path)
    assert is_frames(source) is expected


def test_slicing_a_simulated_run_makes_only_the_frame_that_is_shown():
    source = small_run()
    image = Layer.create(lazy_array(source), {"name": "run", **frames_look(source)}, "image")
    assert image.colormap.name == COLORMAP
    made = []
    make = source.data._make
    source.data.making._make = lambda number: made.append(number) or make(number)
    viewer = ViewerModel()
    viewer.add_layer(image)
    viewer.dims.set_point(0, 3)
    assert made[-1] == 3
    assert len(set(made)) <= 2


def test_scores_lie_on_their_tiles_wherever_the_image_lies(findings, image):
    scores = Layer.create(*scores_layer(findings, findings.tiles[0], Place.of(image)))
    assert isinstance(scores, Image)
    assert scores.data.shape == (6, 4, 4)
    # Tile (1, 2) of frame 5 covers the pixels 64 to 127 and 128 to 191.
    for corner, pixel in (((5, 0.5, 1.5), (5, 63.5, 127.5)), ((5, 1.5, 2.5), (5, 127.5, 191.5))):
        np.testing.assert_allclose(scores.data_to_world(corner), image.data_to_world(pixel), atol=1e-9)


def test_scores_follow_their_image(findings):
    image = ViewerModel().add_image(np.zeros((6, EDGE_PX, EDGE_PX)))
    field = grid_of(findings, findings.tiles[0])
    scores = Layer.create(*scores_layer(findings, findings.tiles[0], Place.of(image)))
    transform_sync = TransformSync(image, [], {scores: (field.scale, field.translate)})
    image.scale = (1.0, 0.5, 0.25)
    image.units = ("pixel", "um", "um")
    image.translate = (0.0, 7.0, 9.0)
    np.testing.assert_allclose(scores.data_to_world((2, 0.5, 1.5)), image.data_to_world((2, 63.5, 127.5)))
    assert scores.units == image.units
    del transform_sync


def test_a_grid_placed_without_moving_is_the_image_itself(image):
    placed = grid_place(spatial_kwargs(image), (1, 1, 1), (0, 0, 0))
    for name, value in spatial_kwargs(image).items():
        assert np.array_equal(placed[name], value), name


def test_each_border_is_drawn_once():
    positive = np.zeros((2, 3, 3), bool)
    positive[1, 0, :2] = True
    lines = borders(positive, (1.0, 64.0, 64.0), (0.0, 31.5, 31.5))
    # Two squares side by side have seven sides.
    assert lines.shape == (7, 2, 3)
    assert set(lines[:, 0, 0]) == {1.0}
    ends = {tuple(map(tuple, (line[0], line[0] + line[1]))) for line in lines}
    assert ((1.0, -0.5, 63.5), (1.0, 63.5, 63.5)) in ends
    assert ((1.0, 63.5, -0.5), (1.0, 63.5, 63.5)) in ends
    assert lines[:, 0, 1:].min() == -0.5
    assert (lines[:, 0] + lines[:, 1])[:, 2].max() == 127.5


def test_outlined_tiles_are_those_that_count(findings):
    counted, left_out = tile_flags(findings, findings.tiles[0])
    np.testing.assert_array_equal(counted.sum(axis=(1, 2)), findings.table["bragg_tiles"])
    assert np.flatnonzero(counted.any(axis=(1, 2))).tolist() == HITS
    assert not (counted & left_out).any()
    few, _ = outlines(findings.at_threshold(0.999), findings.tiles[0])
    all_, colors = outlines(findings, findings.tiles[0])
    assert 0 < len(few) < len(all_) == len(colors)


def test_suspect_tiles_are_outlined_in_another_colour(findings):
    suspect = findings.candidates.assign(suspect=np.where(findings.candidates["frame"] == 5, "ring", ""))
    found = replace(findings, candidates=suspect).at_threshold(0.5)
    counted, left_out = tile_flags(found, found.tiles[0])
    assert np.flatnonzero(counted.any(axis=(1, 2))).tolist() == [0]
    assert np.flatnonzero(left_out.any(axis=(1, 2))).tolist() == [5]
    lines, colors = outlines(found, found.tiles[0])
    assert len(np.unique(colors[lines[:, 0, 0] == 5], axis=0)) == 1
    assert len(np.unique(colors, axis=0)) == 2


def test_outlines_become_lines_on_the_image(findings, image):
    lines = Layer.create(*outlines_layer(findings, findings.tiles[0], Place.of(image)))
    assert isinstance(lines, Vectors)
    assert lines.name == "run: Bragg tiles"
    np.testing.assert_allclose(lines.data_to_world((1, 2, 3)), image.data_to_world((1, 2, 3)))


def test_nothing_positive_is_an_empty_layer(findings, image):
    bare = findings.candidates.assign(score=0.1)
    blank = FieldMap(np.zeros_like(findings.maps["tiles"].array), (1.0, 64.0, 64.0), (0.0, 31.5, 31.5))
    none = replace(findings, candidates=bare, maps={"tiles": blank}).at_threshold(1.0)
    lines = Layer.create(*outlines_layer(none, none.tiles[0], Place.of(image)))
    assert lines.data.shape == (0, 2, 3)


def test_one_flat_frame_gets_flat_layers():
    frame = small_run().read((0, slice(None), slice(None)))
    found = sciml.run("diffraction", frame)
    image = ViewerModel().add_image(frame, name="frame")
    for make, ndim in ((scores_layer, 2), (outlines_layer, 2)):
        assert Layer.create(*make(found, found.tiles[0], Place.of(image))).ndim == ndim
    assert isinstance(grid_of(found, found.tiles[0]), FieldMap)


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint16, 65_535), (np.uint32, 65_535), (np.float32, 2**32), (np.int32, 2**20 - 1)]
)
def test_gaps_that_only_a_value_marks_do_not_decide_about_the_contrast(dtype: type, value: float) -> None:
    frame = np.random.default_rng(0).poisson(20, (200, 240)).astype(dtype)
    plain = contrast(frame)
    frame[:, 40:50] = value
    assert contrast(frame) == pytest.approx(plain, abs=2)
