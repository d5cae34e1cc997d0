"""GISAXS in the window's model: what a scattering scientist does, click by click, without a display."""

from __future__ import annotations

import shlex

import pytest
from napari.components import ViewerModel

from fixtures.gisaxs_findings import FRAMES, KNOWN, LatticeTechnique, small_series
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.core.progress import drive
from napari_sciml.layers.keys import KNOWN_KEY, SAMPLE_KEY, TECHNIQUE_KEY
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.remake import ORIGIN, Origin
from napari_sciml.layers.spatial import source_place


def at_once(task):
    task.on_end(drive(outcome_of(task.work), task.on_step))


class Beamline:
    """A viewer with a small series and a controller that works at once."""

    def __init__(self, source=None, **metadata) -> None:
        self.viewer = ViewerModel()
        self.technique = LatticeTechnique()
        self.runs = RunController(self.viewer, techniques=lambda: [self.technique], start=at_once)
        source = small_series() if source is None else source
        metadata = {TECHNIQUE_KEY: "gisaxs", KNOWN_KEY: dict(source.known), **metadata}
        self.image = self.viewer.add_image(
            lazy_array(source), name="series", metadata=metadata, **source_place(source)
        )

    @property
    def state(self):
        return self.runs.state

    @property
    def words(self):
        overlay = self.viewer.canvas.overlays.text
        return overlay.text if overlay.visible else ""

    def layer(self, what):
        return self.viewer.layers[f"series: {what}"]


@pytest.fixture
def beamline():
    return Beamline()


@pytest.fixture
def finished(beamline):
    beamline.runs.run()
    return beamline


def test_what_the_image_states_is_enough_to_run_and_shown_to_the_form(beamline):
    assert beamline.state.technique == "gisaxs"
    assert beamline.state.blocked == ""
    assert beamline.state.facts.known == KNOWN
    assert beamline.state.values == {}


def test_without_it_the_run_says_what_is_missing_until_it_is_given():
    beamline = Beamline(small_series(known={}))
    assert "geometry is unknown" in beamline.state.blocked
    beamline.runs.change_values({"qy_range": (-1.0, 1.0), "qz_range": (0.0, 1.0)})
    assert beamline.state.blocked == ""
    beamline.runs.change_values({"qy_range": (1.0, -1.0)})
    assert "the smaller one first" in beamline.state.blocked


def test_a_run_shows_spots_and_says_what_they_mean(finished):
    assert [layer.name for layer in finished.viewer.layers] == ["series", "series: predicted spots"]
    assert finished.state.result.startswith("HCP in 2, FCC111 in 1, 2 unknown, 1 left out of 6 frames")
    assert "blue rings are found, orange crosses are missing" in finished.state.next_step


def test_the_words_on_the_canvas_follow_the_slider(finished):
    finished.viewer.dims.set_point(0, 0)
    assert finished.words == "HCP 97 %"
    finished.runs.go_to_frame(3)
    assert finished.words == "unknown (BCC100 41 %)"
    finished.viewer.dims.set_point(0, FRAMES - 1)
    assert finished.words == "no answer: the frame could not be used"


def test_the_words_follow_the_threshold(finished):
    finished.viewer.dims.set_point(0, 2)
    assert finished.words == "FCC111 62 %"
    finished.runs.set_threshold(0.7)
    assert finished.words == "unknown (FCC111 62 %)"
    assert set(finished.layer("predicted spots").data[:, 0]) == {0, 1}


def test_the_words_go_with_the_layers_of_the_result(finished):
    finished.viewer.dims.set_point(0, 0)
    assert finished.words
    finished.viewer.layers.remove("series: predicted spots")
    assert finished.words == ""


def test_a_persons_own_words_come_back_when_the_result_is_removed(beamline):
    overlay = beamline.viewer.canvas.overlays.text
    overlay.text, overlay.visible = "sample 12", True
    beamline.runs.run()
    assert beamline.words != "sample 12"
    beamline.viewer.layers.remove("series: predicted spots")
    assert beamline.words == "sample 12"


def test_nothing_named_says_where_to_look(finished):
    finished.runs.set_threshold(1.0)
    assert "probabilities in the tab Lattice" in finished.state.next_step


def test_exploring_adds_lines_and_peaks_that_go_with_the_image(beamline):
    beamline.runs.change_values({"explore": True})
    beamline.runs.run()
    names = [layer.name for layer in beamline.viewer.layers]
    # The answer lies on top of what else was found.
    assert names[1:] == ["series: feature lines", "series: feature peaks", "series: predicted spots"]
    beamline.image.scale = (1.0, 3.0, 3.0)
    assert beamline.layer("feature lines").scale.tolist() == [1, 3, 3]
    assert beamline.layer("feature peaks").scale.tolist() == [1, 3, 3]
    assert beamline.state.images == (beamline.image,)


def test_one_image_is_one_frame():
    import numpy as np

    from napari_sciml.core.source import ImageSource

    flat = ImageSource.from_array(np.ones((64, 64), np.int32), known=KNOWN, name="flat")
    beamline = Beamline(flat)
    beamline.runs.run()
    assert beamline.state.frame == 0
    assert beamline.words == "HCP 97 %"
    assert beamline.layer("predicted spots").ndim == 2


def test_copied_texts_say_what_the_pixels_alone_would_not(beamline):
    beamline.runs.change_values({"explore": True})
    python, command = beamline.runs.python_text(), beamline.runs.command_text()
    assert "qy_range=(-1.0, 1.0)" in python
    assert "energy_kev=10.0" in python
    words = shlex.split(command.splitlines()[-1])
    at = words.index("--qy-range")
    assert words[at : at + 3] == ["--qy-range", "-1", "1"]
    assert "--explore" in words
    compile(python, "copied", "exec")


def test_what_a_person_says_goes_before_what_the_image_states(beamline):
    beamline.runs.change_values({"qy_range": (-0.5, 0.5), "incidence_deg": 0.2})
    python = beamline.runs.python_text()
    assert "qy_range=(-0.5, 0.5)" in python
    assert "(-1.0, 1.0)" not in python
    beamline.runs.change_values({"poni": "a.poni", "incidence_deg": 0.2})
    assert "qy_range" not in beamline.runs.python_text()


def test_code_that_makes_the_image_again_states_it_by_itself_but_a_file_does_not():
    origin = Origin("from samples import series", "series()", "make series.npy", "series.npy")
    beamline = Beamline(**{SAMPLE_KEY: {ORIGIN: origin}})
    assert "sciml.run('gisaxs', series())" in beamline.runs.python_text()
    assert "--qz-range 0 1" in beamline.runs.command_text()


def test_a_file_that_states_its_ranges_needs_no_words_about_them(tmp_path, monkeypatch):
    import napari_sciml.io as io
    from napari_sciml.app.run.snippets import nameable, python_text
    from napari_sciml.core.source import ImageSource

    source = small_series()
    named = ImageSource.from_array(source.data, name="series", path="series.h5", known=KNOWN)
    monkeypatch.setattr(io, "open_image", lambda path: small_series())
    assert nameable(named).known == {}
    monkeypatch.setattr(io, "open_image", lambda path: small_series(known={"energy_kev": 10.0}))
    assert "energy_kev" not in python_text("gisaxs", nameable(named), {})
    assert "qz_range=(0.0, 1.0)" in python_text("gisaxs", nameable(named), {})


def test_a_new_mask_layer_can_be_asked_for(beamline):
    beamline.runs.ask("new_mask")
    assert beamline.state.values["mask"].layer is beamline.viewer.layers["series: mask"]
    assert beamline.state.blocked == ""
    beamline.runs.run()
    assert beamline.technique.seen[0].mask.shape == (64, 64)
