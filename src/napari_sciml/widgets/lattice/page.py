"""`LatticePage`: the lattice of every frame, how sure that is, and what else was found."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.text import percent
from napari_sciml.app.lattice.by_frame import bars, features_in, lattice_table, rows_of
from napari_sciml.core.findings import Findings
from napari_sciml.layers.styles import BLUE, ORANGE
from napari_sciml.widgets.lattice.bars import LatticeBars
from napari_sciml.widgets.lattice.strip import LatticeStrip
from napari_sciml.widgets.parts.basics import button, say, sentence
from napari_sciml.widgets.parts.decision import DecisionBar
from napari_sciml.widgets.parts.frame_table import Column, FrameTable
from napari_sciml.widgets.parts.result_page import ResultPage

LEGEND = f'<span style="color:{BLUE}">○</span> found &nbsp; <span style="color:{ORANGE}">✕</span> missing'
LEGEND_TIP = "Predicted spots that the image shows, and those that it does not. Squares are your own."


def number(digits: int) -> Any:
    """Return a function that writes a number with so many decimals, and a dash where nothing is known."""

    def text(value: float) -> str:
        return "–" if np.isnan(value) else f"{value:.{digits}f}"

    return text


COLUMNS = (
    Column("frame", "Frame", tooltip="Number of the frame, from 0. Click a row to see it."),
    Column("lattice", "Lattice", tooltip="Lattice and orientation, or unknown."),
    Column("probability", "Prob.", percent, "Probability of the most probable lattice."),
    Column("spacing_nm", "d (nm)", number(1), "Distance of nearest neighbours, fitted to the spots."),
    Column("spots", "Spots", tooltip="Predicted spots that are found, of all predicted.", key="agreement"),
)
FEATURE_COLUMNS = (
    Column("kind", "Kind", tooltip="Peak, ring, arc or line."),
    Column("q_y", "q_y", number(3), "Where it is, 1/nm."),
    Column("q_z", "q_z", number(3), "Where it is, 1/nm."),
    Column("q", "q", number(3), "Distance from the direct beam, 1/nm."),
    Column("width", "Width", number(3), "How wide it is, 1/nm."),
)


class LatticePage(ResultPage):
    """Slider, bars, strip and tables, all of them about the same findings."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_lattice_page")
        self._findings: Findings | None = None
        self._frame: int | None = None
        self._result = sentence("sciml_lattice_result")
        self._result.setStyleSheet("font-weight: bold")
        self._decision = DecisionBar("sciml_lattice")
        self._bars_title = QLabel()
        self._bars_title.setObjectName("sciml_lattice_frame")
        self._bars = LatticeBars("sciml_lattice_bars")
        self._strip_title = QLabel("Lattice of each frame")
        self._strip = LatticeStrip("sciml_lattice_strip")
        self._legend = QLabel(LEGEND)
        self._legend.setObjectName("sciml_lattice_legend")
        self._legend.setToolTip(LEGEND_TIP)
        self._save = button(
            "sciml_lattice_save",
            "Save results…",
            "Write lattices, probabilities, spots and run record into a new folder.",
        )
        self._note = sentence("sciml_lattice_note")
        self._rows = FrameTable("sciml_lattice_table", COLUMNS)
        self._features_title = QLabel()
        self._features = FrameTable("sciml_feature_table", FEATURE_COLUMNS)
        self._lay_out()
        self._decision.threshold_moved.connect(self.threshold_moved)
        self._decision.decided.connect(self.decided)
        self._strip.frame_chosen.connect(self.frame_chosen)
        self._rows.frame_chosen.connect(self.frame_chosen)
        self._save.clicked.connect(self._on_save)

    def show_state(self, state: RunState) -> None:
        """Draw `state`; tables and strip only if something was decided, bars if the frame is another."""
        say(self._result, state.result)
        self._decision.show_state(state)
        self._save.setEnabled(state.can_save and not state.saving)
        self._save.setText("Saving…" if state.saving else "Save results…")
        say(self._note, state.note or state.error)
        if state.findings is None:
            return
        decided = state.findings is not self._findings
        if decided:
            self._findings = state.findings
            self._rows.show_table(lattice_table(state.findings))
            self._show_strip(state.findings)
        self._strip.show_frame(state.frame)
        self._rows.show_frame(state.frame)
        if decided or state.frame != self._frame:
            self._frame = state.frame
            self._show_frame(state.findings, state.frame)

    def show_theme(self, theme: str) -> None:
        """Draw bars and strip in the colours of napari's theme."""
        ink = get_theme(theme).text.as_hex()
        self._bars.show_ink(ink)
        self._strip.show_ink(ink)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        above: list[QWidget] = [self._result, self._decision, self._bars_title, self._bars]
        for widget in (*above, self._strip_title, self._strip):
            layout.addWidget(widget)
        foot = QHBoxLayout()
        foot.addWidget(self._legend, 1)
        foot.addWidget(self._save)
        layout.addLayout(foot)
        layout.addWidget(self._note)
        layout.addWidget(self._rows, 1)
        layout.addWidget(self._features_title)
        layout.addWidget(self._features, 1)

    def _show_strip(self, findings: Findings) -> None:
        source = findings.provenance.source
        count = source.shape[0] if len(source.axes) > 2 else 1
        names, rows = rows_of(findings)
        self._strip.show_rows(names, rows, findings.table["frame"].to_numpy(np.int64), count)
        for widget in (self._strip_title, self._strip):
            # One frame has no course.
            widget.setVisible(count > 1)

    def _show_frame(self, findings: Findings, frame: int | None) -> None:
        self._bars.show_bars(bars(findings, frame))
        self._bars_title.setText("No frame of this result is shown" if frame is None else f"Frame {frame}")
        found = features_in(findings, frame)
        for widget in (self._features_title, self._features):
            widget.setVisible(found is not None)
        if found is not None:
            self._features_title.setText(f"{len(found)} features in this frame, in 1/nm")
            self._features.show_table(found)

    def _on_save(self) -> None:
        self.save_pressed.emit()
