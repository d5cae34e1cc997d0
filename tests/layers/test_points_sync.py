from __future__ import annotations

import numpy as np
import pytest

from fixtures.points_scene import Scene, drag
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points_sync import HandEdits, points_sync_for


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_point_added_while_a_model_point_is_selected_gets_no_score(scene):
    scene.layer.selected_data = {0}
    scene.layer.add([2.0, 3.0, 4.0])
    last = scene.layer.features.iloc[-1]
    assert last["source"] == "manual"
    assert last["label"] == "fiber"
    assert np.isnan(last["score"])
    assert not scene.layer.features["score"].iloc[:-1].isna().any()


def test_several_points_added_at_once_are_all_manual(scene):
    before = len(scene.layer.data)
    scene.layer.selected_data = {1}
    scene.layer.add([[0, 1, 1], [1, 2, 2], [2, 3, 3]])
    assert (scene.layer.features["source"].iloc[before:] == "manual").all()
    assert (scene.layer.features["source"].iloc[:before] == "model").all()


def test_manual_points_differ_by_shape_and_colour(scene):
    scene.layer.selected_data = {0}
    scene.layer.add([2.0, 3.0, 4.0])
    assert str(scene.layer.symbol[-1]) == "square"
    assert str(scene.layer.symbol[0]) == "disc"
    assert not np.allclose(scene.layer.border_color[-1], scene.layer.border_color[0])


def test_a_pasted_point_is_manual_although_napari_tells_nobody():
    scene = Scene(shape=(40, 50))
    scene.layer.selected_data = {0, 1}
    scene.layer._copy_data()
    scene.layer._paste_data()
    assert scene.layer.features["source"].iloc[-2:].tolist() == ["manual", "manual"]
    assert scene.layer.features["score"].iloc[-2:].isna().all()


def test_taking_hold_of_a_point_without_moving_it_changes_nothing(scene):
    scene.layer._move([0], scene.layer.data[0])
    assert scene.layer.features["source"].iloc[0] == "model"


def test_a_moved_point_loses_its_score(scene):
    drag(scene.layer, 0)
    assert scene.layer.features["source"].iloc[0] == "manual"
    assert np.isnan(scene.layer.features["score"].iloc[0])
    assert (scene.layer.features["source"].iloc[1:] == "model").all()


def test_the_threshold_moves_the_model_points_and_no_others(scene):
    scene.layer.add([2.5, 3.0, 4.0])
    for threshold in (0.9, 0.0, 0.6):
        scene.threshold(threshold)
        expected = scene.findings.candidates.query("score >= @threshold")[["z", "y", "x"]]
        np.testing.assert_array_equal(scene.rows("model"), expected)
        np.testing.assert_array_equal(scene.rows("manual"), [[2.5, 3.0, 4.0]])
        assert len(scene.layer.features) == len(scene.layer.data) == len(scene.layer.symbol)
    scores = scene.layer.features.loc[scene.layer.features["source"] == "model", "score"]
    assert (scores >= 0.6).all()


def test_a_point_that_a_person_removed_does_not_come_back(scene):
    gone = scene.layer.data[3].copy()
    scene.layer.remove([3])
    scene.threshold(0.2)
    scene.threshold(0.9)
    scene.threshold(0.0)
    assert not (scene.layer.data == gone).all(axis=1).any()
    assert len(scene.layer.data) == len(scene.findings.table) - 1


def test_a_point_that_a_person_moved_stays_and_its_old_place_stays_empty(scene):
    old = scene.layer.data[0].copy()
    scene.layer.selected_data = {0}
    drag(scene.layer, 0)
    scene.threshold(0.0)
    assert not (scene.layer.data == old).all(axis=1).any()
    assert len(scene.rows("manual")) == 1


def test_edits_are_counted_at_the_present_threshold(scene):
    assert scene.sync.edits == HandEdits()
    scene.layer.remove([int(scene.layer.features["score"].to_numpy().argmin())])
    scene.layer.add([2.5, 3.0, 4.0])
    assert scene.sync.edits == HandEdits(added=1, removed=1)
    scene.threshold(0.95)
    assert scene.sync.edits == HandEdits(added=1, removed=0)
    scene.threshold(0.5)
    assert scene.sync.edits == HandEdits(added=1, removed=1)


def test_emptying_and_filling_the_layer_by_threshold_works(scene):
    scene.threshold(1.0)
    assert len(scene.layer.data) == 0
    scene.threshold(0.0)
    assert len(scene.layer.data) == len(scene.findings.candidates)
    assert (scene.layer.features["source"] == "model").all()


def test_the_record_says_which_threshold_the_points_have(scene):
    scene.threshold(0.75)
    assert scene.layer.metadata[METADATA_KEY]["settings"]["threshold"] == 0.75


def test_points_added_after_a_threshold_are_still_manual(scene):
    scene.threshold(0.2)
    scene.layer.selected_data = {4}
    scene.layer.add([2.5, 3.0, 4.0])
    assert scene.layer.features["source"].iloc[-1] == "manual"
    assert np.isnan(scene.layer.features["score"].iloc[-1])


def test_one_layer_has_one_sync(scene):
    assert points_sync_for(scene.layer, "fiber") is scene.sync


def test_edits_are_announced_once_they_are_marked(scene):
    seen = []
    scene.sync.edited.connect(lambda: seen.append(scene.sync.edits))
    scene.layer.selected_data = {0}
    scene.layer.add([2.5, 3.0, 4.0])
    scene.threshold(0.9)
    assert seen == [HandEdits(added=1)]
