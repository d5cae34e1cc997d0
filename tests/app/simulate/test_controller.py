"""The page Simulate: a layer that follows its sliders, and only the last of many requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_sciml.app.base.worker import Task, outcome_of
from napari_sciml.app.simulate.controller import NAME, SimulationController
from napari_sciml.core.progress import drive
from napari_sciml.layers.remake import origin_of
from napari_sciml.layers.source import source_from_layer


def at_once(task: Task) -> None:
    task.on_end(drive(outcome_of(task.work), task.on_step))


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


def make(viewer: ViewerModel, start: Callable[[Task], None] = at_once) -> SimulationController:
    controller = SimulationController(viewer, start)
    # Small and quick.
    controller.set_value("grains", 1)
    controller.set_value("rows", 32)
    controller.set_value("columns", 40)
    return controller


def test_nothing_is_simulated_before_it_is_asked_for(viewer: ViewerModel) -> None:
    make(viewer)
    assert not viewer.layers


def test_the_layer_follows_and_states_its_axes(viewer: ViewerModel) -> None:
    controller = make(viewer)
    controller.open_layer()
    (layer,) = viewer.layers
    assert layer.name == NAME
    assert layer.data.shape == (32, 40)
    assert controller.state.live
    before = layer.data.copy()
    controller.set_value("lattice", "Cubic100")
    assert list(viewer.layers) == [layer]
    assert not np.allclose(layer.data, before)
    controller.set_value("qy_range", (-0.9, 0.9))
    assert source_from_layer(layer).known["qy_range"] == (-0.9, 0.9)


def test_the_layer_says_how_to_make_it_again(viewer: ViewerModel) -> None:
    controller = make(viewer)
    controller.set_value("lattice", "HCP")
    controller.open_layer()
    origin = origin_of(viewer.layers[0])
    assert origin is not None
    names: dict[str, Any] = {}
    exec(origin.imports, names)
    assert np.array_equal(eval(origin.expression, names), viewer.layers[0].data)


def test_another_layer_leaves_the_first_as_it_was(viewer: ViewerModel) -> None:
    controller = make(viewer)
    controller.open_layer()
    first = viewer.layers[0].data.copy()
    controller.open_layer()
    controller.reseed()
    assert len(viewer.layers) == 2
    assert np.array_equal(viewer.layers[0].data, first)


def test_a_new_layer_covers_no_other(viewer: ViewerModel) -> None:
    viewer.add_image(np.zeros((5, 50, 60)))
    make(viewer).open_layer()
    _, layer = viewer.layers
    assert layer.extent.world[0, 1] > 60
    assert layer.extent.world[0, 0] == pytest.approx(-0.5, abs=1)


def test_a_removed_layer_is_not_brought_back(viewer: ViewerModel) -> None:
    controller = make(viewer)
    controller.open_layer()
    viewer.layers.clear()
    assert not controller.state.live
    controller.set_value("layers", 3.0)
    assert not viewer.layers


def test_of_many_wishes_only_the_last_is_fulfilled(viewer: ViewerModel) -> None:
    waiting: list[Task] = []
    controller = make(viewer, waiting.append)
    controller.open_layer()
    at_once(waiting.pop())
    for spacing in (25.0, 26.0, 27.0):
        controller.set_value("spacing_nm", spacing)
    assert len(waiting) == 1
    at_once(waiting.pop())
    assert len(waiting) == 1
    at_once(waiting.pop())
    assert not waiting
    origin = origin_of(viewer.layers[0])
    assert origin is not None
    assert "spacing_nm=27.0" in origin.expression


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("radius_nm", 20.0, "do not fit"), ("qz_range", (0.0, 0.05), "below the horizon")],
)
def test_what_cannot_be_is_said_in_a_sentence_and_mended(
    viewer: ViewerModel, name: str, value: Any, words: str
) -> None:
    controller = make(viewer)
    controller.open_layer()
    controller.set_value(name, value)
    assert words in controller.state.error
    assert len(viewer.layers) == 1
    controller.reset()
    assert controller.state.error == ""


def test_the_window_is_told_of_every_change(viewer: ViewerModel) -> None:
    controller = make(viewer)
    told: list[Any] = []
    controller.changed.connect(told.append)
    controller.open_layer()
    assert told[-1].live
