from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QFileDialog, QTabWidget

from fixtures.fakes import bad_pixels, spots
from napari_sciml.app.session import session_for
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers import notify
from napari_sciml.techniques.microct.settings import MicroCTSettings

MICROMETRES = {"scale": (0.65,) * 3, "units": ("um",) * 3}


def test_there_is_the_page_run_and_no_other(window):
    pages = window.find("sciml_pages")
    assert isinstance(pages, QTabWidget)
    assert [pages.tabText(i) for i in range(pages.count())] == ["Run"]


def test_without_an_image_run_is_disabled_and_the_reason_stands_beside_it(window):
    assert not window.find("sciml_run").isEnabled()
    assert "Open an image first" in window.text("sciml_blocked")
    assert not window.find("sciml_copy_python").isEnabled()
    assert not window.find("sciml_save").isEnabled()


def test_an_opened_image_is_chosen_described_and_planned(window):
    window.open_image(**MICROMETRES)
    assert window.find("sciml_image").currentText() == "slab"
    assert "6 × 40 × 50 (z, y, x), uint8, pixel 0.65 µm" in window.text("sciml_image_facts")
    assert window.text("sciml_plan") == "6 tiles, about 12 s, 0.4 GB"
    assert window.text("sciml_how") == "Pixel values: left as they are."
    assert window.text("sciml_blocked") == ""
    assert window.find("sciml_run").isEnabled()


def test_run_marks_what_is_there_and_says_so(window):
    image = window.open_image()
    window.run()
    np.testing.assert_array_equal(window.points.data, np.argwhere(image.data >= 0.5 * 255))
    assert window.text("sciml_result") == f"{len(window.points.data)} fibre cross-sections in 6 slices, 1 s."
    assert window.text("sciml_next_step").startswith("Next: move the threshold")


def test_run_turns_into_stop_shows_progress_and_stops_within_a_tile(window, held):
    window.open_image()
    window.press("sciml_run")
    assert window.text("sciml_run") == "Stop"
    assert not window.find("sciml_image").isEnabled()
    held.release(2)
    window.wait_for(lambda: "2 of 6 slices" in window.text("sciml_progress_text"))
    assert "left" in window.text("sciml_progress_text")
    assert window.find("sciml_progress").value() == 2

    window.press("sciml_run")
    assert window.text("sciml_run") == "Stopping…"
    assert not window.find("sciml_run").isEnabled()
    held.release(1)
    window.wait_for(lambda: window.text("sciml_run") == "Run")

    assert window.technique.slices_done == 3
    assert window.points.name == "slab: fibres (partial)"
    assert window.points.metadata[METADATA_KEY]["partial"] is True
    assert "Stopped after 3 of 6 slices" in window.text("sciml_result")
    assert window.find("sciml_progress").isHidden()


def test_the_window_stays_alive_while_something_runs(window, held):
    window.open_image()
    window.press("sciml_run")
    ticks = []
    from qtpy.QtCore import QTimer

    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(None))
    timer.start(5)
    window.wait_for(lambda: len(ticks) > 20)
    timer.stop()
    assert window.text("sciml_run") == "Stop"
    held.release(10)
    window.wait_for(lambda: window.text("sciml_run") == "Run")


def test_the_threshold_slider_is_live(window):
    image = window.open_image()
    window.run()
    window.points.selected_data = {0}
    window.points.add([2.5, 1.0, 1.0])
    window.find("sciml_threshold").setValue(0.8)
    expected = int((image.data >= 0.8 * 255).sum()) + 1
    window.wait_for(lambda: len(window.points.data) == expected)
    assert len(window.technique.seen) == 1
    assert window.points.features["source"].iloc[-1] == "manual"
    assert window.text("sciml_result").startswith(f"{expected} fibre cross-sections")
    assert "Live" in window.text("sciml_threshold_note")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda w: w.viewer.add_image(np.zeros((20, 30, 3), np.uint8), rgb=True), "is a colour image"),
        (lambda w: w.open_image(spots(shape=(2, 3, 20, 20))), "Spots need a volume"),
        (lambda w: w.open_image(axis_labels=("c", "y", "x")), "has channels"),
    ],
    ids=["rgb", "technique refuses", "channels"],
)
def test_why_run_is_disabled_is_written_beside_it(window, make, reason):
    make(window)
    assert not window.find("sciml_run").isEnabled()
    assert reason in window.text("sciml_blocked")
    assert window.text("sciml_plan") == ""


def test_an_image_removed_while_running_loses_nothing(window, held):
    image = window.open_image(scale=(2.0, 0.5, 0.5), translate=(1.0, 2.0, 3.0))
    window.press("sciml_run")
    held.release(1)
    window.wait_for(lambda: "1 of 6" in window.text("sciml_progress_text"))
    window.viewer.layers.remove(image)
    held.release(10)
    window.wait_for(lambda: len(window.viewer.layers) == 1)
    np.testing.assert_allclose(window.points.scale, (2.0, 0.5, 0.5))
    np.testing.assert_allclose(window.points.translate, (1.0, 2.0, 3.0))
    assert "Open an image first" in window.text("sciml_blocked")


def test_what_a_person_can_mend_is_shown_as_one_sentence(window, monkeypatch):
    told = []
    monkeypatch.setattr(notify, "show_error", told.append)
    window.technique.fail = bad_pixels()
    window.open_image()
    window.run()
    assert window.text("sciml_error") == "The image holds NaN: replace it first."
    assert told == ["The image holds NaN: replace it first."]


def test_the_panel_follows_renamed_layers(window):
    image = window.open_image()
    image.name = "bundle"
    assert window.find("sciml_image").currentText() == "bundle"
    window.run()
    assert window.points.name == "bundle: fibres"


def test_choosing_another_image_runs_on_that(window):
    window.open_image(spots(seed=3), scale=(2.0, 2.0, 2.0))
    window.viewer.add_image(spots(seed=4), name="other")
    box = window.find("sciml_image")
    assert box.currentText() == "other"
    box.setCurrentIndex(0)
    box.activated.emit(0)
    window.run()
    assert window.points.name == "slab: fibres"
    np.testing.assert_allclose(window.points.scale, (2.0, 2.0, 2.0))


def test_the_diameter_is_given_in_micrometres_or_pixels(window):
    window.open_image(**MICROMETRES)
    number, unit = window.find("sciml_diameter_value"), window.find("sciml_diameter_unit")
    assert (number.value(), unit.currentText()) == (pytest.approx(13.5 * 0.65, abs=0.01), "µm")
    assert window.text("sciml_diameter_other") == "= 13.5 px"
    number.setValue(6.5)
    assert window.text("sciml_diameter_other") == "= 10.0 px"
    window.run()
    assert window.technique.seen[-1].fiber_diameter_um == 6.5

    unit.setCurrentText("px")
    unit.textActivated.emit("px")
    assert number.value() == 10.0
    assert window.text("sciml_diameter_other") == "= 6.50 µm"
    window.run()
    assert window.technique.seen[-1].fiber_diameter_px == 10.0
    assert window.technique.seen[-1].fiber_diameter_um is None


def test_without_a_pixel_size_there_are_no_micrometres(window):
    image = window.open_image()
    unit = window.find("sciml_diameter_unit")
    assert unit.currentText() == "px"
    assert not unit.model().item(0).isEnabled()
    assert "units" in unit.toolTip()
    image.units = ("um",) * 3
    assert unit.model().item(0).isEnabled()


def test_the_axis_goes_by_the_names_of_the_layer(window):
    window.open_image(axis_labels=("slice", "row", "column"))
    box = window.find("sciml_axis")
    assert [box.itemText(i) for i in range(3)] == ["slice (axis 0)", "row (axis 1)", "column (axis 2)"]
    box.setCurrentIndex(2)
    box.activated.emit(2)
    window.run()
    assert window.technique.seen[-1].axis == 2


def test_a_flat_image_has_no_axis_to_choose(window):
    window.open_image(spots(shape=(40, 50)))
    assert window.find("sciml_axis").isHidden()
    window.run()
    assert window.points.ndim == 2


def test_the_least_distance_is_found_under_advanced(window):
    window.open_image()
    distance = window.find("sciml_min_distance")
    assert distance.text() == "0.6 diameters"
    distance.setValue(4.5)
    window.run()
    assert window.technique.seen[-1].min_distance_px == 4.5


def test_the_contrast_of_fibres_can_be_chosen(window):
    window.open_image()
    box = window.find("sciml_contrast")
    assert box.currentText() == "as most in the image"
    box.setCurrentIndex(2)
    box.activated.emit(2)
    window.run()
    assert window.technique.seen[-1].fiber_contrast == "bright"


@pytest.mark.parametrize(
    ("control", "field"),
    [
        ("sciml_diameter_value", "fiber_diameter_px"),
        ("sciml_axis", "axis"),
        ("sciml_contrast", "fiber_contrast"),
        ("sciml_min_distance", "min_distance_px"),
        ("sciml_threshold", "threshold"),
    ],
)
def test_tooltips_come_from_the_settings(window, control, field):
    assert window.find(control).toolTip() == MicroCTSettings.model_fields[field].description


def test_copying_puts_the_run_on_the_clipboard(window):
    window.open_image()
    window.press("sciml_copy_python")
    assert "sciml.run('microct', image)" in QApplication.clipboard().text()
    assert "Copied" in window.text("sciml_note")
    window.press("sciml_copy_command")
    assert "napari-sciml run microct slab.tif" in QApplication.clipboard().text()


def test_results_are_saved_into_a_new_folder(window, tmp_path, monkeypatch):
    window.open_image()
    window.run()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    window.press("sciml_save")
    window.wait_for(lambda: "Saved" in window.text("sciml_note"))
    assert (tmp_path / "slab-microct" / "run.json").is_file()


def test_a_closed_dialog_saves_nothing(window, tmp_path, monkeypatch):
    window.open_image()
    window.run()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: "")
    window.press("sciml_save")
    assert window.text("sciml_note") == ""


def test_a_run_survives_the_closed_panel_and_the_new_panel_shows_it(window, held):
    window.open_image()
    window.press("sciml_run")
    held.release(2)
    window.wait_for(lambda: "2 of 6" in window.text("sciml_progress_text"))
    gone = weakref.ref(window.panel)
    window.viewer.window.remove_dock_widget(window.panel)
    window.panel.deleteLater()
    window.panel = None
    window.qtbot.wait(50)
    gc.collect()
    assert gone() is None

    held.release(10)
    runs = session_for(window.viewer).runs
    window.wait_for(lambda: bool(runs.state.result))
    window.panel = window.open_panel()
    assert window.text("sciml_result") == runs.state.result
    assert window.find("sciml_image").currentText() == "slab"


def test_two_panels_of_one_viewer_show_the_same(window):
    from napari_sciml.widgets.panel import SciMLPanel

    second = SciMLPanel(window.viewer)
    window.qtbot.addWidget(second)
    window.open_image()
    first, window.panel = window.panel, second
    window.find("sciml_min_distance").setValue(7.0)
    window.panel = first
    assert window.find("sciml_min_distance").value() == 7.0


def test_the_panel_fits_a_small_screen(window):
    window.open_image(**MICROMETRES)
    window.viewer.window.show()
    assert window.panel.minimumSizeHint().width() <= 300
    # Whatever does not fit is scrolled to upright; nothing is cut off at the right.
    window.viewer.window.resize(900, 400)
    window.qtbot.wait(200)
    page, area = window.find("sciml_run_page"), window.find("sciml_run_page_scroll")
    assert area.verticalScrollBar().isVisible()
    assert page.width() <= area.viewport().width()


def test_the_run_button_follows_the_theme(window):
    before = window.find("sciml_run").styleSheet()
    window.viewer.theme = "light"
    assert window.find("sciml_run").styleSheet() != before


def test_every_control_has_a_name(window):
    from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QProgressBar, QPushButton

    window.open_image()
    for kind in (QComboBox, QPushButton, QProgressBar, QAbstractSpinBox):
        for widget in window.panel.findChildren(kind):
            inside = widget.parent().objectName() in ("sciml_threshold", "sciml_advanced")
            assert widget.objectName() or inside, f"{kind.__name__} in {widget.parent()} has no name"


def test_advanced_opens_and_closes(window):
    from superqt import QCollapsible

    window.open_image()
    window.viewer.window.show()
    advanced = window.panel.findChild(QCollapsible, "sciml_advanced")
    assert advanced.text() == "▸ Advanced"
    advanced.expand(animate=False)
    assert advanced.text() == "▾ Advanced"
    window.wait_for(lambda: window.find("sciml_min_distance").visibleRegion().boundingRect().height() > 5)


def test_the_threshold_moves_also_while_the_points_are_hidden(window):
    image = window.open_image()
    window.run()
    layer = window.points
    layer.visible = False
    window.find("sciml_threshold").setValue(0.8)
    layer.visible = True
    assert len(layer.data) == (image.data >= 0.8 * 255).sum()
