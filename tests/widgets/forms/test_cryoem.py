"""What a person types to pick particles, in a real window, with made-up answers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from qtpy.QtWidgets import QWidget

import napari_sciml.techniques
from fixtures.cryoem_findings import PickTechnique, micrographs
from napari_sciml.app.session import session_for
from napari_sciml.layers.keys import TECHNIQUE_KEY
from napari_sciml.layers.spatial import source_place


class Microscope:
    """A window with three small micrographs; controls are found by their object names."""

    def __init__(self, viewer, qtbot, source) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        viewer.add_image(
            source.data, name=source.name, metadata={TECHNIQUE_KEY: "cryoem"}, **source_place(source)
        )
        self.panel = viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]

    @property
    def runs(self):
        return session_for(self.viewer).runs

    def find(self, name):
        found = self.panel.findChild(QWidget, name)
        assert found is not None, f"there is no control called {name}"
        return found

    def type(self, name, text):
        field = self.find(name)
        field.setText(text)
        field.editingFinished.emit()

    def choose(self, name, text):
        box = self.find(name)
        box.setCurrentText(text)
        box.activated.emit(box.currentIndex())

    def run(self):
        self.find("sciml_run").click()
        self.qtbot.waitUntil(lambda: bool(self.runs.state.result), timeout=60000)
        self.qtbot.waitUntil(lambda: self.find("sciml_run").text() == "Run", timeout=60000)


@pytest.fixture
def stage(make_napari_viewer, qtbot, monkeypatch):
    technique = PickTechnique()
    monkeypatch.setattr(napari_sciml.techniques, "get_technique", lambda name: technique)
    monkeypatch.setattr(napari_sciml.techniques, "technique_names", lambda: [technique.name])
    return lambda source=None: Microscope(make_napari_viewer(), qtbot, source or micrographs())


def test_one_number_is_enough_and_what_follows_is_shown(stage):
    scope = stage()
    assert "diameter is not known" in scope.find("sciml_blocked").text()
    assert not scope.find("sciml_follows").text()
    assert scope.find("sciml_pixel_size").placeholderText() == "4, from the image"
    scope.type("sciml_particle_diameter", "120")
    assert scope.runs.state.values == {"particle_diameter_A": 120.0}
    assert scope.find("sciml_particle_other").text() == "= 30.0 px"
    said = scope.find("sciml_follows").text()
    assert "Picks at least 18 px apart, box 48 px." in said
    assert scope.find("sciml_run").isEnabled()


def test_another_unit_keeps_the_length(stage):
    scope = stage()
    scope.type("sciml_particle_diameter", "120")
    scope.choose("sciml_particle_unit", "px")
    assert scope.runs.state.values == {"particle_diameter_px": 30.0}
    assert scope.find("sciml_particle_diameter").text() == "30"
    assert scope.find("sciml_particle_other").text() == "= 120 Å"
    scope.choose("sciml_particle_unit", "Å")
    assert scope.runs.state.values == {"particle_diameter_A": 120.0}


def test_without_a_pixel_size_angstrom_asks_for_it(stage):
    scope = stage(micrographs(pixel_A=None))
    assert scope.find("sciml_pixel_size").placeholderText() == "the image does not say"
    scope.type("sciml_particle_diameter", "120")
    assert "pixel size" in scope.find("sciml_blocked").text()
    scope.type("sciml_pixel_size", "4")
    assert scope.find("sciml_blocked").text() == ""
    assert scope.find("sciml_particle_other").text() == "= 30.0 px"


def test_only_what_differs_from_the_defaults_is_said(stage):
    scope = stage()
    scope.choose("sciml_picker", "Laplacian of Gaussian, no training")
    scope.choose("sciml_contrast", "light")
    scope.find("sciml_mask_junk").click()
    assert scope.runs.state.values == {"picker": "log", "contrast": "light", "mask_junk": False}
    scope.choose("sciml_picker", "trained network")
    scope.choose("sciml_contrast", "auto")
    scope.find("sciml_mask_junk").click()
    assert scope.runs.state.values == {}


def stroke(lines, start, end):
    """Draw a line on the first micrograph, from and to ``(y, x)``, as napari tells of it."""
    places = iter([lines.data_to_world((0, *start)), lines.data_to_world((0, *end))])
    event = SimpleNamespace(type="mouse_press", position=next(places))
    drag = lines.mouse_drag_callbacks[0](lines, event)
    next(drag)
    event.type, event.position = "mouse_move", next(places)
    next(drag)
    event.type = "mouse_release"
    assert next(drag, None) is None


def test_a_line_across_a_particle_gives_the_diameter(stage):
    scope = stage()
    scope.type("sciml_particle_diameter", "120")
    scope.find("sciml_particle_measure").click()
    lines = scope.viewer.layers["grid square: diameter"]
    assert lines.mode == "add_line"
    scope.find("sciml_particle_measure").click()
    assert len(scope.viewer.layers) == 2
    stroke(lines, (10.0, 10.0), (40.0, 50.0))
    assert scope.runs.state.values == {"particle_diameter_px": 50.0}
    stroke(lines, (10.0, 10.0), (10.5, 10.0))
    assert scope.runs.state.values == {"particle_diameter_px": 50.0}
    assert lines.scale == pytest.approx(scope.viewer.layers[0].scale)


def test_rings_are_as_wide_as_the_particle_and_the_mask_is_faint(stage):
    scope = stage()
    scope.type("sciml_particle_diameter", "120")
    scope.run()
    image, area, points = scope.viewer.layers
    assert points.name == "grid square: particles"
    assert set(points.size) == {30.0}
    assert area.name == "grid square: left out"
    assert area.data.shape == (3, 32, 32)
    # The last five columns of the mask lie over the last forty of the image.
    edge = area.data_to_world([0, 0, 26.5])
    assert image.world_to_data(edge)[-1] == pytest.approx(215.5)
    image.scale = [2.0, 2.0, 2.0]
    assert image.world_to_data(area.data_to_world([0, 0, 26.5]))[-1] == pytest.approx(215.5)
    assert scope.viewer.canvas.overlays.text.text.endswith("particles")


def test_the_run_is_copied_with_its_settings(stage):
    scope = stage()
    scope.type("sciml_particle_diameter", "120")
    scope.choose("sciml_picker", "Laplacian of Gaussian, no training")
    assert "--particle-diameter-A 120.0 --picker log" in scope.runs.command_text()
    assert "particle_diameter_A=120.0" in scope.runs.python_text()
