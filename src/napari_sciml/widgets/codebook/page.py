"""`CodebookPage`: the values that the weights of a layer may take, to look at and to move."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
)

from napari_sciml.app.codebook.state import CodebookState
from napari_sciml.app.session import Session
from napari_sciml.widgets.codebook.plot import CodebookPlot
from napari_sciml.widgets.parts.basics import button, combo, fill, form, say, sentence
from napari_sciml.widgets.parts.number_edit import NumberEdit
from napari_sciml.widgets.parts.page import Offer, Page, PageWidget

NEAREST = (
    "Every weight is quantised to the nearest of these values. Move one and see what becomes of the slice in "
    "view."
)
TRAINED = (
    "Every weight has one of these values, as it was trained. Move one: its weights go with it, and you see "
    "what becomes of the slice in view."
)
RESETS = {
    True: ("Start again", "Give this layer the trained values again that it started with."),
    False: ("K-means", "Give this layer the best values again."),
}
"""Word and tooltip of the button, for trained values and for others."""
LOADING = "Reading the weights…"
BUSY = "Running the slice in view…"


class CodebookPage(PageWidget):
    """Draws a `CodebookState` and emits requests. Drawing never emits."""

    load_wanted = Signal()
    watched = Signal(bool)
    layer_chosen = Signal(str)
    row_chosen = Signal(int)
    moved = Signal(int, float)
    settled = Signal()
    reset_pressed = Signal()
    undo_pressed = Signal()
    save_pressed = Signal()
    follow_toggled = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_codebook_page")
        self._state = CodebookState()
        self._intro = sentence("sciml_codebook_intro")
        self._layer = combo("sciml_codebook_layer", "The layer of the network whose values are shown.")
        self._layer.activated.connect(lambda index: self.layer_chosen.emit(self._layer.itemData(index)))
        self._row_label = QLabel("Channel")
        self._row = QSpinBox()
        self._row.setObjectName("sciml_codebook_row")
        self._row.setToolTip("Each channel of this layer has values of its own.")
        self._row.setKeyboardTracking(False)
        self._row.valueChanged.connect(lambda number: self.row_chosen.emit(number - 1))
        self._plot = CodebookPlot("sciml_codebook_plot")
        self._plot.moved.connect(self.moved)
        self._plot.settled.connect(self.settled)
        self._plot.chosen.connect(self._on_chosen)
        self._value_label = QLabel("Value")
        self._value = NumberEdit("sciml_codebook_value", "The chosen value; type a number.")
        self._value.edited.connect(self._on_typed)
        self._facts = sentence("sciml_codebook_facts")
        self._reset = button("sciml_codebook_reset", *RESETS[False])
        self._reset.clicked.connect(lambda: self.reset_pressed.emit())
        self._undo = button("sciml_codebook_undo", "Undo", "Take the last change back.")
        self._undo.clicked.connect(lambda: self.undo_pressed.emit())
        self._save = button(
            "sciml_codebook_save",
            "Save codebook…",
            "Write all values to a file and use them in the next runs.",
        )
        self._save.clicked.connect(lambda: self.save_pressed.emit())
        self._follow = QCheckBox("Overlay follows, on the slice in view")
        self._follow.setObjectName("sciml_codebook_follow")
        self._follow.setToolTip("Run the slice or frame in view after every change, in place of the result.")
        self._follow.toggled.connect(self.follow_toggled)
        self._seen = sentence("sciml_codebook_seen")
        self._error = sentence("sciml_codebook_error")
        self._note = sentence("sciml_codebook_note")
        self._lay_out()

    def attend(self, session: Session) -> None:
        """Tie the page to the controller of the codebook."""
        editor = session.codebook
        self.load_wanted.connect(editor.open)
        self.watched.connect(editor.watch)
        self.layer_chosen.connect(editor.choose_layer)
        self.row_chosen.connect(editor.choose_row)
        self.moved.connect(editor.move)
        self.settled.connect(editor.settle)
        self.reset_pressed.connect(editor.reset)
        self.undo_pressed.connect(editor.undo)
        self.follow_toggled.connect(editor.follow)
        self.save_pressed.connect(lambda: self._save_as(session))
        self.follow(editor, self.show_state)

    def show_state(self, state: CodebookState) -> None:
        """Draw `state`."""
        self._state = state
        fill(self._layer, list(state.layers), state.layer)
        blocker = QSignalBlocker(self._row)
        self._row.setRange(1, max(state.rows, 1))
        self._row.setValue(state.row + 1)
        self._row.setSuffix(f" of {state.rows}")
        del blocker
        for widget in (self._row_label, self._row):
            widget.setVisible(state.rows > 0)
        say(self._intro, f"{TRAINED if state.trained else NEAREST} {state.drawn}".rstrip())
        text, tooltip = RESETS[state.trained]
        self._reset.setText(text)
        self._reset.setToolTip(tooltip)
        self._plot.show_levels(state.counts, state.edges, state.table, state.trained)
        self._show_value()
        for part in (self._layer, self._plot, self._value, self._save):
            part.setEnabled(state.loaded)
        self._reset.setEnabled(state.loaded and state.edited)
        self._undo.setEnabled(state.loaded and state.can_undo)
        blocker = QSignalBlocker(self._follow)
        self._follow.setChecked(state.follows)
        del blocker
        say(self._facts, LOADING if state.loading else state.facts)
        say(self._seen, BUSY if state.busy else state.seen)
        say(self._error, state.error)
        say(self._note, state.note)
        self._want()

    def show_theme(self, theme: str) -> None:
        """Follow napari's theme where its style sheet does not reach."""
        colors = get_theme(theme)
        self._plot.show_ink(colors.text.as_hex())
        self._error.setStyleSheet(f"border-left: 4px solid {colors.error.as_hex()}; padding-left: 6px;")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Weights are read when somebody looks, not before."""
        super().showEvent(event)
        self._want()
        self.watched.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Give the result back when nobody looks any more."""
        super().hideEvent(event)
        self.watched.emit(False)

    def _save_as(self, session: Session) -> None:
        name = f"{session.runs.state.model}-edited.safetensors"
        path, _ = QFileDialog.getSaveFileName(self, "Save the codebook", name, "Codebook (*.safetensors)")
        if path:
            session.codebook.save(path)

    def _want(self) -> None:
        state = self._state
        if self.isVisible() and state.offered and not (state.loaded or state.loading or state.error):
            self.load_wanted.emit()

    def _show_value(self) -> None:
        table, index = self._state.table, self._plot.index
        self._value_label.setText(f"Value {index + 1} of {len(table)}" if table else "Value")
        self._value.show_number(float(f"{table[index]:.6g}") if table else None, "")

    def _on_chosen(self, index: int) -> None:
        self._show_value()

    def _on_typed(self, value: float | None) -> None:
        if value is None:
            self._show_value()
            return
        self.moved.emit(self._plot.index, value)
        self.settled.emit()

    def _lay_out(self) -> None:
        rows = form()
        rows.addRow("Layer", self._layer)
        rows.addRow(self._row_label, self._row)
        value = form()
        value.addRow(self._value_label, self._value)
        buttons = QHBoxLayout()
        buttons.addWidget(self._reset)
        buttons.addWidget(self._undo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(6)
        layout.addWidget(self._intro)
        layout.addLayout(rows)
        layout.addWidget(self._plot)
        layout.addLayout(value)
        layout.addWidget(self._facts)
        layout.addLayout(buttons)
        for widget in (self._follow, self._seen, self._error, self._save, self._note):
            layout.addWidget(widget)
        layout.addStretch(1)


OFFER = Offer("Codebook", CodebookPage)
PAGE = Page(
    "codebook",
    lambda session: session.codebook,
    lambda session: OFFER if session.codebook.state.offered else None,
)
