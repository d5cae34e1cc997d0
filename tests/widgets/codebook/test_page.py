from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest

from napari_sciml.app.codebook.state import CodebookState
from napari_sciml.widgets.codebook.page import CodebookPage
from napari_sciml.widgets.codebook.plot import HEIGHT, CodebookPlot

TABLE = (-0.5, 0.0, 0.5)
COUNTS, EDGES = np.array([1, 4, 9, 4, 1]), np.linspace(-1, 1, 6)


@pytest.fixture
def plot(qtbot):
    made = CodebookPlot("plot")
    qtbot.addWidget(made)
    made.resize(280, HEIGHT)
    made.show_levels(COUNTS, EDGES, TABLE)
    made.show()
    return made


def listen(plot):
    told = []
    plot.moved.connect(lambda index, value: told.append((index, round(value, 3))))
    plot.settled.connect(lambda: told.append("settled"))
    return told


def at(plot, value) -> QPoint:
    return QPoint(round(plot.x_of(value)), HEIGHT // 2)


def test_a_line_is_dragged_and_let_go(plot):
    told = listen(plot)
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=at(plot, 0.5))
    assert plot.index == 2
    QTest.mouseMove(plot, at(plot, 0.8))
    plot.show_levels(COUNTS, EDGES, (-0.5, 0.0, 0.8))
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=at(plot, 0.8))
    assert told[-1] == "settled"
    assert told[0][0] == 2
    assert told[0][1] == pytest.approx(0.8, abs=0.01)


def test_a_click_beside_every_line_does_nothing(plot):
    told = listen(plot)
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at(plot, 0.25))
    assert told == []


def test_keys_choose_a_value_and_move_it(plot):
    told = listen(plot)
    assert plot.focusPolicy() & Qt.FocusPolicy.TabFocus
    QTest.keyClick(plot, Qt.Key.Key_Up)
    assert plot.index == 1
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert told == [(1, 0.01), "settled"]
    QTest.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert told[2:] == [(1, -0.1), "settled"]
    QTest.keyClick(plot, Qt.Key.Key_Down)
    QTest.keyClick(plot, Qt.Key.Key_Down)
    assert plot.index == 0


def test_a_screen_reader_is_told_which_value_it_is(plot):
    assert "Value 1 of 3 at -0.5" in plot.accessibleDescription()
    QTest.keyClick(plot, Qt.Key.Key_Up)
    assert "Value 2 of 3 at 0" in plot.accessibleDescription()


def test_positions_and_values_belong_together(plot):
    for value in (-1.0, -0.3, 0.0, 1.0):
        assert plot.value_at(plot.x_of(value)) == pytest.approx(value, abs=1e-6)
    assert plot.value_at(-100) == -1.0
    assert plot.value_at(10_000) == 1.0


def test_values_on_one_another_can_be_drawn_apart_again(plot):
    plot.show_levels(COUNTS, EDGES, (0.2, 0.2, 0.2))
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(round(plot.x_of(0.2)) + 3, 50))
    assert plot.index == 2
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(round(plot.x_of(0.2)) - 3, 50))
    assert plot.index == 0


def test_the_values_are_drawn_in_two_colours_and_nothing_without_weights(plot):
    picture = plot.grab().toImage()

    def has(color: str) -> bool:
        wanted = QColor(color)
        return any(
            abs(picture.pixelColor(x, 60).red() - wanted.red()) < 25
            and abs(picture.pixelColor(x, 60).blue() - wanted.blue()) < 25
            for x in range(picture.width())
        )

    assert has("#E69F00")
    assert has("#56B4E9")
    plot.show_levels(np.zeros(0, int), np.zeros(0), ())
    plot.grab()
    assert plot.index == 0


@pytest.fixture
def page(qtbot):
    made = CodebookPage()
    qtbot.addWidget(made)
    return made


def state(**changes) -> CodebookState:
    facts = {
        "offered": True,
        "loaded": True,
        "layers": (("conv1, 10 weights", "conv1.weight"),),
        "layer": "conv1.weight",
        "counts": COUNTS,
        "edges": EDGES,
        "table": TABLE,
        "facts": "Mean squared error 1.",
    }
    return CodebookState(**{**facts, **changes})


def test_weights_are_asked_for_when_somebody_looks_and_only_once(page):
    wanted, watched = [], []
    page.load_wanted.connect(lambda: wanted.append(True))
    page.watched.connect(watched.append)
    page.show_state(CodebookState(offered=True))
    assert not wanted
    page.show()
    assert (len(wanted), watched) == (1, [True])
    page.show_state(CodebookState(offered=True, loading=True))
    page.show_state(state())
    page.show_state(CodebookState(offered=True, error="No."))
    assert len(wanted) == 1
    page.hide()
    assert watched == [True, False]


def test_a_value_can_be_typed(page):
    told = []
    page.moved.connect(lambda index, value: told.append((index, value)))
    page.settled.connect(lambda: told.append("settled"))
    page.show_state(state())
    field = page.findChild(type(page._value), "sciml_codebook_value")
    assert field.text() == "-0.5"
    field.setText("-0.25")
    field.editingFinished.emit()
    assert told == [(0, -0.25), "settled"]


def test_buttons_are_there_when_they_do_something(page):
    page.show_state(state())
    assert not page._reset.isEnabled()
    assert not page._undo.isEnabled()
    page.show_state(state(edited=True, can_undo=True))
    assert page._reset.isEnabled()
    assert page._undo.isEnabled()
    page.show_state(CodebookState(offered=True, loading=True))
    assert not page._save.isEnabled()
    assert "Reading" in page._facts.text()


def test_trained_values_can_be_started_again_and_others_clustered(page):
    page.show_state(state(edited=True, drawn="Bars and lines."))
    assert page._reset.text() == "K-means"
    assert "quantised to the nearest" in page._intro.text()
    assert "Dotted lines" in page._plot.toolTip()
    page.show_state(state(edited=True, trained=True, drawn="Bars and lines."))
    assert page._reset.text() == "Start again"
    assert page._intro.text().endswith("slice in view. Bars and lines.")
    assert "nearest" not in page._intro.text()
    assert "Dotted lines" not in page._plot.toolTip()


def test_where_rounding_changes_is_drawn_only_for_what_is_rounded(plot):
    def dotted() -> bool:
        picture = plot.grab().toImage()
        x = round(plot.x_of(0.25))
        columns = [picture.pixelColor(x, y).rgb() for y in range(20, 30)]
        return len(set(columns)) > 1

    plot.show_levels(np.zeros(5, int), EDGES, TABLE)
    assert dotted()
    plot.show_levels(np.zeros(5, int), EDGES, TABLE, trained=True)
    assert not dotted()


def test_channels_are_counted_from_one(page):
    told = []
    page.row_chosen.connect(told.append)
    page.show_state(state(rows=64, row=5))
    assert page._row.text() == "6 of 64"
    page._row.setValue(8)
    assert told == [7]
    page.show_state(state())
    assert page._row.isHidden()


def test_the_tab_is_there_as_long_as_few_levels_compute(window):
    window.open_image()
    pages = window.find("sciml_pages")
    session = window.panel._session
    session.runs.change_backend_options({"backend": "codebook"})
    assert [pages.tabText(i) for i in range(pages.count())] == ["Run", "Codebook"]
    window.panel.turn_to("codebook")
    assert pages.currentIndex() == 1
    # The technique of this window has no network.
    session.runs.change_backend_options({"backend": "float32"})
    assert [pages.tabText(i) for i in range(pages.count())] == ["Run"]
