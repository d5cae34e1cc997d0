"""What a crystallographer sees and clicks, in a real window, with the shipped model on small frames."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QFileDialog, QTabWidget, QWidget

from fixtures.frames import EDGE_PX, FRAMES, HITS, TOO_MANY, small_run
from napari_sciml.app.session import session_for
from napari_sciml.layers.frames_look import frames_look
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.spatial import source_place


class Beamline:
    """A window with a small run; controls are found by their object names."""

    def __init__(self, viewer, qtbot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        source = small_run()
        look = {"name": "run", **source_place(source), **frames_look(source)}
        self.image = viewer.add_image(lazy_array(source), **look)
        self.panel = self.open_panel()

    def open_panel(self):
        return self.viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]

    @property
    def state(self):
        return session_for(self.viewer).runs.state

    @property
    def pages(self):
        tabs = self.panel.findChild(QTabWidget, "sciml_pages")
        return [tabs.tabText(i) for i in range(tabs.count())]

    def find(self, name):
        found = self.panel.findChild(QWidget, name)
        assert found is not None, f"there is no control called {name}"
        return found

    def run(self):
        self.find("sciml_run").click()
        self.wait_for(lambda: self.find("sciml_run").text() == "Run")

    def wait_for(self, condition):
        self.qtbot.waitUntil(condition, timeout=60000)

    @property
    def rows(self):
        model = self.find("sciml_hit_table").model()
        return [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]

    @property
    def chosen(self):
        table = self.find("sciml_hit_table")
        return [int(index.data()) for index in table.selectionModel().selectedRows()]


@pytest.fixture
def beamline(make_napari_viewer, qtbot):
    return Beamline(make_napari_viewer(), qtbot)


@pytest.fixture
def finished(beamline):
    beamline.run()
    return beamline


def test_the_page_of_hits_comes_with_the_first_result(beamline):
    assert beamline.pages == ["Run"]
    assert beamline.find("sciml_technique").currentText() == "X-ray diffraction hits"
    beamline.run()
    assert beamline.pages == ["Run", "Hits"]
    assert beamline.find("sciml_result").text().startswith("2 hits in 6 frames")
    assert beamline.find("sciml_hits_result").text() == beamline.find("sciml_result").text()


def test_the_table_lists_every_frame_and_the_filter_only_the_hits(finished):
    assert [row[0] for row in finished.rows] == [str(frame) for frame in range(FRAMES)]
    assert [row[1] for row in finished.rows] == ["hit", "–", "–", "–", "–", "hit"]
    finished.find("sciml_hits_only").click()
    assert [row[0] for row in finished.rows] == [str(frame) for frame in HITS]


def test_a_click_on_a_row_shows_its_frame_and_the_slider_chooses_the_row(finished):
    finished.panel.turn_to("result")
    finished.viewer.window.show()
    table = finished.find("sciml_hit_table")
    place = table.visualRect(table.model().index(4, 0)).center()
    finished.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert finished.viewer.dims.point[0] == 4
    finished.viewer.dims.set_point(0, 1)
    assert finished.chosen == [1]


def test_a_click_on_the_curve_shows_that_frame(finished):
    curve = finished.find("sciml_hit_rate")
    place = QPoint(round(curve.x_of(5)), 30)
    finished.qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=place)
    assert finished.viewer.dims.point[0] == 5
    assert finished.chosen == [5]


@pytest.mark.parametrize("page", ["sciml", "sciml_hits"])
def test_the_sliders_act_at_once_on_everything(finished, page):
    spots = len(finished.viewer.layers["run: Bragg spots"].data)
    caution = finished.find("sciml_hits_caution").text()
    finished.find(f"{page}_min_tiles").setValue(TOO_MANY)
    assert {row[1] for row in finished.rows} == {"–"}
    assert finished.find("sciml_result").text().startswith("0 hits in 6 frames")
    assert (
        finished.find("sciml_min_tiles").value() == finished.find("sciml_hits_min_tiles").value() == TOO_MANY
    )
    assert "false hits on blank frames" in caution
    finished.find(f"{page}_threshold").setValue(1.0)
    finished.wait_for(lambda: len(finished.viewer.layers["run: Bragg spots"].data) < spots)
    assert finished.find("sciml_threshold").value() == finished.find("sciml_hits_threshold").value()


def test_masks_are_offered_painted_and_used(beamline):
    box = beamline.find("sciml_mask")
    assert [box.itemText(i) for i in range(box.count())] == ["the file's own, if any", "none", "a file…"]
    beamline.find("sciml_new_mask").click()
    assert box.currentText() == "layer: run: mask"
    mask = beamline.viewer.layers["run: mask"]
    assert mask.data.shape == (EDGE_PX, EDGE_PX)
    rows, columns = (part.ravel() for part in np.mgrid[:EDGE_PX, :EDGE_PX])
    mask.data_setitem((rows, columns), 1)
    mask.data_setitem((rows[:1], columns[:1]), 0)
    beamline.run()
    assert beamline.state.findings is None or not beamline.state.findings.table["hit"].any()
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert beamline.state.values == {"mask": "none"}


def test_a_mask_file_is_chosen_in_a_dialog(beamline, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(tmp_path / "m.npy"), ""))
    box = beamline.find("sciml_mask")
    box.activated.emit(box.count() - 1)
    assert beamline.state.values["mask"] == str(tmp_path / "m.npy")
    assert box.currentText() == "file: m.npy"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    box.activated.emit(box.count() - 1)
    assert box.currentText() == "file: m.npy"


@pytest.mark.parametrize("setting", ["hot_pixels", "drop_suspects"])
def test_switches_are_settings_of_the_run(beamline, setting):
    switch = beamline.find(f"sciml_{setting}")
    assert switch.isChecked()
    switch.click()
    assert beamline.state.values == {setting: False}
    switch.click()
    assert beamline.state.values == {}


def test_results_are_saved_and_copied_by_clicks(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    finished.find("sciml_hits_save").click()
    finished.wait_for(lambda: "Saved" in finished.find("sciml_hits_note").text())
    assert (tmp_path / "run-diffraction" / "hits.lst").read_text().count("\n") == len(HITS)
    finished.find("sciml_copy_command").click()
    assert "napari-sciml run diffraction" in QApplication.clipboard().text()


def test_a_closed_and_reopened_panel_shows_the_same(finished):
    finished.find("sciml_min_tiles").setValue(TOO_MANY)
    finished.viewer.dims.set_point(0, 4)
    finished.viewer.window.remove_dock_widget(finished.panel)
    finished.panel.deleteLater()
    finished.panel = None
    finished.qtbot.wait(50)
    finished.panel = finished.open_panel()
    assert finished.pages == ["Run", "Hits"]
    assert [row[1] for row in finished.rows].count("hit") == 0
    assert finished.chosen == [4]
    assert finished.find("sciml_hits_min_tiles").value() == TOO_MANY


def test_another_technique_takes_the_page_away_and_brings_its_own_form(finished):
    box = finished.find("sciml_technique")
    index = box.findText("MicroCT fibres")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    assert finished.pages == ["Run"]
    finished.find("sciml_min_distance")
    index = box.findText("X-ray diffraction hits")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    assert finished.pages == ["Run", "Hits"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_window_at_1280x720(finished, screenshots, theme):
    viewer = finished.viewer
    viewer.window.show()
    viewer.window.resize(1280, 720)
    viewer.theme = theme
    viewer.dims.set_point(0, 5)
    for name in ("run", "hits"):
        if name == "hits":
            finished.panel.turn_to("result")
        finished.qtbot.wait(200)
        picture = viewer.window.screenshot(str(screenshots / f"diffraction_{theme}_{name}.png"), flash=False)
        assert picture.shape[:2] == (720, 1280)
        orange = np.array([0xE6, 0x9F, 0x00])
        assert (np.abs(picture[..., :3].astype(int) - orange).max(-1) < 12).sum() > 500
    page = finished.find("sciml_hits_page")
    assert page.width() <= finished.find("sciml_hits_page_scroll").viewport().width()
    assert finished.find("sciml_hit_table").visibleRegion().boundingRect().height() > 100
