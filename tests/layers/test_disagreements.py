from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.fakes import SpotTechnique
from napari_sciml.core.context import Context
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay, TilesOverlay
from napari_sciml.core.progress import drive
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.disagreement_layer import LOOKS, disagreement_layer, show_disagreements
from napari_sciml.layers.disagreements import FIRST, OTHER, SECOND, Count, compare
from napari_sciml.layers.spatial import Place
from napari_sciml.techniques.microct.settings import MicroCTSettings

NAMES = ("float32", "int8")


def made(table, candidates=None, axes=("z", "y", "x"), shape=(6, 40, 50), **parts) -> Findings:
    record = Provenance(
        technique=parts.pop("technique", "microct"),
        model="m",
        weights_sha256="",
        backend="float32",
        runtime="numpy",
        normalisation="",
        settings={"threshold": 0.5, "axis": parts.pop("axis", 0)},
        source=SourceRecord(
            name="slab", path=None, shape=shape, dtype="uint8", axes=axes, pixel_size=None, unit="pixel"
        ),
        units_done=1,
        units_total=1,
        seconds=1.0,
    )
    columns = parts.pop("columns", axes)
    label, found = parts.pop("label", "fiber"), parts.pop("found", "")
    tables = parts.pop("tables", {"main": table})
    return Findings(
        tables=tables,
        main="main",
        candidates=table if candidates is None else candidates,
        overlays=(PointsOverlay(parts.pop("points", "main"), columns, label, 10.0, found=found),),
        provenance=record,
        settings=MicroCTSettings(axis=record.settings["axis"]),
        context=Context(),
        source=record.source.absent("made up"),
        **parts,
    )


def fibers(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["z", "y", "x", "score"], dtype=float)


def test_points_match_within_half_a_diameter_in_the_same_slice():
    first = made(fibers((0, 10, 10, 0.9), (0, 30, 30, 0.8), (1, 10, 10, 0.7), (2, 5, 5, 0.6)))
    second = made(fibers((0, 13, 10, 0.8), (0, 30, 36, 0.8), (2, 10, 10, 0.7), (2, 5, 5, 0.5)))
    found = compare(first, second, NAMES)
    assert found.counts == (Count("fibre cross-sections", 2, 2, 2),)
    rows = found.table[["z", "y", "x", "what"]].to_numpy().tolist()
    assert rows == [
        [0.0, 30.0, 30.0, "only float32"],
        [0.0, 30.0, 36.0, "only int8"],
        [1.0, 10.0, 10.0, "only float32"],
        [2.0, 10.0, 10.0, "only int8"],
    ]


def test_the_slices_are_cut_along_the_axis_of_the_run():
    first, second = (made(fibers((3, 10, n, 0.9)), axis=2) for n in (10, 11))
    assert compare(first, second, NAMES).counts[0].agreed == 0
    first, second = (made(fibers((n, 10, 10, 0.9)), axis=2) for n in (3, 4))
    assert compare(first, second, NAMES).counts[0].agreed == 1


def test_one_point_matches_one_other_and_the_nearest_first():
    first = made(fibers((0, 10, 10, 0.9), (0, 10, 14, 0.9)))
    second = made(fibers((0, 10, 13, 0.9)))
    found = compare(first, second, NAMES)
    assert found.table["x"].tolist() == [10.0]
    assert found.counts[0] == Count("fibre cross-sections", 1, 1, 0)


def test_the_score_of_the_one_that_did_not_count_it_is_told():
    first = made(fibers((0, 10, 10, 0.9), (0, 30, 30, 0.8)))
    second = made(fibers(), candidates=fibers((0, 11, 10, 0.45)))
    table = compare(first, second, NAMES).table
    assert table["score_float32"].tolist() == [0.9, 0.8]
    np.testing.assert_array_equal(table["score_int8"], [0.45, np.nan])


def test_what_was_left_out_in_spite_of_its_score_is_told_as_such():
    first = made(fibers((0, 10, 10, 0.9)))
    second = made(fibers(), candidates=fibers((0, 11, 10, 0.95)))
    table = compare(first, second, NAMES).table
    assert table["what"].tolist() == ["only float32; int8 left it out, not for its score"]
    assert table["score_int8"].tolist() == [0.95]


def test_a_neighbour_that_counts_lends_its_score_to_nobody():
    first = made(fibers((0, 10, 10, 0.9), (0, 10, 14, 0.8)))
    second = made(fibers((0, 10, 13, 0.7)))
    table = compare(first, second, NAMES).table
    assert table["what"].tolist() == ["only float32"]
    assert np.isnan(table["score_int8"].item())


def test_equal_results_have_no_disagreement_and_an_empty_layer():
    findings = drive(
        SpotTechnique().run(ImageSource.from_array(np.eye(30, dtype=np.uint8) * 200), settings())
    )
    found = compare(findings, findings, NAMES)
    assert len(found.table) == 0
    assert found.counts[0].agreed == found.counts[0].total == 30
    image = ViewerModel().add_image(np.zeros((30, 30)))
    layer = Layer.create(*disagreement_layer(found, Place.of(image)))
    assert len(layer.data) == 0


def settings() -> MicroCTSettings:
    return MicroCTSettings(threshold=0.5)


def test_views_of_matched_particles_are_compared():
    columns = ["frame", "y", "x", "score", "view", "view_probability"]
    first = pd.DataFrame(
        [(0, 9, 9, 0.9, 12, 0.8), (1, 9, 9, 0.9, 3, 0.7), (1, 30, 30, 0.9, 5, 0.6)], columns=columns
    )
    second = first.assign(view=[40, 3, -1])
    made_as = {"axes": ("t", "y", "x"), "columns": ("frame", "y", "x"), "label": "particle"}
    found = compare(made(first, **made_as), made(second, **made_as), NAMES)
    assert found.table["what"].tolist() == ["view12 / view40"]
    assert found.table["score_float32"].tolist() == [0.8]
    assert found.counts == (Count("particles", 2, other=1),)


def gisaxs(labels, unknown) -> Findings:
    table = pd.DataFrame(
        {
            "frame": range(3),
            "label": labels,
            "probability": [0.9, 0.8, 0.7],
            "unknown": unknown,
        }
    )
    spots = pd.DataFrame({"frame": [0], "y": [1.0], "x": [2.0], "score": [1.0], "found": [True]})
    return made(
        table,
        axes=("t", "y", "x"),
        columns=("frame", "y", "x"),
        label="spot",
        found="found",
        points="spots",
        tables={"main": table, "spots": spots},
    )


def test_frames_are_compared_by_label_and_by_being_known():
    first = gisaxs(["FCC111", "HCP", "HCP"], [False, False, True])
    second = gisaxs(["HCP", "HCP", "BCC100"], [False, True, True])
    found = compare(first, second, NAMES)
    assert found.table["what"].tolist() == ["FCC111 / HCP", "HCP / unknown"]
    assert found.table[["frame", "y", "x"]].to_numpy().tolist() == [[0, 19.5, 24.5], [1, 19.5, 24.5]]
    assert found.counts == (Count("frames", 1, other=2),)


def diffraction(scores, hits) -> Findings:
    table = pd.DataFrame({"frame": [0, 1], "hit": hits, "score": [0.9, 0.2]})
    spots = pd.DataFrame({"frame": [0], "y": [1.0], "x": [2.0], "score": [1.0]})
    return made(
        table,
        axes=("t", "y", "x"),
        columns=("frame", "y", "x"),
        shape=(2, 128, 128),
        label="bragg",
        points="spots",
        tables={"main": table, "spots": spots},
        maps={"tiles": FieldMap(scores, (1.0, 64.0, 64.0), (0.0, 31.5, 31.5))},
        tiles=(TilesOverlay("tiles", "bragg"),),
    )


def test_tiles_and_hits_are_compared_and_spots_are_not_said_twice():
    scores = np.zeros((2, 2, 2))
    scores[0, 0] = 0.9, 0.7
    other = scores.copy()
    other[0, 0, 1], other[1, 1, 0] = 0.4, 0.6
    found = compare(diffraction(scores, [True, False]), diffraction(other, [True, True]), NAMES)
    assert found.counts == (Count("Bragg tiles", 1, 1, 1), Count("frames", 1, other=1))
    by_what = found.table.set_index("what")
    assert by_what.loc["only float32", ["frame", "y", "x"]].tolist() == [0, 31.5, 95.5]
    assert by_what.loc["only float32", "score_int8"] == 0.4
    assert by_what.loc["only int8", ["frame", "y", "x"]].tolist() == [1, 95.5, 31.5]
    assert by_what.loc["no hit / hit", "frame"] == 1


def test_the_layer_lies_on_the_image_and_tells_kinds_apart_by_symbol_and_colour():
    image = ViewerModel().add_image(np.zeros((6, 40, 50)), scale=(2.0, 0.5, 0.5), units=("um",) * 3)
    first = made(fibers((0, 10, 10, 0.9), (1, 10, 10, 0.9)))
    second = made(fibers((0, 10, 10, 0.9), (2, 30, 30, 0.9)))
    found = compare(first, second, NAMES)
    layer = Layer.create(*disagreement_layer(found, Place.of(image)))
    np.testing.assert_array_equal(layer.scale, image.scale)
    assert layer.units == image.units
    assert [str(symbol) for symbol in layer.symbol] == [LOOKS[FIRST][0], LOOKS[SECOND][0]]
    assert not np.allclose(*layer.border_color)
    assert layer.features["what"].tolist() == ["only float32", "only int8"]
    assert layer.features["score_float32"].tolist()[0] == 0.9
    show_disagreements(layer, compare(first, first, NAMES))
    assert len(layer.data) == 0
    show_disagreements(layer, found)
    assert len(layer.data) == 2
    assert [str(symbol) for symbol in layer.symbol] == [LOOKS[FIRST][0], LOOKS[SECOND][0]]


def test_only_what_is_called_otherwise_is_written_on_the_image():
    found = compare(gisaxs(["HCP"] * 3, [False] * 3), gisaxs(["BCC100"] * 3, [False] * 3), NAMES)
    image = ViewerModel().add_image(np.zeros((3, 40, 50)))
    layer = Layer.create(*disagreement_layer(found, Place.of(image)))
    assert layer.features["words"].tolist() == ["HCP / BCC100"] * 3
    assert {str(symbol) for symbol in layer.symbol} == {LOOKS[OTHER][0]}
    across, down, right = layer.text.translation
    assert (across, right) == (0, 0)
    assert layer.size[0] / 2 < down < layer.size[0], "below the mark and not far from it"


def test_a_mark_is_seen_on_the_whole_of_a_large_slice():
    first = made(fibers((0, 10, 10, 0.9)), shape=(6, 2000, 3000))
    found = compare(first, made(fibers(), shape=(6, 2000, 3000)), NAMES)
    assert found.side_px == 2000
    image = ViewerModel().add_image(np.zeros((6, 40, 50)))
    layer = Layer.create(*disagreement_layer(found, Place.of(image)))
    assert layer.size.tolist() == [40.0]


def test_the_table_for_a_file_has_places_words_and_both_scores():
    first = made(fibers((0, 10, 10, 0.9)))
    found = compare(first, made(fibers()), ("8 levels, qat", "float32"))
    assert list(found.for_file()) == ["z", "y", "x", "what", "score_8_levels_qat", "score_float32"]
    assert found.for_file()["what"].tolist() == ["only 8 levels, qat"]


@pytest.mark.parametrize("threshold", [0.3, 0.9])
def test_what_is_compared_is_what_counts_now(threshold):
    source = ImageSource.from_array(np.arange(400, dtype=np.uint8).reshape(1, 20, 20)[:, :, :10])
    findings = drive(SpotTechnique().run(source, settings()))
    other = replace(findings, candidates=findings.candidates[findings.candidates["score"] < 0.95])
    pair = [one.at_threshold(threshold) for one in (findings, other)]
    counts = compare(*pair, NAMES).counts[0]
    assert counts.total == len(pair[0].table)
