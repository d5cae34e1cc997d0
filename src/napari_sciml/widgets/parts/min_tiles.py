"""How many Bragg tiles make a hit."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget
from superqt import QLabeledSlider

from napari_sciml.app.base.run_state import RunState
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.widgets.parts.basics import described

NAME = "min_tiles"
MOST = 50
"""A frame with so many positive tiles is beyond doubt; who wants more can type it."""


class MinTiles(QWidget):
    """Shows the least number of tiles and emits a new one."""

    decided = Signal(str, object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}_min_tiles_row")
        self._slider = QLabeledSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"{name}_min_tiles")
        self._slider.setToolTip(described(DiffractionSettings, NAME))
        self._slider.setRange(1, MOST)
        self._slider.valueChanged.connect(self._on_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Min. tiles"))
        row.addWidget(self._slider, 1)

    def show_state(self, state: RunState) -> None:
        """Show the number that counts."""
        blocker = QSignalBlocker(self._slider)
        value = int(state.live.get(NAME, 1))
        if not self._slider.isSliderDown() and self._slider.value() != value:
            self._slider.setMaximum(max(MOST, value))
            self._slider.setValue(value)
        del blocker

    def _on_moved(self, value: int) -> None:
        self.decided.emit(NAME, int(value))
