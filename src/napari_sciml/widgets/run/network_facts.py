"""`NetworkFacts`: what computed the result, how long that took and how near it came to float32."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_sciml.app.run.cost_text import choice_line, network_rows
from napari_sciml.core.provenance import Provenance
from napari_sciml.widgets.parts.basics import say, sentence

TIP = "Time in the network alone, without reading and preparing. Energy is an estimate, never a measurement."


class NetworkFacts(QWidget):
    """Draws the part of a run record that is about the network, in rows of a word and its value."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_network")
        self.setToolTip(TIP)
        self._shown: list[tuple[str, str]] = []
        self._rows = QGridLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(8)
        self._rows.setVerticalSpacing(2)
        self._rows.setColumnStretch(1, 1)
        self._choice = sentence("sciml_runtime_choice")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addWidget(self._choice)
        self.setVisible(False)

    def show_record(self, record: Provenance | None) -> None:
        """Show what `record` says; a run without a network and an old record say nothing."""
        rows = [] if record is None else network_rows(record)
        if rows != self._shown:
            self._shown = rows
            self._fill(rows)
        say(self._choice, "" if record is None else choice_line(record))
        self.setVisible(bool(rows))

    def _fill(self, rows: list[tuple[str, str]]) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        top = Qt.AlignmentFlag.AlignTop
        for number, (word, value) in enumerate(rows):
            name = f"sciml_network_{word.split()[0].lower()}"
            label = QLabel(value)
            label.setObjectName(name)
            label.setAccessibleName(f"{word}: {value}")
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            self._rows.addWidget(QLabel(word), number, 0, top)
            self._rows.addWidget(label, number, 1, top)
