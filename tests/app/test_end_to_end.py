"""The main job with the shipped model: open the sample, press Run, see the fibres marked."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from scipy.spatial import cKDTree

import napari_sciml as sciml
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.core.progress import drive
from napari_sciml.layers.keys import SAMPLE_KEY
from napari_sciml.layers.samples import cmc_phantom

SLICES = slice(11, 13)
MATCH_PX = 4.0


def at_once(task):
    task.on_end(drive(outcome_of(task.work), task.on_step))


@pytest.fixture(scope="module")
def scene():
    """Two slices of the sample, moved and scaled as the sample is, with the run done."""
    data, kwargs, _ = cmc_phantom()[0]
    viewer = ViewerModel()
    runs = RunController(viewer, start=at_once)
    image = viewer.add_image(data[SLICES], **kwargs)
    runs.run()
    assert runs.state.error == runs.state.blocked == ""
    return viewer, runs, image


def test_fibres_are_marked_and_marks_are_fibres(scene):
    viewer, _, image = scene
    truth = image.metadata[SAMPLE_KEY]["truth"]
    points = viewer.layers["CMC phantom: fibres"]
    hits = marks = fibers = 0
    for z in range(SLICES.stop - SLICES.start):
        true = truth.loc[truth["z"] == z + SLICES.start, ["y", "x"]].to_numpy()
        # Where the truth lies in the world must be where the points lie in the world.
        world = np.array([image.data_to_world((z, *centre)) for centre in true])
        found = np.array([points.data_to_world(p) for p in points.data[points.data[:, 0] == z]])
        near, _ = cKDTree(found).query(world)
        hits += (near < MATCH_PX * image.scale[1]).sum()
        fibers += len(true)
        marks += len(found)
    assert hits / fibers > 0.85
    assert hits / marks > 0.8


def test_python_finds_the_very_same_points(scene):
    viewer, _, image = scene
    found = sciml.run("microct", image.data)
    points = viewer.layers["CMC phantom: fibres"]
    np.testing.assert_array_equal(points.data, found.table[["z", "y", "x"]])
    np.testing.assert_array_equal(points.features["score"], found.table["score"])


def test_a_lower_threshold_needs_no_network(scene, monkeypatch):
    viewer, runs, image = scene
    expected = sciml.run("microct", image.data, threshold=0.2)

    def no_network(*args, **kwargs):
        raise AssertionError("the network ran again")

    monkeypatch.setattr("napari_sciml.techniques.microct.recipe.MicroCT.run", no_network)
    runs.set_threshold(0.2)
    np.testing.assert_array_equal(viewer.layers["CMC phantom: fibres"].data, expected.table[["z", "y", "x"]])
