"""Run, correct by hand, save, open again in another viewer: all of it is there, and the sliders go on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points

from fixtures.napari_plugins import find_plugins
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.session import session_for
from napari_sciml.core.progress import drive
from napari_sciml.io import open_image
from napari_sciml.layers import readers
from napari_sciml.layers.image_layer import image_layer
from napari_sciml.layers.points_sync import HandEdits
from napari_sciml.techniques.registry import get_technique, window_of

FROZEN = Path(__file__).parents[1] / "frozen"
SETTINGS: dict[str, dict[str, Any]] = {
    "cryoem": {"particle_diameter_px": 40.0},
    "diffraction": {"min_tiles": 2},
    "gisaxs": {"qy_range": (-0.8, 0.8), "qz_range": (0.0, 0.8), "explore": True},
    "microct": {"fiber_diameter_px": 13.5},
}
TECHNIQUES = sorted(SETTINGS)
THRESHOLDS = (0.9, 0.3, 0.6)


def at_once(task) -> None:
    task.on_end(drive(outcome_of(task.work), task.on_step))


@dataclass
class Window:
    """A viewer and the run in it."""

    viewer: ViewerModel
    runs: RunController

    @property
    def points(self) -> Points:
        return self.runs.result.points[0]

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.viewer.layers]


def make_file(technique: str, folder: Path) -> Path:
    with np.load(FROZEN / f"{technique}.npz") as file:
        tifffile.imwrite(folder / f"{technique}.tif", file["pixels"], photometric="minisblack")
    return folder / f"{technique}.tif"


def run_on(path: Path, technique: str, **settings: Any) -> Window:
    viewer = ViewerModel()
    runs = RunController(viewer, start=at_once)
    viewer.add_layer(Layer.create(*image_layer(open_image(path, independent_frames=technique != "microct"))))
    runs.choose_technique(technique)
    runs.change_values({**SETTINGS[technique], **settings})
    runs.run()
    assert runs.state.error == runs.state.blocked == ""
    return Window(viewer, runs)


def correct(window: Window) -> None:
    """Do what a person can do, and hide a part of it below the threshold."""
    points, runs = window.points, window.runs
    runs.set_threshold(0.3)
    # Stays on screen at every threshold where anything does.
    labels = points.features["label"].astype(object)
    labels[::4] = "odd"
    points.features = points.features.assign(label=labels, quality=np.arange(len(points.data)))
    points.remove([1])
    points.add(points.data[0] + [0, 7.5, 3.25][-points.ndim :])
    runs.set_threshold(0.6)


def assert_alike(one: Window, other: Window) -> None:
    """Compare two windows: points, tables, counts and words."""
    np.testing.assert_array_equal(one.points.data, other.points.data)
    pd.testing.assert_frame_equal(one.points.features, other.points.features)
    np.testing.assert_allclose(one.points.border_color, other.points.border_color)
    found, there = one.runs.result.findings, other.runs.result.findings
    assert list(found.tables) == list(there.tables)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, there.tables[name], check_exact=True)
    pd.testing.assert_frame_equal(found.candidates, there.candidates, check_exact=True)
    assert one.runs.result.edits == other.runs.result.edits
    assert one.runs.state.result == other.runs.state.result
    for layer, same in zip(one.runs.result.layers, other.runs.result.layers, strict=True):
        assert type(layer) is type(same)
        for mine, theirs in ((layer.scale, same.scale), (layer.translate, same.translate)):
            np.testing.assert_allclose(mine, theirs)
        if not isinstance(layer, Points):
            for mine, theirs in zip(list(layer.data), list(same.data), strict=True):
                np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    find_plugins()


@pytest.fixture
def told(monkeypatch) -> list[str]:
    sentences: list[str] = []
    monkeypatch.setattr(readers, "remark", sentences.append)
    return sentences


@pytest.fixture(scope="module", params=TECHNIQUES)
def saved(request, tmp_path_factory) -> tuple[Window, Path, Path]:
    """A corrected run, its file and the folder in which it is saved."""
    folder = tmp_path_factory.mktemp(request.param)
    path = make_file(request.param, folder)
    window = run_on(path, request.param)
    correct(window)
    window.runs.save(folder)
    assert window.runs.state.error == ""
    return window, path, folder / f"{path.stem}-{request.param}"


def open_in(viewer: ViewerModel, path: Path, plugin: str | None = "napari-sciml") -> Window:
    session_for(viewer)
    viewer.open(path, plugin=plugin)
    return Window(viewer, session_for(viewer).runs)


def test_all_that_was_there_is_there_again(saved, told):
    before, path, folder = saved
    again = open_in(ViewerModel(), folder)
    assert told == []
    assert again.names == before.names
    image = again.runs.state.image
    assert isinstance(image, Image)
    np.testing.assert_array_equal(np.asarray(image.data), tifffile.imread(path))
    assert_alike(again, before)
    for threshold in THRESHOLDS:
        for window in (again, before):
            window.runs.set_threshold(threshold)
        assert_alike(again, before)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_only_what_a_person_changed_is_an_edit(tmp_path, technique: str):
    window = run_on(make_file(technique, tmp_path), technique)
    assert not window.runs.result.edits
    window.runs.set_threshold(0.3)
    assert not window.runs.result.edits
    assert not any(sync.corrections for _, sync in window.runs.result.syncs)
    labels = window.points.features["label"].astype(object)
    labels[0] = "odd"
    window.points.features = window.points.features.assign(label=labels)
    assert window.runs.result.edits == HandEdits(labelled=1)


def test_the_page_is_set_as_it_was(saved):
    before, _, folder = saved
    again = open_in(ViewerModel(), folder)
    for name in (
        "technique",
        "model",
        "values",
        "backend_options",
        "threshold",
        "live",
        "threshold_live",
        "can_save",
    ):
        assert getattr(again.runs.state, name) == getattr(before.runs.state, name), name
    assert again.runs.command_text() == before.runs.command_text()
    assert again.runs.resolved().settings == before.runs.resolved().settings


def test_live_settings_still_decide(saved):
    before, _, folder = saved
    again = open_in(ViewerModel(), folder)
    for name in window_of(before.runs.state.technique).live:
        value = before.runs.state.live[name]
        if isinstance(value, int) and not isinstance(value, bool):
            for change in (value + 3, value):
                for window in (before, again):
                    window.runs.set_live(name, change)
                assert_alike(again, before)


def test_the_record_alone_opens_the_run_too(saved):
    before, _, folder = saved
    again = open_in(ViewerModel(), folder / "run.json", plugin=None)
    assert_alike(again, before)


def test_a_session_that_begins_later_takes_the_run_up(saved):
    before, _, folder = saved
    viewer = ViewerModel()
    viewer.open(folder, plugin="napari-sciml")
    viewer.layers[-1].remove([0])
    again = Window(viewer, session_for(viewer).runs)
    assert again.runs.result.edits.removed == before.runs.result.edits.removed + 1
    again.runs.set_threshold(0.3)
    assert again.runs.result.edits.removed == before.runs.result.edits.removed + 1


def test_saving_it_again_loses_nothing(saved, tmp_path):
    before, _, folder = saved
    first = ViewerModel()
    session_for(first)
    first.open(folder, plugin="napari-sciml")
    runs = session_for(first).runs
    runs._saver.jobs._start = at_once
    runs.save(tmp_path)
    again = open_in(ViewerModel(), next(tmp_path.iterdir()))
    assert_alike(again, before)


def test_an_image_that_is_open_is_used(saved, monkeypatch):
    before, path, folder = saved
    viewer = ViewerModel()
    technique = before.runs.state.technique
    image = viewer.add_layer(
        Layer.create(*image_layer(open_image(path, independent_frames=technique != "microct")))
    )
    image.scale = [1, 2, 3][-image.ndim :]
    other = viewer.add_image(np.zeros(image.data.shape, image.data.dtype), name="another")
    monkeypatch.setattr(readers, "open_layers", lambda: tuple(viewer.layers))
    again = open_in(viewer, folder)
    assert again.runs.state.image is image
    assert again.runs.result.image is image
    assert again.names == [image.name, other.name, *before.names[1:]]
    np.testing.assert_allclose(again.points.scale, image.scale)
    image.translate = [0, 5, 5][-image.ndim :]
    np.testing.assert_allclose(again.points.translate, image.translate)


def gone(path: Path) -> None:
    path.unlink()


def changed(path: Path) -> None:
    tifffile.imwrite(path, tifffile.imread(path)[..., ::-1], photometric="minisblack")


@pytest.mark.parametrize(
    ("spoil", "sentence"), [(gone, "is not there any more. All else is shown"), (changed, "its pixels are")]
)
@pytest.mark.parametrize("technique", TECHNIQUES)
def test_without_its_image_the_rest_is_shown(
    tmp_path, told, technique: str, spoil: Callable[[Path], None], sentence: str
):
    path = make_file(technique, tmp_path)
    before = run_on(path, technique)
    correct(before)
    before.runs.save(tmp_path)
    spoil(path)
    again = open_in(ViewerModel(), tmp_path / f"{technique}-{technique}")
    assert len(told) == 1
    assert sentence in told[0]
    assert sentence in again.runs.state.note
    assert again.runs.result.image is None
    np.testing.assert_array_equal(again.points.data, before.points.data)
    for window in (again, before):
        window.runs.set_threshold(0.3)
    np.testing.assert_array_equal(again.points.data, before.points.data)
    for name, table in before.runs.result.findings.tables.items():
        pd.testing.assert_frame_equal(again.runs.result.findings.tables[name], table, check_exact=True)


def test_a_painted_mask_is_used_again(tmp_path):
    path = make_file("diffraction", tmp_path)
    before = run_on(path, "diffraction")
    before.runs.ask("new_mask")
    before.viewer.layers.selection.active.data[100:200, 50:80] = 1
    before.runs.run()
    before.runs.save(tmp_path)
    folder = tmp_path / "diffraction-diffraction"
    again = open_in(ViewerModel(), folder)
    assert again.runs.state.values["mask"] == os.fspath(folder / "mask.npy")
    assert again.runs.state.blocked == ""


def test_a_run_with_nothing_found_opens(tmp_path):
    path = tmp_path / "noise.tif"
    noise = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    tifffile.imwrite(path, noise, photometric="minisblack")
    before = run_on(path, "microct")
    before.runs.set_threshold(1.0)
    before.runs.save(tmp_path)
    again = open_in(ViewerModel(), tmp_path / "noise-microct")
    assert not len(again.points.data)
    assert again.names == before.names
    for window in (again, before):
        window.runs.set_threshold(0.5)
    assert_alike(again, before)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_a_run_of_the_first_version_opens(tmp_path, technique: str):
    before = run_on(make_file(technique, tmp_path), technique)
    findings, folder = before.runs.result.findings, tmp_path / "old"
    folder.mkdir()
    get_technique(technique).write(findings, folder)
    record = findings.provenance.model_dump(mode="json")
    (folder / "run.json").write_text(json.dumps({**record, "format_version": 1, "partial": False}))
    again = open_in(ViewerModel(), folder)
    assert again.runs.state.image is not None
    np.testing.assert_allclose(again.points.data, before.points.data, atol=1e-3)
    for window in (again, before):
        window.runs.set_threshold(0.9)
    np.testing.assert_allclose(again.points.data, before.points.data, atol=1e-3)
    assert again.runs.state.values.keys() == before.runs.state.values.keys()
