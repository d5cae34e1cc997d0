"""What a person sees and clicks in the tab Views, in a real window, with made-up views."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog, QTabWidget, QWidget

import napari_sciml.app.views.controller
import napari_sciml.techniques
from fixtures.cryoem_findings import DIAMETER_A, MadeUpScience, PickTechnique, micrographs
from napari_sciml.app.session import session_for
from napari_sciml.layers.keys import TECHNIQUE_KEY
from napari_sciml.layers.spatial import source_place
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.widgets.views.fsc_plot import round_resolutions
from napari_sciml.widgets.views.sphere import places


class Microscope:
    """A window with picked micrographs; controls are found by their object names."""

    def __init__(self, viewer, qtbot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        source = micrographs()
        viewer.add_image(
            source.data, name=source.name, metadata={TECHNIQUE_KEY: "cryoem"}, **source_place(source)
        )
        self.panel = self.open_panel()
        self.session = session_for(viewer)
        self.session.runs.change_values({"particle_diameter_A": DIAMETER_A})
        self.find("sciml_run").click()
        self.qtbot.waitUntil(lambda: bool(self.session.runs.state.result), timeout=60000)
        self.qtbot.waitUntil(lambda: self.find("sciml_run").text() == "Run", timeout=60000)
        self.panel.turn_to("result")

    def open_panel(self):
        return self.viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]

    @property
    def state(self):
        return self.session.views.state

    def find(self, name):
        found = self.panel.findChild(QWidget, name)
        assert found is not None, f"there is no control called {name}"
        return found

    def text(self, name):
        label = self.find(name)
        return "" if label.isHidden() else label.text()

    def press(self, name):
        button = self.find(name)
        assert button.isEnabled(), f"{name} is disabled"
        button.click()

    def sort(self):
        self.press("sciml_sort_views")
        self.qtbot.waitUntil(lambda: self.state.result is not None and not self.state.kind, timeout=60000)

    def build(self):
        self.press("sciml_build_map")
        self.qtbot.waitUntil(
            lambda: self.state.reconstruction is not None and not self.state.kind, timeout=60000
        )


@pytest.fixture
def scope(make_napari_viewer, qtbot, monkeypatch):
    technique = PickTechnique()
    monkeypatch.setattr(napari_sciml.techniques, "get_technique", lambda name: technique)
    monkeypatch.setattr(napari_sciml.techniques, "technique_names", lambda: [technique.name])
    made_up = MadeUpScience()
    monkeypatch.setattr(napari_sciml.app.views.controller, "SCIENCE", made_up.science)
    bench = Microscope(make_napari_viewer(), qtbot)
    bench.made_up = made_up
    return bench


def test_the_page_says_first_whose_projections_name_the_views(scope):
    tabs = scope.panel.findChild(QTabWidget, "sciml_pages")
    assert [tabs.tabText(i) for i in range(2)] == ["Run", "Views"]
    assert "built-in sample map" in scope.text("sciml_whose")
    assert "another protein" in scope.text("sciml_whose")
    assert scope.find("sciml_train_map").isHidden()
    assert scope.find("sciml_voxel").parentWidget().isHidden()
    # Nothing of what is not there yet.
    assert not scope.find("sciml_sphere").isVisible()


def test_sorting_fills_sphere_and_averages(scope):
    scope.sort()
    counts = scope.state.result.views["count"].to_numpy()
    assert scope.text("sciml_views_result").startswith(
        f"{counts.sum()} particles in {(counts > 0).sum()} of 84"
    )
    assert scope.find("sciml_averages").keys == sorted(
        np.flatnonzero(counts), key=lambda view: (-counts[view], view)
    )
    model = scope.find("sciml_averages").model()
    first = model.index(0, 0)
    assert first.data() == f"{counts.max()} · {100 * counts.max() / counts.sum():.0f} %"
    assert not first.data(Qt.ItemDataRole.DecorationRole).isNull()


def test_a_click_on_the_sphere_shows_average_reference_and_particles(scope):
    scope.viewer.window.show()
    scope.sort()
    sphere = scope.find("sciml_sphere")
    at = sphere.place_of(3)
    scope.qtbot.mouseClick(sphere, Qt.MouseButton.LeftButton, pos=QPoint(round(at.x()), round(at.y())))
    assert scope.state.chosen == 3
    assert scope.text("sciml_view_title").startswith("View 3: tilt 15°, rot 144°")
    assert "correlate by 0.9" in scope.text("sciml_view_words")
    for name in ("sciml_average", "sciml_reference"):
        assert not scope.find(name).pixmap().isNull()
    rows = np.flatnonzero(scope.state.result.table["view"] == 3)
    assert scope.find("sciml_particles").keys == rows.tolist()
    assert scope.find("sciml_averages").current_key == 3
    points = scope.viewer.layers["grid square: particles"]
    assert (points.face_color[:, 3] > 0).sum() == len(rows)


def test_the_sphere_is_walked_with_the_keys(scope):
    scope.viewer.window.show()
    scope.sort()
    sphere = scope.find("sciml_sphere")
    scope.qtbot.keyClick(sphere, Qt.Key.Key_Right)
    assert scope.state.chosen == 0
    at = places(view_angles())
    for key, axis, sign in ((Qt.Key.Key_Right, 0, 1), (Qt.Key.Key_Up, 1, 1), (Qt.Key.Key_Left, 0, -1)):
        before = scope.state.chosen
        scope.qtbot.keyClick(sphere, key)
        assert sign * (at[scope.state.chosen] - at[before])[axis] > 0
    assert sphere.accessibleDescription().startswith(f"View {scope.state.chosen}")


def test_an_average_or_a_particle_leads_to_its_micrograph(scope):
    scope.sort()
    averages = scope.find("sciml_averages")
    averages.setCurrentIndex(averages.model().index(1, 0))
    assert scope.state.chosen == averages.keys[1]
    particles = scope.find("sciml_particles")
    scope.viewer.dims.set_point(0, 99.0)
    row = particles.keys[-1]
    particles.setCurrentIndex(particles.model().index(len(particles.keys) - 1, 0))
    place = scope.state.result.table.iloc[row]
    assert scope.session.runs.state.frame == place["frame"]
    assert scope.viewer.scene.camera.center[-1] == pytest.approx(place["x"] * 4e-4)


def test_several_averages_are_discarded_and_kept_again(scope):
    scope.sort()
    averages = scope.find("sciml_averages")
    averages.selectAll()
    scope.press("sciml_discard")
    assert not set(averages.keys) & scope.state.kept
    assert not scope.find("sciml_build_map").isEnabled()
    assert averages.model().index(0, 0).data().endswith("out")
    assert len(averages.selected) == len(averages.keys)
    scope.press("sciml_keep")
    assert set(averages.keys) <= scope.state.kept
    assert scope.find("sciml_build_map").isEnabled()


@pytest.mark.parametrize(("entry", "column"), [(1, "view"), (2, "correlation")])
def test_averages_are_ordered_as_asked(scope, entry, column):
    scope.sort()
    order = scope.find("sciml_average_order")
    order.setCurrentIndex(entry)
    order.activated.emit(entry)
    values = scope.state.result.views[column].to_numpy()[scope.find("sciml_averages").keys]
    assert (np.diff(values) >= 0).all() if column == "view" else (np.diff(values) <= 0).all()


def test_the_map_is_built_and_one_button_turns_back(scope):
    scope.sort()
    scope.build()
    assert scope.viewer.dims.ndisplay == 3
    assert scope.viewer.layers[-1].name == "3-D map (first model)"
    assert scope.text("sciml_resolution") == "38 Å between half sets (FSC 0.143)."
    assert scope.find("sciml_fsc").shown == ["half_sets", "noise", "phase_randomised"]
    assert "10 views hold no particle." in scope.text("sciml_map_cautions")
    assert "controls" in scope.text("sciml_controls")
    scope.press("sciml_turn_stage")
    assert scope.viewer.dims.ndisplay == 2
    assert scope.text("sciml_turn_stage") == "Show the 3-D map"
    scope.session.views.keep([0], False)
    assert "build it again" in scope.text("sciml_map_cautions")


def test_changed_picks_ask_for_sorting_again(scope):
    scope.sort()
    assert scope.text("sciml_views_note") == ""
    scope.viewer.layers["grid square: particles"].add([[0, 9.0, 9.0]])
    assert "sort again" in scope.text("sciml_views_note")


def test_an_own_map_is_chosen_in_a_dialog(scope, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "mine.mrc"), ""))
    box = scope.find("sciml_view_map")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert box.currentText() == "mine.mrc"
    assert "edge of a voxel" in scope.text("sciml_views_blocked")
    voxel = scope.find("sciml_voxel")
    voxel.setText("5")
    voxel.editingFinished.emit()
    assert "Train a model" in scope.text("sciml_views_blocked")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    scope.press("sciml_train_map")
    scope.qtbot.waitUntil(lambda: bool(scope.state.map.model), timeout=20000)
    assert scope.find("sciml_sort_views").isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    box.setCurrentIndex(3)
    box.activated.emit(3)
    assert box.currentText() == "mine.mrc"


def test_what_the_page_made_is_saved_by_a_click(scope, tmp_path, monkeypatch):
    scope.sort()
    scope.build()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    scope.press("sciml_views_save")
    scope.qtbot.waitUntil(lambda: "Saved" in scope.text("sciml_views_saved"), timeout=20000)
    assert {"views.csv", "fsc.csv", "map.mrc"} <= {f.name for f in next(tmp_path.iterdir()).iterdir()}


def test_a_panel_opened_again_shows_the_same(scope):
    scope.sort()
    scope.session.views.choose_view(5)
    dock = scope.viewer.window.dock_widgets
    scope.viewer.window.remove_dock_widget(dock[next(name for name in dock if "SciML" in name)])
    scope.panel = scope.open_panel()
    assert scope.text("sciml_view_title").startswith("View 5")


def test_the_projection_keeps_areas():
    # Half of the half sphere lies within 60 degrees of the pole.
    assert places(np.array([[0.0, 60.0]]))[0] == pytest.approx([np.sqrt(0.5), 0])
    assert places(np.array([[90.0, 90.0]]))[0] == pytest.approx([0, 1])


def test_resolutions_below_the_axis_do_not_touch():
    chosen = round_resolutions(10.0)
    assert chosen[-1] == 10.0
    assert np.diff([10.0 / value for value in chosen]).min() >= 0.15


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_fits_the_window_and_follows_the_theme(scope, screenshots, theme):
    window = scope.viewer.window
    window.show()
    window.resize(1280, 720)
    scope.viewer.theme = theme
    scope.sort()
    scope.session.views.choose_view(12)
    scope.session.views.keep([0, 1], False)
    scope.qtbot.wait(300)
    picture = window.screenshot(str(screenshots / f"views_page_{theme}.png"), flash=False)
    assert picture.shape[:2] == (720, 1280)
    scope.build()
    area = scope.find("sciml_views_page_scroll")
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    scope.qtbot.wait(300)
    window.screenshot(str(screenshots / f"views_page_{theme}_map.png"), flash=False)
    assert scope.find("sciml_views_page").width() <= area.viewport().width()
