"""The page Simulate in a real window: sliders, a layer that follows them, and a run on it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QPushButton, QTabWidget, QWidget

from napari_sciml.app.session import session_for
from napari_sciml.app.simulate.controller import NAME


@pytest.fixture
def bench(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=False)
    panel = viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]
    viewer.add_image(np.ones((100, 100)), name="flat")
    session_for(viewer).runs.choose_technique("gisaxs")

    class Bench:
        def find(self, name, kind=QWidget):
            found = panel.findChild(kind, name)
            assert found is not None, f"there is no control called {name}"
            return found

        @property
        def tabs(self):
            tabs = panel.findChild(QTabWidget, "sciml_pages")
            return [tabs.tabText(i) for i in range(tabs.count())]

        @property
        def pattern(self):
            return next((layer for layer in viewer.layers if layer.name == NAME), None)

        def wait_for(self, condition):
            qtbot.waitUntil(condition, timeout=60000)

    bench = Bench()
    bench.viewer, bench.panel, bench.session = viewer, panel, session_for(viewer)
    return bench


def test_the_page_is_there_for_gisaxs_alone(bench) -> None:
    assert bench.tabs == ["Run", "Simulate"]
    bench.session.runs.choose_technique("microct")
    assert bench.tabs == ["Run"]


def test_sliders_move_the_layer_and_a_run_takes_its_axes_from_it(bench) -> None:
    bench.find("sciml_simulate_open", QPushButton).click()
    bench.wait_for(lambda: bench.pattern is not None)
    before = bench.pattern.data.copy()
    lattice = bench.find("sciml_simulate_lattice", QComboBox)
    lattice.setCurrentText("Cubic100")
    lattice.activated.emit(lattice.currentIndex())
    bench.wait_for(lambda: not np.array_equal(bench.pattern.data, before))
    bench.find("sciml_simulate_qy_range").setValue(0.9)
    bench.wait_for(lambda: bench.session.simulation.state.values.get("qz_range") == (0.0, 0.9))
    bench.wait_for(lambda: not bench.session.simulation.is_busy)
    bench.session.runs.choose_image(bench.pattern)
    state = bench.session.runs.state
    assert state.blocked == ""
    bench.session.runs.run()
    bench.wait_for(lambda: bench.session.runs.state.findings is not None)
    assert bench.session.runs.state.findings.table["label"][0] == "Cubic100"
    assert bench.tabs == ["Run", "Lattice", "Simulate"]


def test_counts_go_from_few_to_no_noise(bench) -> None:
    slider = bench.find("sciml_simulate_peak_counts")
    assert slider.value() == slider.maximum()
    slider.setValue(10)
    assert bench.session.simulation.state.values["peak_counts"] == 1024
    slider.setValue(slider.maximum())
    assert bench.session.simulation.state.values["peak_counts"] is None


def test_reset_moves_the_sliders_back_and_errors_are_shown(bench) -> None:
    bench.find("sciml_simulate_open", QPushButton).click()
    bench.wait_for(lambda: bench.pattern is not None)
    slider = bench.find("sciml_simulate_radius_nm")
    slider.setValue(20)
    bench.wait_for(lambda: "do not fit" in bench.find("sciml_simulate_error").text())
    bench.find("sciml_simulate_reset", QPushButton).click()
    bench.wait_for(lambda: slider.value() == 10)
    bench.wait_for(lambda: bench.find("sciml_simulate_error").isHidden())


def test_a_reopened_panel_shows_the_sliders_as_they_were(bench) -> None:
    bench.find("sciml_simulate_spacing_nm").setValue(31)
    bench.viewer.window.remove_dock_widget(bench.panel)
    panel = bench.viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]
    assert panel.findChild(QWidget, "sciml_simulate_spacing_nm").value() == 31
