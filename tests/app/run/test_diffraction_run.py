"""Diffraction in the window's model: what a crystallographer does, click by click, without a display."""

from __future__ import annotations

import shlex

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel

from fixtures.frames import EDGE_PX, FRAMES, HITS, TOO_MANY, small_run
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.forms.mask_layer import LayerMask
from napari_sciml.app.run.controller import RunController
from napari_sciml.core.progress import drive
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.frames_look import frames_look
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.saved_run import saved_run_layers
from napari_sciml.layers.spatial import source_place


def at_once(task):
    task.on_end(drive(outcome_of(task.work), task.on_step))


class Beamline:
    """A viewer with a small run and a controller that works at once."""

    def __init__(self) -> None:
        self.viewer = ViewerModel()
        self.start = at_once
        self.runs = RunController(self.viewer, start=lambda task: self.start(task))
        source = small_run()
        look = {"name": "run", **source_place(source), **frames_look(source)}
        self.image = self.viewer.add_image(lazy_array(source), **look)

    @property
    def state(self):
        return self.runs.state

    @property
    def hits(self):
        table = self.state.findings.table
        return table.loc[table["hit"], "frame"].tolist()

    def layer(self, what):
        return self.viewer.layers[f"run: {what}"]


@pytest.fixture
def beamline():
    return Beamline()


@pytest.fixture
def finished(beamline):
    beamline.runs.run()
    return beamline


def test_a_series_of_frames_is_taken_for_diffraction(beamline):
    assert beamline.state.technique == "diffraction"
    assert {choice.name for choice in beamline.state.techniques} >= {"diffraction", "microct"}
    assert beamline.state.plan.line.startswith("6 frames, about ")
    assert beamline.state.blocked == ""


def test_a_volume_is_still_taken_for_a_tomogram(beamline):
    beamline.viewer.add_image(np.zeros((6, 64, 64), np.uint8), name="slab")
    assert beamline.state.technique == "microct"
    beamline.runs.choose_technique("diffraction")
    assert beamline.state.technique == "diffraction"


def test_a_run_shows_scores_outlines_and_spots_and_says_how_many_hits(finished):
    names = [layer.name for layer in finished.viewer.layers]
    assert names == ["run", "run: tile scores", "run: Bragg tiles", "run: Bragg spots"]
    assert finished.hits == HITS
    assert finished.state.result.startswith("2 hits in 6 frames (33.3 %), ")
    assert "tab Hits" in finished.state.next_step
    assert set(finished.layer("Bragg spots").data[:, 0]) == set(HITS)
    assert finished.layer("tile scores").data.shape == (FRAMES, 4, 4)
    assert set(finished.layer("Bragg tiles").data[:, 0, 0]) == set(HITS)


def test_what_a_run_made_is_no_image_to_work_on(finished):
    assert finished.state.images == (finished.image,)
    assert finished.state.image is finished.image


def test_the_sliders_change_layers_table_and_sentence_without_a_new_run(finished):
    seconds = finished.state.findings.provenance.seconds
    lines, spots = len(finished.layer("Bragg tiles").data), len(finished.layer("Bragg spots").data)
    finished.runs.set_threshold(0.999)
    assert len(finished.layer("Bragg tiles").data) < lines
    assert len(finished.layer("Bragg spots").data) < spots
    finished.runs.set_threshold(0.5)
    assert len(finished.layer("Bragg tiles").data) == lines

    finished.runs.set_live("min_tiles", TOO_MANY)
    assert finished.hits == []
    assert finished.state.result.startswith("0 hits in 6 frames (0.0 %)")
    assert len(finished.layer("Bragg spots").data) == spots
    assert finished.layer("Bragg spots").metadata[METADATA_KEY]["settings"]["min_tiles"] == TOO_MANY
    assert finished.state.findings.provenance.seconds == seconds


def test_the_false_hits_to_expect_follow_the_sliders(beamline):
    beamline.runs.set_live("min_tiles", 1)
    one = beamline.state.caution
    assert "false hits on blank frames" in one
    beamline.runs.set_live("min_tiles", 8)
    assert beamline.state.caution != one
    beamline.runs.choose_technique("microct")
    assert beamline.state.caution == ""


def test_sliders_moved_during_a_run_decide_its_result():
    beamline = Beamline()
    tasks = []
    beamline.start = tasks.append
    beamline.runs.run()
    beamline.runs.set_live("min_tiles", TOO_MANY)
    at_once(tasks[0])
    assert beamline.hits == []


def test_the_slider_of_the_viewer_and_the_frame_are_one(finished):
    finished.runs.go_to_frame(5)
    assert finished.viewer.dims.point[0] == 5
    finished.viewer.dims.set_point(0, 3)
    assert finished.state.frame == 3


def test_frames_are_found_where_the_image_was_moved_to(finished):
    finished.image.scale = (2.0, 1.0, 1.0)
    finished.image.translate = (10.0, 0.0, 0.0)
    finished.runs.go_to_frame(4)
    assert finished.viewer.dims.point[0] == 18.0
    assert finished.state.frame == 4


def test_frames_are_found_without_any_layer_of_the_result(finished):
    for layer in list(finished.viewer.layers)[1:]:
        finished.viewer.layers.remove(layer)
    finished.runs.go_to_frame(2)
    assert finished.viewer.dims.point[0] == 2
    finished.runs.set_live("min_tiles", TOO_MANY)
    assert finished.hits == []


def test_another_technique_shows_no_hits_and_coming_back_shows_them_again(finished):
    finished.runs.choose_technique("microct")
    assert finished.state.findings is None
    finished.runs.set_threshold(0.9)
    finished.runs.choose_technique("diffraction")
    assert finished.state.findings is not None


def test_a_new_mask_layer_is_flat_empty_and_chosen(beamline):
    beamline.runs.ask("new_mask")
    mask = beamline.viewer.layers["run: mask"]
    assert mask.data.shape == (EDGE_PX, EDGE_PX)
    assert not mask.data.any()
    assert mask.mode == "paint"
    assert beamline.state.values["mask"] == LayerMask(mask)
    np.testing.assert_allclose(mask.scale, beamline.image.scale[1:])
    assert beamline.state.blocked == ""
    assert beamline.state.image is beamline.image


def test_what_is_painted_is_left_out_from_the_next_run_on(finished):
    finished.runs.ask("new_mask")
    before = finished.state.findings
    states = []
    finished.runs.changed.connect(states.append)
    mask = finished.viewer.layers["run: mask"]
    rows, columns = (part.ravel() for part in np.mgrid[:200, :EDGE_PX])
    mask.data_setitem((rows, columns), 1)
    assert states == []
    assert finished.state.findings is before
    finished.runs.run()
    assert finished.state.findings.tables["spots"]["y"].min() > 190
    said = finished.state.findings.provenance.settings["mask"]
    assert said == f"array of 256 x 256 px, {200 * 256} of them ignored"


@pytest.mark.parametrize(
    ("shape", "reason"), [((64, 64), "has 64 x 64 px"), ((6, EDGE_PX, EDGE_PX), "has 3 dimensions")]
)
def test_a_mask_of_another_shape_is_refused_in_a_sentence(beamline, shape, reason):
    mask = beamline.viewer.add_labels(np.zeros(shape, np.uint8), name="odd")
    beamline.runs.change_values({"mask": LayerMask(mask)})
    assert reason in beamline.state.blocked


def test_a_mask_that_was_removed_is_not_silently_left_out(beamline):
    beamline.runs.ask("new_mask")
    beamline.viewer.layers.remove("run: mask")
    assert "was removed" in beamline.state.blocked


def test_a_painted_mask_is_named_in_the_copied_text(beamline):
    beamline.runs.ask("new_mask")
    python, command = beamline.runs.python_text(), beamline.runs.command_text()
    assert "mask = viewer.layers['run: mask'].data" in python
    assert "painted" in python
    assert "mask=mask" in python
    assert "save it first" in command
    words = shlex.split(command.splitlines()[-1])
    assert words[words.index("--mask") + 1].endswith("mask.tif")
    compile(python, "copied", "exec")


def test_switches_are_copied_as_options(beamline):
    beamline.runs.change_values({"hot_pixels": False, "min_tiles": 5})
    assert "--no-hot-pixels --min-tiles 5" in beamline.runs.command_text()
    assert "hot_pixels=False, min_tiles=5" in beamline.runs.python_text()


def test_the_hit_list_is_saved_as_the_sliders_stand_and_opens_again(finished, tmp_path):
    finished.runs.set_live("min_tiles", TOO_MANY)
    finished.runs.save(tmp_path)
    folder = tmp_path / "run-diffraction"
    table = pd.read_csv(folder / "findings.csv")
    assert not table["hit"].any()
    assert (folder / "hits.lst").read_text() == ""
    finished.runs.set_live("min_tiles", 3)
    finished.runs.save(tmp_path)
    folder = tmp_path / "run-diffraction-2"
    assert len((folder / "hits.lst").read_text().splitlines()) == len(HITS)
    assert (folder / "peaks.cxi").is_file()

    layers = saved_run_layers(folder / "run.json")
    data, arguments, kind = layers[-1]
    assert kind == "points"
    assert arguments["name"] == "run: Bragg spots"
    np.testing.assert_allclose(data, finished.layer("Bragg spots").data)
    assert arguments["size"] == finished.layer("Bragg spots").size[0]


def test_stop_keeps_the_frames_that_are_done(beamline):
    tasks = []
    beamline.start = tasks.append
    beamline.runs.run()
    work = outcome_of(tasks[0].work)
    while (step := next(work)).done < 2:
        tasks[0].on_step(step)
    beamline.runs.stop()
    tasks[0].on_end(drive(work))
    assert len(beamline.state.findings.table) == 2
    assert beamline.state.result.startswith("Stopped after 2 of 6 frames: ")
    assert beamline.viewer.layers[-1].name == "run: Bragg spots (partial)"
