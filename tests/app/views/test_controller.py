"""From picks on screen to views and a 3-D map, without a window and with made-up science."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel

from fixtures.cryoem_findings import (
    BOX_PX,
    PER_FRAME,
    MadeUpScience,
    PickTechnique,
    micrographs,
    options,
)
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.worker import Task, outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.views.controller import ViewsController
from napari_sciml.app.views.findings import with_picks, with_views
from napari_sciml.app.views.job import STOPPED
from napari_sciml.app.views.picks import picks_layer, picks_of
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.io import open_image
from napari_sciml.layers.keys import KNOWN_KEY
from napari_sciml.layers.spatial import source_place
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW


def at_once(task: Task) -> None:
    task.on_end(drive(outcome_of(task.work), task.on_step))


class Bench:
    """A viewer with picked micrographs; remembers what the science was asked for."""

    def __init__(self, frames: int = 3, pixel_A: float | None = 4.0, start: Any = at_once) -> None:
        self.made_up = MadeUpScience()
        self.viewer = ViewerModel()
        source = micrographs(frames, pixel_A)
        self.image = self.viewer.add_image(source.data, name=source.name, **source_place(source))
        self.runs = RunController(self.viewer, lambda: [PickTechnique()], at_once)
        self.views = ViewsController(self.viewer, self.runs, start, self.made_up.science)
        self.runs.change_values(options() if pixel_A else {"particle_diameter_px": 30.0})
        self.runs.run()

    @property
    def state(self):
        return self.views.state

    @property
    def points(self):
        return picks_layer(self.runs.result)


def test_what_is_sorted_is_what_is_on_screen():
    bench = Bench()
    bench.runs.set_threshold(0.6)
    bench.points.add([[1, 100.0, 101.0]])
    bench.points.selected_data = {0}
    bench.points.remove_selected()
    shown = len(bench.points.data)
    assert bench.state.picks == shown
    bench.views.sort()
    (order,) = bench.made_up.orders
    assert len(order.table) == shown
    assert list(order.table) == ["frame", "y", "x", "score"]
    manual = order.table[order.table["score"].isna()]
    assert manual[["frame", "y", "x"]].to_numpy().tolist() == [[1, 100.0, 101.0]]
    assert order.pixel_size_A == pytest.approx(4.0)
    assert order.contrast == "dark"


def test_a_flat_micrograph_has_frame_0():
    bench = Bench(frames=0)
    bench.runs.set_threshold(0.3)
    assert set(picks_of(bench.runs.result)["frame"]) == {0}
    bench.views.sort()
    assert bench.state.result is not None
    bench.views.choose_view(0)
    assert (bench.points.face_color[:, 3] > 0).sum() == bench.state.result.views["count"][0]


def test_a_run_that_saw_light_particles_says_so():
    bench = Bench()
    result = bench.runs.result
    said = result.findings.provenance.model_copy(update={"notes": ("particles lighter than the ice (seen)",)})
    result.findings = bench.runs.result.findings.__class__(**{**vars(result.findings), "provenance": said})
    bench.views.sort()
    assert bench.made_up.orders[0].contrast == "light"


def test_the_truth_of_the_sample_is_the_built_in_map():
    bench = Bench()
    bench.views.sort()
    bench.views.build()
    bench.image.metadata = {KNOWN_KEY: {"truth": "built-in", "ctfs": [None] * 3}}
    bench.views.build()
    bench.views.choose_map("model", "mine")
    bench.views.build()
    assert [order.truth for order in bench.made_up.builds] == ["", "built-in", ""]


def test_views_are_stale_as_soon_as_the_picks_are_others():
    bench = Bench()
    bench.views.sort()
    assert not bench.state.stale
    bench.runs.set_threshold(0.7)
    assert bench.state.stale
    bench.runs.set_threshold(0.5)
    assert not bench.state.stale
    bench.points.add([[0, 5.0, 5.0]])
    assert bench.state.stale
    assert bench.state.result is not None


def test_the_chosen_view_is_filled_and_stays_so_when_the_threshold_moves():
    bench = Bench()
    bench.views.sort()
    bench.views.choose_view(2)
    table = bench.state.result.table
    expected = {tuple(row) for row in table[table["view"] == 2][["frame", "y", "x"]].to_numpy()}

    def filled():
        inside = bench.points.face_color[:, 3] > 0
        return {tuple(row) for row in bench.points.data[inside]}

    assert filled() == expected
    bench.runs.set_threshold(0.55)
    assert filled() <= expected
    bench.points.add([[0, 5.0, 5.0]])
    assert (0.0, 5.0, 5.0) not in filled()
    bench.views.choose_view(None)
    assert not filled()


def test_a_view_left_out_does_not_go_into_the_map():
    bench = Bench()
    bench.views.sort()
    bench.views.keep([0, 1, 2], False)
    bench.views.build()
    assert not {0, 1, 2} & set(bench.state.reconstruction.kept)
    assert not bench.state.outdated
    bench.views.keep([1], True)
    assert bench.state.outdated


def test_the_volume_grows_and_the_images_come_back_as_they_were():
    bench = Bench()
    bench.views.sort()
    bench.viewer.dims.set_point(0, 1e-4 * 4)
    seen: list[float] = []
    bench.views.changed.connect(
        lambda state: seen.append(0.0 if not state.has_volume else float(bench.viewer.layers[-1].data.max()))
    )
    before = [layer.visible for layer in bench.viewer.layers]
    frames, point = bench.viewer.dims.range[0], bench.viewer.dims.point[0]
    bench.viewer.scene.camera.zoom = 7.0
    bench.views.build()
    volume = bench.viewer.layers[-1]
    assert bench.viewer.dims.ndisplay == 3
    assert [layer for layer in bench.viewer.layers if layer.visible] == [volume]
    assert volume.data.shape == (BOX_PX,) * 3
    assert len({round(value, 3) for value in seen}) > 2
    # 16 A in micrometres, as the images.
    assert volume.scale == pytest.approx([16e-4] * 3)
    bench.views.show_images()
    assert bench.viewer.dims.ndisplay == 2
    assert volume not in bench.viewer.layers
    assert [layer.visible for layer in bench.viewer.layers] == before
    assert (bench.viewer.dims.range[0], bench.viewer.dims.point[0]) == (frames, point)
    assert bench.viewer.scene.camera.zoom == 7.0
    assert bench.state.has_volume
    bench.views.show_volume()
    assert bench.viewer.layers[-1] is volume
    bench.viewer.layers.remove(volume)
    assert bench.viewer.dims.ndisplay == 2
    assert not bench.state.shows_volume


def test_the_volume_is_no_image_to_work_on():
    bench = Bench()
    bench.views.sort()
    bench.views.build()
    assert bench.runs.state.image is bench.image
    assert bench.runs.result is not None


def test_without_units_the_volume_is_as_large_as_the_particles():
    bench = Bench(pixel_A=None)
    assert "pixel size" in bench.state.blocked
    bench.runs.change_values({"particle_diameter_px": 30.0, "pixel_size_A": 2.0})
    assert bench.state.blocked == ""
    bench.views.sort()
    assert bench.made_up.orders[0].pixel_size_A == 2.0
    bench.views.build()
    assert bench.viewer.layers[-1].scale == pytest.approx([8.0] * 3)


def test_stopping_changes_nothing():
    held: list[Task] = []
    bench = Bench(start=held.append)
    bench.views.sort()
    assert bench.state.phase is Phase.RUNNING
    task = held.pop()
    steps = outcome_of(task.work)
    task.on_step(next(steps))
    bench.views.stop()
    assert bench.state.phase is Phase.STOPPING
    task.on_end(drive(steps, task.on_step))
    assert (bench.state.phase, bench.state.note, bench.state.result) == (Phase.IDLE, STOPPED, None)


def test_views_of_an_earlier_run_are_not_taken_for_those_of_this_one():
    held: list[Task] = []
    bench = Bench(start=held.append)
    bench.views.sort()
    bench.runs.run()
    at_once(held.pop())
    assert bench.state.result is None
    assert "sort them again" in bench.state.note


def test_sorting_is_copied_with_the_run():
    bench = Bench()
    assert "--views" not in bench.runs.command_text()
    bench.views.choose_method("correlation")
    bench.views.sort()
    assert "--views correlation" in bench.runs.command_text()
    assert "views='correlation'" in bench.runs.python_text()


def test_a_handful_of_picks_is_not_sorted():
    bench = Bench()
    bench.runs.set_threshold(0.98)
    assert "too few" in bench.state.blocked
    bench.views.sort()
    assert not bench.made_up.orders


def test_a_new_run_starts_without_views():
    bench = Bench()
    bench.views.sort()
    bench.runs.run()
    assert bench.state.result is None
    assert bench.state.picks == len(bench.points.data)


def test_what_a_person_can_mend_is_one_sentence():
    bench = Bench()
    bench.made_up.fail = SciMLError("The map is empty", "choose another")
    bench.views.sort()
    assert bench.state.error == "The map is empty: choose another."
    bench.views.choose_map("map", "bad.mrc")
    assert "not a cube" in bench.state.error
    assert bench.state.map.kind == "built-in"


def test_an_own_map_needs_a_size_and_for_the_network_a_training():
    bench = Bench()
    assert "another protein" in bench.state.whose
    bench.views.choose_map("map", "folder/mine.mrc")
    assert "edge of a voxel" in bench.state.blocked
    bench.views.set_voxel(5.0)
    assert "Train a model" in bench.state.blocked
    assert "does not apply to mine.mrc" in bench.state.whose
    assert bench.state.can_train
    bench.views.choose_method("correlation")
    assert (bench.state.blocked, bench.state.can_train) == ("", False)
    bench.views.choose_method("network")
    bench.views.train("models")
    assert bench.state.map.model == str(Path("models/mine-views"))
    assert bench.state.blocked == ""
    bench.views.sort()
    assert bench.views.command_values() == {
        "views": "network",
        "map": "folder/mine.mrc",
        "map_pixel_size_A": 5.0,
        "orientation_model": str(Path("models/mine-views")),
    }


def test_a_particle_is_shown_in_the_middle():
    bench = Bench()
    bench.views.sort()
    row = int(np.flatnonzero(bench.state.result.table["frame"] == 2)[5])
    bench.views.go_to_particle(row)
    place = bench.state.result.table.iloc[row]
    assert bench.runs.state.frame == 2
    assert bench.viewer.scene.camera.center[-2:] == pytest.approx((place["y"] * 4e-4, place["x"] * 4e-4))


def test_all_is_saved_together(tmp_path):
    bench = Bench()
    bench.points.add([[1, 100.0, 101.0]])
    bench.views.sort()
    bench.views.build()
    bench.runs.set_threshold(0.4)
    bench.runs.save(tmp_path)
    (folder,) = tmp_path.iterdir()
    names = {file.name for file in folder.iterdir()}
    assert names >= {"findings.csv", "views.csv", "fsc.csv", "averages.mrcs", "references.mrcs", "map.mrc"}
    assert open_image(folder / "map.mrc").shape == (BOX_PX,) * 3


def test_no_pick_is_lost_in_the_merged_table():
    bench = Bench()
    bench.points.add([[1, 100.0, 101.0]])
    bench.views.sort()
    sorted_count = len(bench.state.result.table)
    bench.runs.set_threshold(0.3)
    bench.points.selected_data = {0}
    bench.points.remove_selected()
    findings = bench.runs.result.findings
    merged = with_views(findings, picks_of(bench.runs.result), bench.state.result)
    # All candidates and the hand-made pick; the one taken away after the sorting is in the averages.
    assert len(merged.table) == 3 * PER_FRAME + 1
    late = merged.table.iloc[sorted_count:]
    assert (late["view"] == NO_VIEW).all()
    assert late["view_probability"].isna().all()
    assert late["score"].between(0.3, 0.5).all()
    assert merged.products["averages"].axes == ("view", "y", "x")
    assert "map" not in merged.products


def test_picks_are_saved_as_a_person_left_them(tmp_path):
    bench = Bench()
    found = len(bench.points.data)
    bench.points.add([[1, 100.0, 101.0]])
    bench.points.selected_data = {0, 1}
    bench.points.remove_selected()
    bench.runs.save(tmp_path)
    (folder,) = tmp_path.iterdir()
    saved = pd.read_csv(folder / "findings.csv")
    assert len(saved) == found - 1
    assert saved[saved["score"].isna()][["frame", "y", "x"]].to_numpy().tolist() == [[1, 100.0, 101.0]]
    assert (folder / "corrected_points.csv").is_file()


def test_untouched_findings_are_saved_as_the_command_line_saves_them():
    bench = Bench()
    findings = bench.runs.result.findings
    assert with_picks(findings, picks_of(bench.runs.result)) is findings


def test_who_wants_the_canvas_turns_the_volume_away():
    bench = Bench()
    bench.views.sort()
    bench.views.build()
    assert bench.state.shows_volume
    lease = bench.runs.canvas.borrow(lambda: None)
    assert not bench.state.shows_volume
    assert bench.viewer.dims.ndisplay == 2
    bench.views.show_volume()
    assert bench.state.shows_volume
    assert not lease.is_held


def test_a_new_run_brings_the_images_back_and_shows_its_own_picks_alone():
    bench = Bench()
    bench.views.sort()
    bench.views.build()
    older = bench.runs.result
    assert bench.state.shows_volume
    bench.runs.run()
    assert not bench.state.shows_volume
    assert bench.viewer.dims.ndisplay == 2
    assert not any(layer.visible for layer in older.layers)
    assert all(layer.visible for layer in bench.runs.result.layers)
    assert older.image.visible
