"""`PictureGrid`: small grey pictures with a line below each; several can be selected, one is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QAbstractListModel, QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QListView

from napari_sciml.layers.styles import VERMILION
from napari_sciml.widgets.parts.drawing import small

Role = Qt.ItemDataRole
CLIP_PERCENT = (1.0, 99.5)
"""Percentiles of an image that are shown as black and as white."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One entry of a grid.

    Attributes
    ----------
    key
        What it stands for, for example the number of a view.
    image
        ``(h, w)``, any range.
    text, tooltip
        Below it, and more of it.
    out
        Whether it was discarded: it is crossed out.
    """

    key: int
    image: npt.NDArray[np.float32]
    text: str = ""
    tooltip: str = ""
    out: bool = False


def pixmap_of(image: npt.NDArray[np.float32], edge_px: int) -> QPixmap:
    """Draw an image ``(h, w)`` in grey, as high as asked; one that is the same everywhere is mid-grey."""
    low, high = (float(value) for value in np.percentile(image, CLIP_PERCENT))
    span = high - low
    grey = np.full(image.shape, 128.0) if span <= 0 else np.clip((image - low) / span, 0, 1) * 255
    pixels = np.ascontiguousarray(grey.astype(np.uint8))
    height, width = pixels.shape
    drawn = QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(drawn).scaled(
        edge_px,
        edge_px,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def crossed(pixmap: QPixmap) -> QPixmap:
    """Return a pixmap faded and crossed out."""
    result = QPixmap(pixmap.size())
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.4)
    painter.drawPixmap(0, 0, pixmap)
    painter.setOpacity(1.0)
    painter.setPen(QPen(QColor(VERMILION), 2.0))
    painter.drawLine(2, 2, result.width() - 3, result.height() - 3)
    painter.drawLine(2, result.height() - 3, result.width() - 3, 2)
    painter.end()
    return result


class PictureModel(QAbstractListModel):
    """The pictures of a grid, drawn when they are scrolled to."""

    def __init__(self, edge_px: int) -> None:
        super().__init__()
        self._edge_px = edge_px
        self._pictures: tuple[Picture, ...] = ()
        self._drawn: dict[tuple[int, int, bool], QIcon] = {}

    def show_pictures(self, pictures: Sequence[Picture]) -> None:
        """Show other pictures."""
        self.beginResetModel()
        self._pictures = tuple(pictures)
        alive = {id(picture.image) for picture in pictures}
        self._drawn = {key: drawn for key, drawn in self._drawn.items() if key[1] in alive}
        self.endResetModel()

    @property
    def keys(self) -> list[int]:
        """What the pictures stand for, in their order."""
        return [picture.key for picture in self._pictures]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the pictures, as Qt asks."""
        return 0 if parent is not None and parent.isValid() else len(self._pictures)

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Return text, picture or tooltip, as Qt asks."""
        picture = self._pictures[index.row()]
        if role == Role.DisplayRole:
            return f"{picture.text} out" if picture.out else picture.text
        if role in (Role.ToolTipRole, Role.AccessibleDescriptionRole):
            return picture.tooltip
        if role == Role.DecorationRole:
            return self._draw(picture)
        return None

    def _draw(self, picture: Picture) -> QIcon:
        key = (picture.key, id(picture.image), picture.out)
        if key not in self._drawn:
            plain = pixmap_of(picture.image, self._edge_px)
            shown = crossed(plain) if picture.out else plain
            icon = QIcon(shown)
            # Qt would tint a selected picture, and hide what is in it.
            icon.addPixmap(shown, QIcon.Mode.Selected)
            self._drawn[key] = icon
        return self._drawn[key]


class PictureGrid(QListView):
    """Emits the key of the picture that a person goes to, by mouse or keys.

    Parameters
    ----------
    name
        The object's name.
    edge_px
        Edge of a picture on screen.
    several
        Whether more than one can be selected.
    rows
        How many rows are visible; one row scrolls sideways.
    text_px
        Room for the line below a picture.
    """

    went_to = Signal(int)

    def __init__(self, name: str, edge_px: int, *, several: bool, rows: int, text_px: int = 15) -> None:
        super().__init__()
        self.setObjectName(name)
        self._pictures = PictureModel(edge_px)
        self._following = False
        self.setModel(self._pictures)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(edge_px, edge_px))
        cell = QSize(edge_px + 9, edge_px + 6 + text_px)
        self.setGridSize(cell)
        self.setSpacing(0)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setWrapping(rows > 1)
        self.setHorizontalScrollBarPolicy(off if rows > 1 else needed)
        self.setVerticalScrollBarPolicy(needed if rows > 1 else off)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFixedHeight(rows * cell.height() + (8 if rows > 1 else 20))
        self.setFont(small(self.font()))
        self._selection = QItemSelectionModel(self._pictures, self)
        self._selection.currentChanged.connect(self._on_current)
        self.setSelectionModel(self._selection)

    def show_pictures(self, pictures: Sequence[Picture], selected: Sequence[int] = ()) -> None:
        """Show other pictures; those with `selected` keys are selected. Emits nothing."""
        self._following = True
        current = self.current_key
        self._pictures.show_pictures(pictures)
        flags = QItemSelectionModel.SelectionFlag
        for row, key in enumerate(self._pictures.keys):
            if key in selected:
                self._selection.select(self._pictures.index(row), flags.Select)
            if key == current:
                self._selection.setCurrentIndex(self._pictures.index(row), flags.NoUpdate)
        self._following = False

    def show_key(self, key: int | None) -> None:
        """Choose the picture of a key and scroll to it. Emits nothing."""
        if key is None or key == self.current_key or key not in self._pictures.keys:
            return
        index = self._pictures.index(self._pictures.keys.index(key))
        self._following = True
        self._selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)
        self._following = False

    @property
    def current_key(self) -> int | None:
        """The key of the picture that was gone to last, or None."""
        index = self.currentIndex()
        return self._pictures.keys[index.row()] if index.isValid() else None

    @property
    def selected(self) -> list[int]:
        """The keys of the selected pictures."""
        return [self._pictures.keys[index.row()] for index in self._selection.selectedIndexes()]

    @property
    def keys(self) -> list[int]:
        """The keys of all pictures, in their order."""
        return self._pictures.keys

    def _on_current(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid() and not self._following:
            self.went_to.emit(self._pictures.keys[current.row()])
