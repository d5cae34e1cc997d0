from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QModelIndex, Qt

from napari_sciml.widgets.parts.curve import Curve, percent
from napari_sciml.widgets.parts.frame_plot import ticks
from napari_sciml.widgets.parts.frame_table import Column, FrameTable

COLUMNS = (Column("frame", "Frame"), Column("score", "Score", lambda score: f"{score:.2f}"))


def rows(count=5):
    scores = np.random.default_rng(0).random(count)
    return pd.DataFrame({"frame": np.arange(count), "score": scores})


@pytest.fixture
def table(qtbot):
    view = FrameTable("table", COLUMNS)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    view.show_table(rows())
    return view


def shown(view, column=0):
    model = view.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def chosen(view):
    return [index.data() for index in view.selectionModel().selectedRows()]


def test_rows_are_in_the_order_of_frames_at_first(table):
    assert shown(table) == ["0", "1", "2", "3", "4"]
    assert shown(table, 1)[0] == f"{rows()['score'][0]:.2f}"


def test_a_click_on_a_header_sorts_and_the_order_outlives_new_rows(table):
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    best_first = rows()["score"].sort_values(ascending=False).index
    assert shown(table) == [str(frame) for frame in best_first]
    table.show_table(rows(7))
    assert shown(table) == [str(f) for f in rows(7)["score"].sort_values(ascending=False).index]


def test_failed_frames_come_last_in_either_direction(table):
    failed = rows()
    failed.loc[2, "score"] = np.nan
    table.show_table(failed)
    for direction in Qt.SortOrder:
        table.sortByColumn(1, direction)
        assert shown(table)[-1] == "2"


def test_equal_rows_stay_in_the_order_of_frames(table):
    table.show_table(rows().assign(score=0.5))
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert shown(table) == ["0", "1", "2", "3", "4"]


def test_going_to_a_row_names_its_frame_and_following_emits_nothing(table, qtbot):
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(table.frame_chosen) as emitted:
        table.selectRow(0)
    assert emitted.args == [4]
    with qtbot.assertNotEmitted(table.frame_chosen):
        table.show_frame(1)
        table.show_table(rows(), np.array([False, True, True, False, False]))
        table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert chosen(table) == ["1"]
    assert sorted(shown(table)) == ["1", "2"]


def test_a_frame_that_is_filtered_out_has_no_row(table):
    table.show_frame(1)
    table.show_table(rows(), np.array([True, False, False, False, False]))
    assert chosen(table) == []
    table.show_table(rows())
    assert chosen(table) == ["1"]


def test_the_arrow_keys_go_from_frame_to_frame(table, qtbot):
    table.show_frame(1)
    with qtbot.waitSignal(table.frame_chosen) as emitted:
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert emitted.args == [2]


def test_thousands_of_rows_are_instant(table):
    many = rows(20_000)
    start = time.process_time()
    table.show_table(many)
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    for frame in range(0, 20_000, 1000):
        table.show_frame(frame)
    # Seconds of the processor for a sorting and twenty moves of the slider.
    assert time.process_time() - start < 1.0
    assert table.model().rowCount(QModelIndex()) == 20_000
    assert chosen(table) == ["19000"]


@pytest.fixture
def curve(qtbot):
    view = Curve("curve", "")
    qtbot.addWidget(view)
    view.resize(300, 116)
    view.show_values(np.linspace(0, 0.2, 101), np.arange(101) % 10 == 0)
    return view


def test_positions_and_frames_of_the_curve_are_each_others_inverse(curve):
    assert [curve.frame_at(curve.x_of(frame)) for frame in (0, 37, 100)] == [0, 37, 100]
    assert curve.frame_at(-50) == 0
    assert curve.frame_at(5000) == 100


def test_a_click_on_the_curve_goes_to_a_frame(curve, qtbot):
    from qtpy.QtCore import QPoint

    with qtbot.waitSignal(curve.frame_chosen) as emitted:
        qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(round(curve.x_of(50)), 40))
    assert abs(emitted.args[0] - 50) <= 1


def test_the_curve_and_its_marker_are_drawn(curve):
    def pixels():
        image = curve.grab().toImage()
        return [[image.pixelColor(x, y).name() for x in range(300)] for y in range(116)]

    without = pixels()
    curve.show_frame(50)
    column = round(curve.x_of(50))
    changed = {
        x
        for before, after in zip(without, pixels(), strict=True)
        for x in range(300)
        if before[x] != after[x]
    }
    assert changed
    assert changed <= {column - 1, column, column + 1}
    flat = [color for row in without for color in row]
    assert sum(color == "#56b4e9" for color in flat) > 50


def test_gaps_and_empty_runs_can_be_drawn(curve):
    curve.show_values(np.array([0.1, np.nan, 0.3, np.nan, np.nan]), np.zeros(5, bool))
    curve.grab()
    curve.show_values(np.full(3, np.nan), np.zeros(3, bool))
    curve.grab()
    curve.show_values(np.empty(0), np.zeros(0, bool))
    curve.grab()
    assert curve.frame_at(100) == 0


def test_the_axis_ends_at_a_round_share(curve):
    assert curve.top == 0.2
    curve.show_values(np.array([0.21, 0.0]), np.zeros(2, bool))
    assert curve.top == 0.5
    curve.show_values(np.zeros(4), np.zeros(4, bool))
    assert curve.top == 0.02
    assert percent(0.125) == "12.5 %"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [0]), (200, [0, 50, 100, 150]), (6, [0, 1, 2, 3, 4, 5])]
)
def test_ticks_are_round_frame_numbers(count, expected):
    assert list(ticks(count)) == expected
