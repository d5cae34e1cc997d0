"""`HitsPage`: the frames of a run, which of them are hits, and how the hit rate goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.hits.rate import hit_table, rate_window, running_rate
from napari_sciml.core.findings import Findings
from napari_sciml.widgets.parts.basics import button, say, sentence
from napari_sciml.widgets.parts.curve import Curve
from napari_sciml.widgets.parts.decision import DecisionBar
from napari_sciml.widgets.parts.frame_table import Column, FrameTable
from napari_sciml.widgets.parts.min_tiles import MinTiles
from napari_sciml.widgets.parts.result_page import ResultPage

COLUMNS = (
    Column("frame", "Frame", tooltip="Number of the frame, from 0. Click a row to see it."),
    Column("hit", "Hit", lambda hit: "hit" if hit else "–", "Whether enough tiles hold Bragg spots."),
    Column("tiles", "Tiles", tooltip="Tiles with Bragg spots, at this threshold."),
    Column(
        "score",
        "Score",
        lambda score: "failed" if np.isnan(score) else f"{score:.3f}",
        "Score of the tile that decides: the last one that makes the frame a hit.",
    ),
    Column("suspects", "Susp.", tooltip="Tiles left out: their spots lie on rings. Outlined in blue."),
    Column("spots", "Spots", tooltip="Bragg spots in these tiles."),
)
CURVE_TIP = "Click to see a frame. Ticks at the foot are hits."


class HitsPage(ResultPage):
    """Sliders, curve and table, all of them about the same findings."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_hits_page")
        self._findings: Findings | None = None
        self._table = pd.DataFrame()
        self._result = sentence("sciml_hits_result")
        self._result.setStyleSheet("font-weight: bold")
        self._decision = DecisionBar("sciml_hits")
        self._curve_title = QLabel()
        self._curve_title.setObjectName("sciml_hit_rate_title")
        self._curve = Curve("sciml_hit_rate", CURVE_TIP)
        self._hits_only = QCheckBox("Hits only")
        self._hits_only.setObjectName("sciml_hits_only")
        self._hits_only.setToolTip("Show only the frames that are hits.")
        self._save = button(
            "sciml_hits_save",
            "Save results…",
            "Write hit list, peak list, tables and run record into a new folder.",
        )
        self._note = sentence("sciml_hits_note")
        self._rows = FrameTable("sciml_hit_table", COLUMNS)
        self._lay_out()
        self._decision.threshold_moved.connect(self.threshold_moved)
        self._decision.decided.connect(self.decided)
        self._curve.frame_chosen.connect(self.frame_chosen)
        self._rows.frame_chosen.connect(self.frame_chosen)
        self._hits_only.toggled.connect(self._on_hits_only)
        self._save.clicked.connect(self._on_save)

    def show_state(self, state: RunState) -> None:
        """Draw `state`; the table only if something was decided."""
        say(self._result, state.result)
        self._decision.show_state(state, MinTiles)
        self._save.setEnabled(state.can_save and not state.saving)
        self._save.setText("Saving…" if state.saving else "Save results…")
        say(self._note, state.note or state.error)
        if state.findings is not self._findings and state.findings is not None:
            self._findings = state.findings
            self._table = hit_table(state.findings)
            self._show_curve()
            self._show_rows()
        self._curve.show_frame(state.frame)
        self._rows.show_frame(state.frame)

    def show_theme(self, theme: str) -> None:
        """Draw the curve in the colours of napari's theme."""
        self._curve.show_ink(get_theme(theme).text.as_hex())

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        for widget in (self._result, self._decision, self._curve_title, self._curve):
            layout.addWidget(widget)
        foot = QHBoxLayout()
        foot.addWidget(self._hits_only)
        foot.addStretch(1)
        foot.addWidget(self._save)
        layout.addLayout(foot)
        layout.addWidget(self._note)
        layout.addWidget(self._rows, 1)

    def _show_curve(self) -> None:
        hits = self._table["hit"].to_numpy(bool)
        used = ~np.isnan(self._table["score"].to_numpy(float))
        window = rate_window(len(hits))
        self._curve.show_values(running_rate(hits, used, window), hits)
        over = f"over {window} frames" if window > 1 else "of each frame"
        self._curve_title.setText(f"Hit rate {over}")
        for widget in (self._curve_title, self._curve):
            # One frame has no course.
            widget.setVisible(len(hits) > 1)

    def _show_rows(self) -> None:
        kept = self._table["hit"].to_numpy(bool) if self._hits_only.isChecked() else None
        self._rows.show_table(self._table, kept)

    def _on_hits_only(self, only: Any) -> None:
        if self._findings is not None:
            self._show_rows()

    def _on_save(self) -> None:
        self.save_pressed.emit()
