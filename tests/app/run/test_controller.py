from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from fixtures.fakes import SpotTechnique, bad_pixels, spots
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.worker import Crashed, outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.backends import runtime_choice
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers import notify


class Desk:
    """A viewer with one volume, a controller, and hands that turn the work step by step."""

    def __init__(self, technique=None, data=None, **kwargs) -> None:
        self.viewer = ViewerModel()
        self.technique = technique or SpotTechnique()
        self.runs = RunController(self.viewer, lambda: [self.technique], self.start)
        self.states = []
        self.runs.changed.connect(self.states.append)
        self.image = self.viewer.add_image(spots() if data is None else data, name="slab", **kwargs)

    def start(self, task) -> None:
        self.title, self.on_step, self.on_end = task.title, task.on_step, task.on_end
        self.work = outcome_of(task.work)

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.on_step(next(self.work))

    def finish(self) -> None:
        while True:
            try:
                self.step()
            except StopIteration as stop:
                self.on_end(stop.value)
                return

    def run(self) -> None:
        self.runs.run()
        self.finish()

    @property
    def state(self):
        return self.runs.state

    @property
    def points(self):
        return self.viewer.layers[-1]


@pytest.fixture
def told(monkeypatch) -> list[str]:
    sentences: list[str] = []
    monkeypatch.setattr(notify, "show_error", sentences.append)
    return sentences


def start_nothing(task) -> None:
    """Take the work and do not turn it."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_run_adds_its_points_and_says_what_it_found_and_what_is_next(desk):
    desk.run()
    expected = np.argwhere(desk.image.data >= 0.5 * 255)
    np.testing.assert_array_equal(desk.points.data, expected)
    assert desk.points.name == "slab: fibres"
    assert desk.state.result == f"{len(expected)} fibre cross-sections in 6 slices, 1 s."
    assert "threshold" in desk.state.next_step
    assert "+ tool" in desk.state.next_step
    assert desk.state.phase is Phase.IDLE


def test_progress_is_shown_with_the_time_left(desk):
    desk.runs.run()
    assert desk.state.phase is Phase.RUNNING
    assert desk.state.going.progress is None
    desk.step(2)
    assert (desk.state.going.progress.done, desk.state.going.progress.total) == (2, 6)
    assert desk.state.going.seconds_left is not None


def test_stop_ends_within_a_tile_and_keeps_what_was_found(desk):
    desk.runs.run()
    desk.step(2)
    desk.runs.stop()
    assert desk.state.phase is Phase.STOPPING
    desk.finish()
    assert desk.technique.slices_done == 2
    assert desk.points.name == "slab: fibres (partial)"
    assert desk.points.metadata[METADATA_KEY]["partial"] is True
    assert desk.state.result.startswith("Stopped after 2 of 6 slices: ")
    assert "marked partial" in desk.state.result
    assert desk.state.phase is Phase.IDLE


def test_a_second_press_while_running_starts_nothing(desk):
    desk.runs.run()
    first = desk.work
    desk.runs.run()
    assert desk.work is first


def test_a_blocked_run_does_not_start():
    viewer = ViewerModel()
    started = []
    runs = RunController(viewer, lambda: [SpotTechnique()], started.append)
    runs.run()
    assert not started
    assert "Open an image first" in runs.state.blocked


def test_what_a_person_can_mend_is_one_sentence_on_the_page_and_in_a_notification(told):
    desk = Desk(SpotTechnique(fail=bad_pixels()))
    desk.run()
    assert desk.state.error == "The image holds NaN: replace it first."
    assert told == [desk.state.error]
    assert desk.state.phase is Phase.IDLE
    assert len(desk.viewer.layers) == 1


def test_a_bug_is_called_a_bug_and_the_page_can_run_again(told):
    desk = Desk(SpotTechnique(fail=ZeroDivisionError("really")))
    desk.runs.run()
    desk.step()
    with pytest.raises(ZeroDivisionError) as caught:
        desk.step()
    desk.on_end(Crashed(caught.value))
    assert "report it" in desk.state.error
    assert told == []
    desk.technique.fail = None
    desk.run()
    assert desk.state.error == ""


def test_the_result_arrives_where_the_image_was_if_it_is_removed_meanwhile():
    desk = Desk(scale=(2.0, 0.65, 0.65), translate=(5.0, 6.0, 7.0), units=("um",) * 3)
    desk.runs.run()
    desk.step(3)
    desk.viewer.layers.remove(desk.image)
    desk.finish()
    assert [layer.name for layer in desk.viewer.layers] == ["slab: fibres"]
    np.testing.assert_allclose(desk.points.data_to_world((1, 2, 3)), (7.0, 7.3, 8.95))
    assert str(desk.points.units[0]) == "micrometer"
    assert "Open an image first" in desk.state.blocked


def test_the_result_arrives_where_the_image_is_if_it_is_moved_meanwhile(desk):
    desk.runs.run()
    desk.step()
    desk.image.scale = (3.0, 3.0, 3.0)
    desk.finish()
    np.testing.assert_allclose(desk.points.scale, (3.0, 3.0, 3.0))


def test_the_threshold_is_live_and_needs_no_new_run(desk):
    desk.run()
    points = desk.points
    points.add([2.5, 1.0, 1.0])
    desk.runs.set_threshold(0.8)
    assert len(desk.technique.seen) == 1
    assert desk.points is points
    assert len(points.data) == (desk.image.data >= 0.8 * 255).sum() + 1
    assert desk.state.result.startswith(f"{len(points.data)} fibre cross-sections")
    assert "(1 added by hand)" in desk.state.result


def test_a_threshold_moved_during_a_run_is_the_one_of_the_result(desk):
    desk.runs.run()
    desk.step()
    desk.runs.set_threshold(0.8)
    desk.finish()
    assert len(desk.points.data) == (desk.image.data >= 0.8 * 255).sum()


def test_a_threshold_that_hides_everything_says_where_the_candidates_are(desk):
    desk.run()
    desk.runs.set_threshold(1.0)
    assert desk.state.result.startswith("0 fibre cross-sections")
    assert "lower the threshold; 30 candidates" in desk.state.next_step


def test_without_a_result_on_screen_the_threshold_counts_for_the_next_run(desk):
    assert not desk.state.threshold_live
    desk.run()
    assert desk.state.threshold_live
    desk.viewer.layers.remove(desk.points)
    assert not desk.state.threshold_live
    assert "removed" in desk.state.next_step
    desk.runs.set_threshold(0.9)
    desk.run()
    assert desk.technique.seen[-1].threshold == 0.9


def test_settings_and_model_reach_the_technique(desk):
    desk.runs.change_values({"axis": 1, "fiber_diameter_px": 9.0, "min_distance_px": None})
    desk.runs.choose_model("spots-2")
    desk.run()
    seen = desk.technique.seen[-1]
    assert (seen.axis, seen.fiber_diameter_px, seen.min_distance_px, seen.model) == (1, 9.0, None, "spots-2")


def test_a_new_run_hides_the_older_points_of_the_same_image_but_keeps_them(desk):
    desk.run()
    older = desk.points
    desk.run()
    assert older in desk.viewer.layers
    assert not older.visible
    assert desk.points.visible


def test_a_newly_opened_image_is_taken_until_a_person_chooses(desk):
    second = desk.viewer.add_image(spots(seed=1), name="second")
    assert desk.state.image is second
    desk.runs.choose_image(desk.image)
    desk.viewer.add_image(spots(seed=2), name="third")
    assert desk.state.image is desk.image
    assert [layer.name for layer in desk.state.images] == ["slab", "second", "third"]


def test_removing_the_chosen_image_falls_back_to_another(desk):
    desk.viewer.add_image(spots(seed=1), name="second")
    desk.runs.choose_image(desk.image)
    desk.viewer.layers.remove(desk.image)
    assert desk.state.image.name == "second"


@pytest.mark.parametrize(
    ("name", "value", "seen"),
    [
        ("units", ("um",) * 3, lambda state: "pixel 1 µm" in state.facts.line),
        ("axis_labels", ("a", "b", "c"), lambda state: state.facts.axis_names == ("a", "b", "c")),
        ("data", spots(shape=(3, 40, 50)), lambda state: state.plan.tiles == 3),
        ("name", "renamed", lambda state: state.images[0].name == "renamed"),
    ],
)
def test_the_page_follows_the_image(desk, name, value, seen):
    assert not seen(desk.state)
    desk.states.clear()
    setattr(desk.image, name, value)
    assert seen(desk.states[-1])


def test_saving_writes_a_new_folder_and_never_into_an_old_one(desk, tmp_path):
    desk.run()
    for expected in ("slab-microct", "slab-microct-2"):
        desk.runs.save(tmp_path)
        assert desk.state.saving
        desk.finish()
        names = sorted(file.name for file in (tmp_path / expected).iterdir())
        assert names == ["findings.csv", "overlay.png", "points.csv", "run-data", "run.json"]
        assert str(tmp_path / expected) in desk.state.note
        assert not desk.state.saving


def test_saving_includes_what_a_person_changed(desk, tmp_path):
    desk.run()
    desk.points.add([2.5, 1.0, 1.0])
    desk.runs.save(tmp_path)
    desk.finish()
    text = (tmp_path / "slab-microct" / "corrected_points.csv").read_text()
    assert text.count("manual") == 1
    assert text.count("model") == len(desk.points.data) - 1


def test_a_folder_that_cannot_be_written_is_told(desk, tmp_path, told, monkeypatch):
    desk.run()
    (tmp_path / "file").write_text("in the way")
    desk.runs.save(tmp_path / "file")
    desk.finish()
    assert "something else has that name" in desk.state.error
    assert told == [desk.state.error]
    assert desk.state.can_save
    assert not desk.state.saving


def test_too_little_memory_is_a_sentence(told):
    desk = Desk(SpotTechnique(fail=MemoryError("Unable to allocate 9 TiB")))
    desk.run()
    assert "not enough memory (Unable to allocate 9 TiB)" in desk.state.error


def test_the_controller_does_not_keep_the_viewer_alive():
    viewer = ViewerModel()
    gone = weakref.ref(viewer)
    runs = RunController(viewer, lambda: [SpotTechnique()], start_nothing)
    viewer.add_image(spots(), name="slab")
    assert runs.state.image is not None
    del viewer
    gc.collect()
    assert gone() is None


def test_a_result_for_a_closed_viewer_is_dropped_without_a_word():
    desk = Desk()
    desk.runs.run()
    gone = weakref.ref(desk.viewer)
    desk.viewer = desk.image = None
    gc.collect()
    assert gone() is None
    desk.finish()
    assert desk.state.result == ""


def test_a_mendable_error_has_no_traceback_in_the_worker():
    def work():
        raise SciMLError("No")
        yield

    outcome = outcome_of(work())
    with pytest.raises(StopIteration) as stop:
        next(outcome)
    assert stop.value.value.error.sentence == "No."


def test_what_went_wrong_with_one_image_is_not_said_of_the_next(told):
    desk = Desk(SpotTechnique(fail=bad_pixels()))
    desk.run()
    desk.image.scale = (2.0, 2.0, 2.0)
    assert desk.state.error
    desk.viewer.add_image(spots(seed=1), name="second")
    assert desk.state.error == ""


def test_what_computes_is_one_choice_for_all_techniques_and_goes_into_the_run_and_its_texts(desk):
    desk.runs.change_backend_options({"backend": "codebook", "levels": 4})
    assert desk.state.backend_options == {"backend": "codebook", "levels": 4}
    desk.run()
    assert (desk.technique.seen[-1].backend, desk.technique.seen[-1].levels) == ("codebook", 4)
    assert "backend='codebook', levels=4" in desk.runs.python_text()
    assert "--backend codebook --levels 4" in desk.runs.command_text()
    desk.runs.change_values({"axis": 1})
    assert desk.state.backend_options == {"backend": "codebook", "levels": 4}
    desk.runs.change_backend_options({"backend": "int8"})
    assert "levels" not in desk.runs.command_text()
    desk.runs.change_backend_options({"backend": "codebook"})
    assert desk.state.backend_options["levels"] == 4


def test_the_runtime_goes_into_the_run_and_its_texts_as_far_as_it_can_execute_the_backend(desk):
    desk.runs.change_backend_options({"backend": "int8", "runtime": "openvino"})
    desk.run()
    assert (desk.technique.seen[-1].backend, desk.technique.seen[-1].runtime) == ("int8", "openvino")
    assert desk.state.findings.provenance.settings["runtime"] == "openvino"
    assert "backend='int8', runtime='openvino'" in desk.runs.python_text()
    assert "--backend int8 --runtime openvino" in desk.runs.command_text()
    desk.runs.change_backend_options({"backend": "codebook"})
    assert "runtime" not in desk.runs.command_text()
    assert desk.state.runtimes == ()
    desk.runs.change_backend_options({"backend": "float32"})
    assert desk.state.backend_options == {"runtime": "openvino"}
    assert "--runtime openvino" in desk.runs.command_text()


@pytest.fixture
def measured(monkeypatch, random_patch_model, tmp_path):
    """The model on offer, and what measuring gives or raises."""
    outcome = {"runtime": "openvino"}

    def measure(model, backend):
        if "error" in outcome:
            raise outcome["error"]
        why = f"{outcome['runtime']} {backend}; measured"
        return runtime_choice.Choice(model=model.name, backend=backend, runtime=outcome["runtime"], why=why)

    monkeypatch.setattr(runtime_choice, "measure", measure)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(SpotTechnique, "models", (str(random_patch_model.folder),))
    return outcome


def test_runtimes_can_be_measured_again_and_nothing_runs_meanwhile(measured, desk):
    desk.runs.measure_runtimes()
    assert desk.state.measuring
    assert "measured again" in desk.state.blocked
    work = desk.work
    desk.runs.run()
    desk.runs.measure_runtimes()
    assert desk.work is work, "something else was started"
    desk.finish()
    assert (desk.state.measuring, desk.state.blocked) == (False, "")
    assert desk.state.note == "Measured again. Fastest here: float32 by OpenVINO."
    measured["runtime"] = "torch"
    desk.runs.measure_runtimes()
    desk.finish()
    assert desk.state.note == "Measured again. Fastest here: float32 by PyTorch."


def test_measuring_that_fails_says_why_and_a_run_can_start(measured, desk, told):
    measured["error"] = SciMLError("The weights are damaged", "install the model again")
    desk.runs.measure_runtimes()
    desk.finish()
    assert desk.state.error == "The weights are damaged: install the model again."
    assert not desk.state.measuring
    desk.run()
    assert desk.technique.seen


def test_runtimes_of_a_model_that_is_not_there_are_not_measured(desk):
    desk.runs.measure_runtimes()
    assert "There is no model called 'spots'" in desk.state.error
    assert not desk.state.measuring
