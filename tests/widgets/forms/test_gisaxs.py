"""The form of a GISAXS run, without a viewer."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_sciml.app.base.run_state import ImageFacts, RunState
from napari_sciml.widgets.forms.gisaxs import GisaxsForm

KNOWN = {"qy_range": (-0.8, 0.8), "qz_range": (0.0, 0.8), "energy_kev": 10.0}


class Desk:
    """The form with whoever keeps its values: what it emits comes back as state."""

    def __init__(self, qtbot, known=None, values=None) -> None:
        self.qtbot = qtbot
        self.form = GisaxsForm()
        qtbot.addWidget(self.form)
        self.known = {} if known is None else known
        self.values = {} if values is None else values
        self.emitted = []
        self.form.values_changed.connect(self.take)
        self.show()

    def take(self, values):
        self.emitted.append(values)
        self.values = values
        self.show()

    def show(self):
        self.form.show_state(RunState(values=self.values, facts=ImageFacts(known=self.known)))

    def find(self, name):
        found = self.form.findChild(QWidget, f"sciml_{name}")
        assert found is not None, name
        return found

    def type(self, name, text):
        edit = self.find(name)
        edit.clear()
        self.qtbot.keyClicks(edit, text)
        self.qtbot.keyClick(edit, Qt.Key.Key_Return)

    def choose(self, name, index):
        box = self.find(name)
        box.setCurrentIndex(index)
        box.activated.emit(index)

    def shown(self, name):
        return self.find(name).isVisibleTo(self.form)


@pytest.fixture
def desk(qtbot):
    return Desk(qtbot)


@pytest.fixture
def informed(qtbot):
    return Desk(qtbot, KNOWN)


def test_an_empty_form_emits_nothing_and_begins_with_ranges(desk):
    assert desk.emitted == []
    assert desk.find("axes").currentText() == "q ranges"
    assert not desk.shown("poni")
    assert not desk.shown("distance_mm")
    assert desk.shown("half_plane")


def test_a_range_counts_when_both_ends_are_said(desk):
    desk.type("qy_range_low", "-1")
    assert desk.emitted == []
    desk.show()
    assert desk.find("qy_range_low").text() == "-1"
    desk.type("qy_range_high", "1,5")
    assert desk.values == {"qy_range": (-1.0, 1.5)}
    desk.type("qy_range_low", "")
    desk.type("qy_range_high", "")
    assert desk.values == {}


def test_what_the_image_states_is_grey_and_not_emitted(informed):
    low = informed.find("qy_range_low")
    assert (low.text(), low.placeholderText()) == ("", "-0.8")
    assert informed.find("energy_kev").placeholderText() == "10"
    informed.type("energy_kev", "10")
    assert informed.values == {}
    informed.type("energy_kev", "12.4")
    assert informed.values == {"energy_kev": 12.4}


def test_one_end_of_a_stated_range_can_be_moved(informed):
    informed.type("qy_range_high", "0.5")
    assert informed.values == {"qy_range": (-0.8, 0.5)}
    informed.type("qy_range_high", "0.8")
    assert informed.values == {}


def test_what_is_no_number_is_not_taken(desk):
    desk.type("energy_kev", "ten")
    assert desk.emitted == []
    assert desk.find("energy_kev").text() == ""


def test_each_way_shows_its_own_rows_and_leaves_the_others_behind(desk):
    desk.type("qy_range_low", "-1")
    desk.type("qy_range_high", "1")
    desk.choose("axes", 2)
    assert desk.values == {}
    assert desk.shown("distance_mm")
    assert desk.shown("beam_row")
    assert not desk.shown("half_plane")
    desk.type("distance_mm", "2000")
    desk.type("beam_column", "512.5")
    assert desk.values == {"distance_mm": 2000.0, "beam_column": 512.5}
    desk.choose("axes", 1)
    assert desk.values == {}
    assert desk.shown("poni")
    assert not desk.shown("distance_mm")


def test_a_poni_file_is_chosen_in_a_dialog(desk, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/data/run.poni", ""))
    desk.choose("axes", 1)
    desk.find("poni").click()
    desk.type("incidence_deg", "0.2")
    assert desk.values == {"poni": "/data/run.poni", "incidence_deg": 0.2}
    assert desk.find("poni").text() == "run.poni"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    desk.find("poni").click()
    assert desk.values["poni"] == "/data/run.poni"


def test_values_that_came_from_elsewhere_choose_the_way(qtbot):
    desk = Desk(qtbot, values={"beam_row": 12.0})
    assert desk.find("axes").currentText() == "typed geometry"
    assert desk.find("beam_row").text() == "12"


def test_switches_scale_and_mask_emit_only_what_is_not_usual(desk):
    desk.find("half_plane").click()
    desk.find("explore").click()
    desk.choose("intensity", 1)
    desk.choose("mask", 1)
    assert desk.values == {"half_plane": True, "explore": True, "intensity": "log", "mask": "none"}
    desk.find("half_plane").click()
    desk.find("explore").click()
    desk.choose("intensity", 0)
    desk.choose("mask", 0)
    assert desk.values == {}


def test_a_stated_half_plane_can_be_denied(qtbot):
    desk = Desk(qtbot, {"half_plane": True})
    assert desk.find("half_plane").isChecked()
    desk.find("half_plane").click()
    assert desk.values == {"half_plane": False}


def test_a_new_mask_layer_is_asked_for(desk):
    asked = []
    desk.form.asked.connect(asked.append)
    desk.find("new_mask").setEnabled(True)
    desk.find("new_mask").click()
    assert asked == ["new_mask"]


def test_the_form_fits_a_narrow_panel(informed):
    for way in range(3):
        informed.choose("axes", way)
        assert informed.form.minimumSizeHint().width() <= 288
