"""A person's labels, columns and deletions survive every slider, and come back from findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.layers import Layer

from fixtures.points_scene import Scene, drag
from napari_sciml.core.corrections import Corrections
from napari_sciml.layers.points import points_layer
from napari_sciml.layers.points_sync import HandEdits, PointsSync
from napari_sciml.layers.spatial import Place

COLUMNS = {
    "words": lambda n: np.array([f"w{i}" for i in range(n)], dtype=object),
    "strings": lambda n: pd.array([f"w{i}" for i in range(n)], dtype="string"),
    "whole": lambda n: np.arange(n, dtype=np.int64) + 2**40,
    "small": lambda n: np.arange(n, dtype=np.uint8),
    "flags": lambda n: np.arange(n) % 2 == 0,
    "decimals": lambda n: np.arange(n) / 7,
    "kinds": lambda n: pd.Categorical(["a", "b"] * (n // 2) + ["a"] * (n % 2)),
    "days": lambda n: pd.date_range("2026-01-01", periods=n).to_numpy(),
    "nullable": lambda n: pd.array([None, *range(n - 1)], dtype="Int64"),
}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def describe(scene: Scene, **columns) -> None:
    scene.layer.features = scene.layer.features.assign(**columns)


def by_place(scene: Scene) -> pd.DataFrame:
    index = [tuple(row) for row in scene.layer.data]
    return scene.layer.features.set_index(pd.Index(index, tupleize_cols=False))


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_column_of_any_type_comes_back_with_its_points(scene, name):
    describe(scene, mine=COLUMNS[name](len(scene.layer.data)))
    before = by_place(scene)
    for threshold in (0.8, 0.2, 1.0, 0.0, 0.5):
        scene.threshold(threshold)
        assert "mine" in scene.layer.features
    after = by_place(scene)
    pd.testing.assert_frame_equal(after.loc[before.index], before)


def test_points_that_had_no_value_have_none(scene):
    describe(scene, mine=np.arange(len(scene.layer.data)))
    known = {tuple(row) for row in scene.layer.data}
    scene.threshold(0.2)
    fresh = np.array([tuple(row) not in known for row in scene.layer.data])
    assert fresh.any()
    assert scene.layer.features["mine"][fresh].isna().all()
    assert scene.layer.features["mine"][~fresh].notna().all()


def test_a_label_comes_back_with_its_point(scene):
    weakest = int(scene.layer.features["score"].to_numpy().argmin())
    place = scene.layer.data[weakest].copy()
    labels = scene.layer.features["label"].astype(object)
    labels[weakest] = "broken"
    describe(scene, label=labels)
    scene.threshold(0.9)
    assert "broken" not in set(scene.layer.features["label"])
    scene.threshold(0.3)
    broken = (scene.layer.features["label"] == "broken").to_numpy()
    np.testing.assert_array_equal(scene.layer.data[broken], [place])


def test_a_value_that_is_edited_in_place_counts(scene):
    describe(scene, mine="")
    scene.layer.features.loc[2, ["mine", "label"]] = ["look", "broken"]
    place = scene.layer.data[2].copy()
    scene.layer.remove([0])
    scene.threshold(0.0)
    row = (scene.layer.data == place).all(axis=1)
    assert scene.layer.features.loc[row, ["mine", "label"]].to_numpy().tolist() == [["look", "broken"]]


def test_a_column_that_a_person_drops_stays_away(scene):
    describe(scene, mine=1)
    scene.threshold(0.9)
    scene.layer.features = scene.layer.features.drop(columns="mine")
    scene.threshold(0.2)
    assert "mine" not in scene.layer.features


def test_a_moved_point_keeps_what_a_person_said_of_it(scene):
    describe(scene, mine=np.arange(len(scene.layer.data)), label="broken")
    drag(scene.layer, 3)
    scene.threshold(0.2)
    moved = scene.layer.features[scene.layer.features["source"] == "manual"]
    assert moved[["mine", "label"]].to_numpy().tolist() == [[3, "broken"]]
    assert moved["score"].isna().all()


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_new_point_takes_nothing_from_the_selected_one(scene, name):
    describe(scene, mine=COLUMNS[name](len(scene.layer.data)))
    scene.layer.selected_data = {1}
    scene.layer.add([2.5, 3.0, 4.0])
    last = scene.layer.features.iloc[-1]
    assert last["label"] == "fiber"
    assert pd.isna(last["mine"])
    scene.threshold(0.2)
    assert pd.isna(scene.layer.features["mine"].iloc[-1])


def test_what_is_changed_is_counted(scene):
    labels = scene.layer.features["label"].astype(object)
    labels[:2] = "broken"
    describe(scene, label=labels, mine=1)
    scene.layer.remove([4])
    scene.layer.add([2.5, 3.0, 4.0])
    assert scene.sync.edits == HandEdits(added=1, removed=1, labelled=2, columns=1)


def test_nothing_changed_is_no_correction(scene):
    scene.threshold(0.2)
    assert not scene.sync.corrections


def corrected(scene: Scene) -> None:
    """Do everything that a person can do, and hide a part of it below the threshold."""
    labels = scene.layer.features["label"].astype(object)
    labels[::3] = "broken"
    describe(scene, label=labels, mine=np.arange(len(scene.layer.data)))
    scene.layer.remove([1, 2])
    drag(scene.layer, 3)
    scene.layer.add([2.5, 3.0, 4.0])
    scene.threshold(0.8)


def reopened(scene: Scene) -> Scene:
    """Show the findings with their corrections in a layer of its own."""
    again = Scene()
    overlay = scene.findings.overlays[0]
    again.findings = replace(scene.findings, corrections={overlay.table: scene.sync.corrections})
    place = Place.of(again.viewer.layers[0])
    again.layer = again.viewer.add_layer(Layer.create(*points_layer(again.findings, overlay, place)))
    again.sync = PointsSync(again.layer, overlay.label)
    again.sync.adopt(again.findings, overlay)
    return again


def assert_alike(one: Scene, other: Scene) -> None:
    np.testing.assert_array_equal(one.layer.data, other.layer.data)
    pd.testing.assert_frame_equal(one.layer.features, other.layer.features)
    assert one.sync.edits == other.sync.edits


def test_a_reopened_layer_has_all_of_it_and_its_slider_too(scene):
    corrected(scene)
    again = reopened(scene)
    assert_alike(again, scene)
    assert again.sync.corrections == scene.sync.corrections
    for threshold in (0.95, 0.2, 0.5, 0.8):
        scene.threshold(threshold)
        again.threshold(threshold)
        assert_alike(again, scene)
        assert again.sync.corrections == scene.sync.corrections


def test_the_look_of_a_reopened_layer_tells_points_of_a_person(scene):
    corrected(scene)
    again = reopened(scene)
    assert [str(symbol) for symbol in again.layer.symbol] == [str(symbol) for symbol in scene.layer.symbol]
    np.testing.assert_allclose(again.layer.border_color, scene.layer.border_color)


def test_what_changed_before_the_layer_was_watched_is_found_out(scene):
    corrected(scene)
    again = reopened(scene)
    unwatched = Scene()
    unwatched.findings = again.findings
    overlay = again.findings.overlays[0]
    data = points_layer(again.findings, overlay, Place.of(unwatched.viewer.layers[0]))
    layer = unwatched.viewer.add_layer(Layer.create(*data))
    gone = layer.data[0].copy()
    layer.remove([0])
    layer.selected_data = {0}
    layer.add([9.0, 9.0, 9.0])
    unwatched.layer, unwatched.sync = layer, PointsSync(layer, overlay.label)
    unwatched.sync.adopt(again.findings, overlay)
    assert layer.features["source"].iloc[-1] == "manual"
    unwatched.threshold(0.0)
    assert not (layer.data == gone).all(axis=1).any()


def test_only_deletions_are_corrections_too(scene):
    scene.layer.remove([0, 5])
    corrections = scene.sync.corrections
    assert corrections != Corrections.none(3)
    assert len(corrections.deleted) == 2
    assert not len(corrections.positions)
    assert len(reopened(scene).layer.data) == len(scene.layer.data)
