"""What a scattering scientist sees and clicks in the tab Lattice, in a real window, with made-up answers."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QFileDialog, QTabWidget, QWidget

import napari_sciml.techniques
from fixtures.gisaxs_findings import FRAMES, KNOWN, LatticeTechnique, small_series
from napari_sciml.app.lattice.by_frame import UNKNOWN
from napari_sciml.app.session import session_for
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import KNOWN_KEY, TECHNIQUE_KEY
from napari_sciml.layers.spatial import source_place
from napari_sciml.widgets.lattice.strip import LatticeStrip


class Beamline:
    """A window with a small series; controls are found by their object names."""

    def __init__(self, viewer, qtbot, source) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        metadata = {TECHNIQUE_KEY: "gisaxs", KNOWN_KEY: KNOWN}
        viewer.add_image(source.data, name="series", metadata=metadata, **source_place(source))
        self.panel = self.open_panel()

    def open_panel(self):
        return self.viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]

    @property
    def runs(self):
        return session_for(self.viewer).runs

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
        self.qtbot.waitUntil(lambda: bool(self.runs.state.result), timeout=60000)
        self.qtbot.waitUntil(lambda: self.find("sciml_run").text() == "Run", timeout=60000)
        self.panel.turn_to("result")

    def cells(self, table="sciml_lattice_table"):
        model = self.find(table).model()
        columns = range(model.columnCount())
        return [[model.index(row, column).data() for column in columns] for row in range(model.rowCount())]


@pytest.fixture
def stage(make_napari_viewer, qtbot, monkeypatch):
    technique = LatticeTechnique()
    monkeypatch.setattr(napari_sciml.techniques, "get_technique", lambda name: technique)
    monkeypatch.setattr(napari_sciml.techniques, "technique_names", lambda: [technique.name])
    return lambda source=None: Beamline(make_napari_viewer(), qtbot, source or small_series())


@pytest.fixture
def finished(stage):
    beamline = stage()
    beamline.run()
    return beamline


def test_the_page_lists_every_frame_with_its_answer(finished):
    assert finished.pages[:2] == ["Run", "Lattice"]
    assert (
        finished.find("sciml_lattice_result")
        .text()
        .startswith("HCP in 2, FCC111 in 1, 2 unknown, 1 left out of 6 frames")
    )
    rows = finished.cells()
    assert rows[0] == ["0", "HCP", "97 %", "24.0", "3/4"]
    assert rows[-1] == [str(FRAMES - 1), "failed", "–", "–", "–"]


def test_bars_and_title_follow_the_slider_of_the_viewer(finished):
    finished.viewer.dims.set_point(0, 2)
    bars = finished.find("sciml_lattice_bars").shown
    assert dict(zip(bars.names, bars.values, strict=True))["FCC111"] == pytest.approx(0.62)
    assert finished.find("sciml_lattice_frame").text() == "Frame 2"
    assert "FCC111 62 %" in finished.find("sciml_lattice_bars").accessibleDescription()


def test_a_click_on_the_strip_or_on_a_row_shows_that_frame(finished):
    finished.viewer.window.show()
    strip = finished.find("sciml_lattice_strip")
    finished.qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(4)), 20))
    assert finished.viewer.dims.point[0] == 4
    table = finished.find("sciml_lattice_table")
    place = table.visualRect(table.model().index(1, 0)).center()
    finished.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert finished.viewer.dims.point[0] == 1


def test_the_threshold_acts_at_once_on_everything(finished):
    finished.find("sciml_lattice_threshold").setValue(0.7)
    finished.qtbot.waitUntil(lambda: finished.cells()[2][1] == "unknown")
    assert finished.find("sciml_threshold").value() == pytest.approx(0.7)
    assert set(finished.viewer.layers["series: predicted spots"].data[:, 0]) == {0, 1}


def test_spots_are_ordered_by_their_share_and_unknown_ones_come_last(finished):
    table = finished.find("sciml_lattice_table")
    table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    assert finished.cells()[-1][0] == str(FRAMES - 1)


def test_the_bar_of_the_answer_stands_out_and_only_that(finished):
    finished.viewer.window.show()
    bars = finished.find("sciml_lattice_bars")
    blue = np.array(QColor("#56B4E9").getRgb()[:3])

    def blue_pixels():
        image = bars.grab().toImage().convertToFormat(bars.grab().toImage().Format.Format_RGB888)
        pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
        rows = pixels.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
        return (np.abs(rows.reshape(image.height(), -1, 3).astype(int) - blue).max(-1) < 20).sum()

    finished.viewer.dims.set_point(0, 0)
    assert blue_pixels() > 300
    finished.viewer.dims.set_point(0, 3)
    assert blue_pixels() == 0


def test_exploring_adds_a_table_of_what_was_found_in_the_frame(stage):
    beamline = stage()
    beamline.find("sciml_explore").click()
    beamline.run()
    beamline.viewer.dims.set_point(0, 0)
    assert [row[0] for row in beamline.cells("sciml_feature_table")] == ["peak", "ring"]
    beamline.viewer.dims.set_point(0, 1)
    assert beamline.cells("sciml_feature_table") == [["line", "0.370", "0.300", "0.500", "0.020"]]


def test_without_exploring_there_is_no_such_table(finished):
    assert finished.find("sciml_feature_table").isHidden()


def test_one_image_has_no_strip(stage):
    beamline = stage(ImageSource.from_array(np.ones((64, 64), np.int32), name="flat"))
    beamline.run()
    assert beamline.find("sciml_lattice_strip").isHidden()
    assert beamline.find("sciml_lattice_frame").text() == "Frame 0"
    assert beamline.find("sciml_lattice_bars").shown.named


def test_a_panel_opened_again_shows_the_same(finished):
    finished.viewer.dims.set_point(0, 2)
    dock = finished.viewer.window.dock_widgets
    finished.viewer.window.remove_dock_widget(dock[next(name for name in dock if "SciML" in name)])
    assert finished.viewer.canvas.overlays.text.text == "FCC111 62 %"
    finished.panel = finished.open_panel()
    assert finished.pages[:2] == ["Run", "Lattice"]
    assert finished.find("sciml_lattice_frame").text() == "Frame 2"


def test_results_are_saved_by_a_click(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    finished.find("sciml_lattice_save").click()
    finished.qtbot.waitUntil(lambda: "Saved" in finished.find("sciml_lattice_note").text(), timeout=20000)
    assert (tmp_path / "series-gisaxs" / "findings.csv").is_file()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_fits_the_window_and_follows_the_theme(finished, screenshots, theme):
    window = finished.viewer.window
    window.show()
    window.resize(1280, 720)
    finished.viewer.theme = theme
    finished.qtbot.wait(200)
    picture = window.screenshot(str(screenshots / f"lattice_page_{theme}.png"), flash=False)
    assert picture.shape[:2] == (720, 1280)
    page = finished.find("sciml_lattice_page")
    assert page.width() <= finished.find("sciml_lattice_page_scroll").viewport().width()


def test_the_strip_of_thousands_of_frames_is_redrawn_at_once(qtbot):
    strip = LatticeStrip("strip")
    qtbot.addWidget(strip)
    frames = np.arange(20_000)
    strip.show_rows(("FCC111", "BCC", UNKNOWN), frames % 3, frames, len(frames))
    strip.resize(300, strip.height())
    start = time.process_time()
    for frame in range(0, 20_000, 2000):
        strip.show_frame(frame)
        strip.grab()
    # Seconds of the processor for ten moves of the slider.
    assert time.process_time() - start < 0.5
