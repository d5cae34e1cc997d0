"""`DecisionBar`: the sliders that decide what counts, and what to expect of them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider
from superqt.utils import QSignalThrottler

from napari_sciml.app.base.run_state import RunState
from napari_sciml.core.settings import RunSettings
from napari_sciml.widgets.parts.basics import described, say, sentence

LIVE = "Live: the network does not run again."
NEXT_RUN = "Counts for the next run."
THRESHOLD_EVERY_MS = 40
"""Milliseconds between two decisions while the slider moves: 25 a second."""
LOWEST_THRESHOLD = 0.05
"""A run keeps no candidates below this, so a live slider could not show them."""


class DecisionBar(QWidget):
    """Shows the threshold and what else decides without a new run. Drawing never emits.

    Parameters
    ----------
    name
        Begins the object names of its controls: the bar is on more than one page.
    """

    threshold_moved = Signal(float)
    decided = Signal(str, object)

    def __init__(self, name: str = "sciml") -> None:
        super().__init__()
        self.setObjectName(f"{name}_decision")
        self._name = name
        self._shown: type[QWidget] | None = None
        self._decider: Any = None
        self._threshold = self._create_threshold()
        self._caution = sentence(f"{name}_caution")
        self._note = sentence(f"{name}_threshold_note")
        row = QHBoxLayout()
        row.addWidget(QLabel("Threshold"))
        row.addWidget(self._threshold, 1)
        self._place = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addLayout(self._place)
        layout.addWidget(self._caution)
        layout.addWidget(self._note)
        # A slider moves faster than thousands of points can follow.
        self._throttler = QSignalThrottler(parent=self)
        self._throttler.setTimeout(THRESHOLD_EVERY_MS)
        self._threshold.valueChanged.connect(self._throttler.throttle)
        self._throttler.triggered.connect(self._on_threshold)

    def show_state(self, state: RunState, decider: type[QWidget] | None = None) -> None:
        """Draw `state`, with a `decider` of `widgets.forms` below the threshold."""
        blocker = QSignalBlocker(self._threshold)
        if not self._threshold.isSliderDown() and abs(self._threshold.value() - state.threshold) > 0.004:
            self._threshold.setValue(state.threshold)
        del blocker
        self._show_decider(decider)
        if self._decider is not None:
            self._decider.show_state(state)
        say(self._caution, state.caution)
        say(self._note, LIVE if state.threshold_live else NEXT_RUN)

    def _show_decider(self, decider: type[QWidget] | None) -> None:
        if decider is self._shown:
            return
        self._shown = decider
        if self._decider is not None:
            self._place.removeWidget(self._decider)
            self._decider.deleteLater()
        self._decider = None if decider is None else decider(self._name)  # type: ignore[arg-type]
        if self._decider is not None:
            self._decider.decided.connect(self.decided)
            self._place.addWidget(self._decider)

    def _create_threshold(self) -> QLabeledDoubleSlider:
        slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(f"{self._name}_threshold")
        slider.setToolTip(described(RunSettings, "threshold"))
        slider.setRange(LOWEST_THRESHOLD, 1.0)
        slider.setSingleStep(0.01)  # type: ignore[arg-type]
        slider.setDecimals(2)
        return slider

    def _on_threshold(self) -> None:
        self.threshold_moved.emit(round(self._threshold.value(), 2))
