"""Small Qt pieces that the pages share."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from napari_sciml.core.settings import RunSettings

PANEL_MIN_WIDTH = 288
"""Room for the widest row beside a scroll bar; a panel on a small screen may not take more."""


def scrolled(page: QWidget) -> QScrollArea:
    """Put a page into a scroll area that scrolls only upright, so that it fits any window."""
    area = QScrollArea()
    area.setObjectName(f"{page.objectName()}_scroll")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(PANEL_MIN_WIDTH)
    area.setWidget(page)
    return area


def sentence(name: str) -> QLabel:
    """Make a label that wraps, can be selected with the mouse and disappears while it is empty."""
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    label.setVisible(False)
    return label


def error_bar(color: str) -> str:
    """Return a style that marks a label by a bar beside it.

    Not by coloured words: those would be hard to read on one of the themes.
    """
    return f"border-left: 4px solid {color}; padding-left: 6px;"


def say(label: QLabel, text: str) -> None:
    """Show `text` in a label made by `sentence`."""
    label.setText(text)
    label.setVisible(bool(text))


def blank_icon() -> QIcon:
    """Make an icon that shows nothing, for widgets that insist on one. An empty QIcon counts as none."""
    pixmap = QPixmap(1, 1)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)


def form() -> QFormLayout:
    """Make a form whose fields take the width there is."""
    layout = QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    return layout


def button(name: str, text: str, tooltip: str) -> QPushButton:
    """Make a button."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setToolTip(tooltip)
    return made


def combo(name: str, tooltip: str) -> QComboBox:
    """Make a combo box that shrinks below its longest entry."""
    box = QComboBox()
    box.setObjectName(name)
    box.setToolTip(tooltip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    return box


def fill(box: QComboBox, entries: list[tuple[str, Any]], chosen: Any) -> None:
    """Show `entries` (text, value) with `chosen` selected, without emitting a signal."""
    shown = [(box.itemText(i), box.itemData(i)) for i in range(box.count())]
    blocker = QSignalBlocker(box)
    if shown != entries:
        box.clear()
        for text, value in entries:
            box.addItem(text, value)
    box.setCurrentIndex(
        next((i for i, (_, value) in enumerate(entries) if value is chosen or value == chosen), -1)
    )
    del blocker


def described(kind: type[RunSettings], field: str) -> str:
    """Return the tooltip of a setting: its description in the settings model, the one source of it."""
    return kind.model_fields[field].description or ""
