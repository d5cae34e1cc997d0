from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel

from fixtures.fakes import SpotTechnique, spots
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.compare.controller import ENDED, NO_IMAGE, PARTIAL, ComparisonController
from napari_sciml.app.compare.pair import RECORD, TABLE
from napari_sciml.app.compare.second_run import COMPARING, REPLACED, STOPPED
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.run.text import RUNNING
from napari_sciml.core.progress import drive
from napari_sciml.io.saving.record import read_record
from napari_sciml.layers.points_sync import points_sync_for


class DimTechnique(SpotTechnique):
    """With another backend than float32, the dimmer half of the spots is seen a little worse."""

    def run(self, source, settings, cancel=None):
        if settings.backend != "float32" and not self.equal:
            data = np.asarray(source.data)
            seen = np.where(data < 160, data * 0.9, data).astype(np.uint8)
            source = type(source).from_array(seen, axes=source.axes, name=source.name)
        return (yield from super().run(source, settings, cancel))

    equal = False


class Desk:
    """A viewer with a volume that was run with float32, and a comparison; work runs at once or is held."""

    def __init__(self, **kwargs) -> None:
        self.viewer = ViewerModel()
        self.technique = DimTechnique()
        self.held = None
        self.hold = False
        self.runs = RunController(self.viewer, lambda: [self.technique], self.start)
        self.comparison = ComparisonController(self.viewer, self.runs, self.start)
        self.image = self.viewer.add_image(spots(count=60), name="slab", **kwargs)
        self.runs.run()

    def start(self, task) -> None:
        if self.hold:
            self.held = task
        else:
            task.on_end(drive(outcome_of(task.work), task.on_step))

    def go_on(self) -> None:
        self.held.on_end(drive(outcome_of(self.held.work), self.held.on_step))

    @property
    def state(self):
        return self.comparison.state

    @property
    def names(self):
        return [layer.name for layer in self.viewer.layers]

    def lost(self, threshold=0.5):
        """How many spots the second run does not count."""
        score = self.image.data / 255
        worse = np.where(self.image.data < 160, (self.image.data * 0.9).astype(np.uint8) / 255, score)
        return int(((score >= threshold) & (worse < threshold)).sum())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_image_and_settings_run_with_another_backend(desk):
    desk.runs.change_values({"min_distance_px": 3.0})
    desk.runs.run()
    desk.runs.change_backend_options({"levels": 3})
    desk.comparison.choose("codebook")
    desk.comparison.start()
    first, second = desk.technique.seen[-2:]
    assert (first.backend, second.backend, second.levels) == ("float32", "codebook", 3)
    assert second == first.model_copy(update={"backend": "codebook", "levels": 3})


def test_by_default_a_result_is_compared_with_float32_and_float32_with_int8(desk):
    assert desk.state.chosen == "int8"
    desk.runs.change_backend_options({"backend": "int8"})
    desk.runs.run()
    assert desk.state.chosen == "float32"


def test_both_are_shown_in_cells_of_their_own_and_say_how_far_they_agree(desk):
    before = list(desk.viewer.layers)
    desk.comparison.start()
    count, lost = int((desk.image.data >= 127.5).sum()), desk.lost()
    assert lost > 0
    assert desk.state.summary.startswith(
        f"float32 and int8 agree on {count - lost} of {count} fibre cross-sections"
    )
    assert desk.state.summary.endswith(f"{lost} only with float32.")
    assert desk.state.legend == "◇\u00a0only\u00a0float32"
    assert not any(layer.visible for layer in before)
    grid = desk.viewer.canvas.grid
    assert grid.enabled
    cells = {}
    for index, layer in enumerate(desk.viewer.layers):
        if layer.visible:
            cells.setdefault(grid.position(index, desk.viewer.layers), []).append(layer.name)
    first, second = (cells[place] for place in sorted(cells))
    assert first == ["float32", "float32: fibres", "Disagreement (float32)"]
    assert second == ["int8", "int8: fibres", "Disagreement (int8)"]
    assert len(desk.viewer.layers["Disagreement (int8)"].data) == lost
    assert desk.runs.state.images == (desk.image,)
    assert desk.runs.state.image is desk.image


def test_leaving_changes_nothing_of_what_was_there(desk):
    points = desk.viewer.layers[-1]
    hidden = desk.viewer.add_image(np.zeros((6, 40, 50)), name="other", visible=False)
    desk.viewer.layers.selection.active = points
    grid = desk.viewer.canvas.grid
    grid.stride, grid.shape = 3, (2, -1)
    limits = tuple(desk.image.contrast_limits)
    before = (list(desk.viewer.layers), points.data.copy(), tuple(desk.viewer.dims.point))
    desk.comparison.start()
    assert desk.state.is_up
    desk.viewer.layers["int8"].contrast_limits = (3, 9)
    assert desk.viewer.layers["float32"].contrast_limits == [3, 9]
    desk.comparison.leave()
    assert list(desk.viewer.layers) == before[0]
    assert (desk.image.visible, points.visible, hidden.visible) == (True, True, False)
    assert (grid.enabled, grid.stride, grid.shape) == (False, 3, (2, -1))
    assert tuple(desk.image.contrast_limits) == limits
    assert desk.viewer.layers.selection.active is points
    np.testing.assert_array_equal(points.data, before[1])
    assert not desk.state.is_up
    assert desk.state.summary == ""


def test_the_slider_decides_both_results_and_marks_what_differs_then(desk):
    desk.comparison.start()
    desk.runs.set_threshold(0.4)
    lost = desk.lost(0.4)
    assert len(desk.viewer.layers["Disagreement (float32)"].data) == lost
    assert len(desk.viewer.layers["float32: fibres"].data) == int((desk.image.data >= 102).sum())
    assert len(desk.viewer.layers["slab: fibres"].data) == int((desk.image.data >= 102).sum())
    assert f"{lost} only with float32" in desk.state.summary if lost else "all" in desk.state.summary


def test_a_threshold_that_moved_before_counts_for_both(desk):
    desk.runs.set_threshold(0.7)
    desk.comparison.start()
    assert len(desk.viewer.layers["int8: fibres"].data) == int((desk.image.data >= 178.5).sum())


def test_one_walks_from_difference_to_difference(desk):
    desk.comparison.start()
    layer = desk.viewer.layers["Disagreement (float32)"]
    desk.viewer.scene.camera.zoom *= 3
    desk.comparison.step(1)
    assert desk.state.place.startswith(f"1 of {len(layer.data)}: only float32 (scores: float32 0.5")
    assert desk.viewer.dims.point[0] == layer.data[0, 0]
    np.testing.assert_allclose(desk.viewer.scene.camera.center[-2:], layer.data[0, 1:])
    desk.comparison.step(-1)
    assert desk.state.place.startswith(f"{len(layer.data)} of {len(layer.data)}:")


@pytest.mark.parametrize(("share", "nearer"), [(1 / 12, 1.0), (1.0, 40 / 13.5)])
def test_one_comes_as_near_as_a_difference_needs_and_no_nearer(desk, monkeypatch, share, nearer):
    monkeypatch.setattr("napari_sciml.app.canvas.side_by_side.SEEN_SHARE", share)
    desk.comparison.start()
    camera = desk.viewer.scene.camera
    whole, middle = camera.zoom, tuple(camera.center)
    desk.comparison.step(1)
    assert camera.zoom == pytest.approx(nearer * whole)
    assert (tuple(camera.center) == middle) == (nearer == 1)
    # The next one needs no nearness that only the one before needed.
    monkeypatch.setattr("napari_sciml.app.canvas.side_by_side.SEEN_SHARE", 1 / 12)
    desk.comparison.step(1)
    assert camera.zoom == pytest.approx(whole)


def test_the_way_to_a_difference_goes_through_the_world():
    desk = Desk(scale=(2.0, 0.5, 0.5), translate=(1.0, 2.0, 3.0))
    desk.comparison.start()
    desk.viewer.scene.camera.zoom *= 3
    layer = desk.viewer.layers["Disagreement (float32)"]
    desk.comparison.step(1)
    world = layer.data_to_world(layer.data[0])
    assert desk.viewer.dims.point[0] == pytest.approx(world[0])
    np.testing.assert_allclose(desk.viewer.scene.camera.center[-2:], world[1:])


def test_nothing_can_be_painted_into_what_goes_away_again(desk):
    desk.comparison.start()
    shown = [layer for layer in desk.viewer.layers if layer.visible]
    assert len(shown) == 6
    assert not any(layer.editable for layer in shown)


def test_an_opened_or_removed_layer_ends_the_comparison(desk):
    desk.comparison.start()
    new = desk.viewer.add_image(np.zeros((6, 40, 50)), name="other")
    assert not desk.state.is_up
    assert desk.state.note == ENDED
    assert desk.names == ["slab", "slab: fibres", "other"]
    assert new.visible
    desk.comparison.start()
    desk.viewer.layers.remove(desk.viewer.layers["int8"])
    assert desk.names == ["slab", "slab: fibres", "other"]
    assert desk.image.visible


def test_a_new_run_ends_the_comparison(desk):
    desk.comparison.start()
    desk.runs.run()
    assert not desk.state.is_up
    assert desk.names == ["slab", "slab: fibres", "slab: fibres [1]"]


def test_points_of_a_person_stay_where_they_are(desk):
    points = desk.viewer.layers["slab: fibres"]
    points.selected_data = set()
    points.add([1.0, 2.0, 3.0])
    desk.comparison.start()
    desk.runs.set_threshold(0.8)
    desk.comparison.leave()
    assert points_sync_for(points, "fiber").edits.added == 1


def test_a_stopped_run_compares_nothing(desk):
    desk.hold = True
    desk.comparison.start()
    assert desk.state.phase is Phase.RUNNING
    desk.comparison.stop()
    assert desk.state.phase is Phase.STOPPING
    desk.go_on()
    assert desk.state.note == STOPPED
    assert desk.names == ["slab", "slab: fibres"]


def test_no_run_starts_while_the_image_is_run_once_more(desk):
    desk.hold = True
    desk.comparison.start()
    comparing = desk.held
    assert desk.runs.state.blocked == COMPARING
    desk.runs.run()
    desk.runs.measure_runtimes()
    assert desk.held is comparing
    desk.go_on()
    assert desk.state.is_up
    assert desk.runs.state.blocked == ""
    desk.hold = False
    desk.runs.run()
    assert not desk.state.is_up


def test_no_comparison_starts_during_a_run(desk):
    desk.hold = True
    desk.runs.run()
    running = desk.held
    assert desk.state.blocked == RUNNING
    desk.comparison.start()
    assert desk.held is running
    desk.go_on()
    assert desk.state.blocked == ""
    desk.hold = False
    desk.comparison.start()
    assert desk.state.is_up


def test_another_technique_stops_the_comparison_of_what_is_no_longer_shown(desk):
    desk.hold = True
    desk.comparison.start()
    desk.technique.name = "another"
    desk.runs.refresh()
    assert desk.state.phase is Phase.STOPPING
    desk.go_on()
    assert not desk.state.is_up
    assert desk.state.note == REPLACED


def test_a_fall_back_is_told_and_not_compared(desk, monkeypatch):
    run = DimTechnique.run

    def fallen_back(self, source, settings, cancel=None):
        findings = yield from run(self, source, settings.model_copy(update={"backend": "float32"}), cancel)
        record = {"problems": ("The model has no int8 weights, so float32 ran",)}
        return findings.__class__(
            **{**vars(findings), "provenance": findings.provenance.model_copy(update=record)}
        )

    monkeypatch.setattr(DimTechnique, "run", fallen_back)
    desk.comparison.start()
    assert not desk.state.is_up
    assert desk.state.error == (
        "There is nothing to compare: both results were computed by float32. "
        "The model has no int8 weights, so float32 ran."
    )


def test_what_a_person_can_mend_is_one_sentence(desk):
    from fixtures.fakes import bad_pixels

    desk.technique.fail = bad_pixels()
    desk.comparison.start()
    assert desk.state.error == "The image holds NaN: replace it first."
    assert desk.state.phase is Phase.IDLE


def test_a_stopped_result_and_a_removed_image_say_why_not(desk):
    desk.viewer.layers.remove(desk.image)
    assert desk.state.blocked == NO_IMAGE
    other = Desk()
    other.hold = True
    other.runs.run()
    other.runs.stop()
    other.go_on()
    assert other.state.blocked == PARTIAL


def test_before_a_result_nothing_is_offered():
    viewer = ViewerModel()
    runs = RunController(viewer, lambda: [SpotTechnique()])
    assert not ComparisonController(viewer, runs).state.offered


def test_the_differences_are_saved_with_the_result(desk, tmp_path):
    desk.comparison.start()
    desk.comparison.leave()
    desk.runs.set_threshold(0.4)
    desk.runs.save(tmp_path)
    folder = tmp_path / "slab-microct"
    table = pd.read_csv(folder / TABLE)
    assert list(table) == ["z", "y", "x", "what", "score_float32", "score_int8"]
    assert len(table) == desk.lost(0.4)
    assert read_record(folder / RECORD).backend == "int8"
    assert TABLE in desk.runs.state.note


def test_who_wants_the_canvas_ends_the_comparison(desk):
    desk.comparison.start()
    lease = desk.runs.canvas.borrow(lambda: None)
    assert not desk.state.is_up
    assert desk.names == ["slab", "slab: fibres"]
    desk.comparison.start()
    assert desk.state.is_up
    assert not lease.is_held
