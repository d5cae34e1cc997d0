"""`FrameTable`: one row for each frame, sorted by a click on a header; instant with thousands of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

FRAME = "frame"
ROW_PX = 20
"""Height of a row in screen pixels."""
Role = Qt.ItemDataRole


@dataclass(frozen=True)
class Column:
    """A column of the table: where its values come from and how they read.

    Attributes
    ----------
    name
        Column of the data frame.
    title
        Its header.
    text
        Writes one value.
    tooltip
        What it means.
    key
        Column of the data frame that a click on the header orders by, if it is not the values themselves.
    """

    name: str
    title: str
    text: Callable[[Any], str] = str
    tooltip: str = ""
    key: str = ""


class FrameTableModel(QAbstractTableModel):
    """The rows of a data frame that has a column ``frame``, in the order of any other column.

    Parameters
    ----------
    columns
        What is shown; the first column is the order at first.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        names = {FRAME, *(column.name for column in columns), *(column.key for column in columns)}
        self._table = pd.DataFrame({name: [] for name in names})
        self._values: list[npt.NDArray[Any]] = [np.empty(0)] * len(columns)
        self._kept: npt.NDArray[np.bool_] | None = None
        self._order = np.empty(0, np.intp)
        self._row_of: dict[int, int] = {}
        self._sorted = 0
        self._descending = False

    def show_table(self, table: pd.DataFrame, kept: npt.NDArray[np.bool_] | None = None) -> None:
        """Show the rows of `table` that are `kept` ``(n,)``, all by default; the order stays as it was."""
        self.beginResetModel()
        self._table = table
        self._values = [table[column.name].to_numpy() for column in self._columns]
        self._kept = kept
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the rows by a column; equal ones stay in the order of frames, and unknown ones come last."""
        self.layoutAboutToBeChanged.emit()
        self._sorted, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.layoutChanged.emit()

    def frame_at(self, row: int) -> int:
        """Return the frame in a row."""
        return int(self._table[FRAME].to_numpy()[self._order[row]])

    def row_of(self, frame: int) -> int | None:
        """Return the row of a frame, or None if it is not shown."""
        return self._row_of.get(frame)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the rows, as Qt asks."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns, as Qt asks."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Return the text of a cell, as Qt asks."""
        if role == Role.DisplayRole:
            value = self._values[index.column()][self._order[index.row()]]
            return self._columns[index.column()].text(value)
        if role == Role.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Return the headers, as Qt asks."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Role.DisplayRole:
            return self._columns[section].title
        return self._columns[section].tooltip if role == Role.ToolTipRole else None

    def _arrange(self) -> None:
        column = self._columns[self._sorted]
        keys = self._table[column.key].to_numpy() if column.key else np.asarray(self._values[self._sorted])
        if keys.dtype == object:
            keys = np.unique(keys.astype(str), return_inverse=True)[1]
        keys = keys.astype(float)
        order = np.argsort(-keys if self._descending else keys, kind="stable")
        if self._kept is not None:
            order = order[self._kept[order]]
        self._order = order
        frames = self._table[FRAME].to_numpy()[order]
        self._row_of = {int(frame): row for row, frame in enumerate(frames)}


class FrameTable(QTableView):
    """Emits the frame of the row that a person goes to, by mouse or keys."""

    frame_chosen = Signal(int)

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._rows = FrameTableModel(columns)
        self._frame: int | None = None
        self._following = False
        self.setModel(self._rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMinimumHeight(6 * ROW_PX)
        side, top = self.verticalHeader(), self.horizontalHeader()
        assert side is not None
        assert top is not None
        side.setVisible(False)
        # Equal heights need not be measured row by row.
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultSectionSize(ROW_PX)
        top.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        top.setHighlightSections(False)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        chosen = self.selectionModel()
        assert chosen is not None
        chosen.currentRowChanged.connect(self._on_row)

    def show_table(self, table: pd.DataFrame, kept: npt.NDArray[np.bool_] | None = None) -> None:
        """Show other rows; the row of the present frame stays chosen."""
        self._following = True
        self._rows.show_table(table, kept)
        self._following = False
        self.show_frame(self._frame)

    def show_frame(self, frame: int | None) -> None:
        """Choose the row of a frame and scroll to it. Emits nothing."""
        self._frame = frame
        row = None if frame is None else self._rows.row_of(frame)
        chosen = self.selectionModel()
        assert chosen is not None
        self._following = True
        if row is None:
            chosen.clear()
        elif self.currentIndex().row() != row or not chosen.isRowSelected(row, QModelIndex()):
            index = self._rows.index(row, 0)
            flags = QItemSelectionModel.SelectionFlag
            chosen.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)
        self._following = False

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid() and not self._following:
            self._frame = self._rows.frame_at(current.row())
            self.frame_chosen.emit(self._frame)
