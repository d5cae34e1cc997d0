"""`MapChooser`: whose projections name the views, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.views.state import ViewsState
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.widgets.parts.basics import button, combo, described, fill, form, say, sentence
from napari_sciml.widgets.parts.number_edit import NumberEdit

BUILT_IN, OWN_MAP, OWN_MODEL = "built-in", "map", "model"
METHODS = [("trained network", "network"), ("correlation, untrained", "correlation")]
NO_CTF = "not corrected…"
STATED_CTF = "as the images state"
MAP_FILES = "Density maps (*.mrc *.map *.ccp4 *.mrc.gz *.map.gz);;All (*)"
STAR_FILES = "STAR (*.star);;All (*)"


class MapChooser(QWidget):
    """Draws what a `ViewsState` says of map and method, and emits requests. Drawing never emits."""

    map_chosen = Signal(str, str)
    voxel_edited = Signal(object)
    method_chosen = Signal(str)
    ctf_chosen = Signal(str)
    train_pressed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_map_chooser")
        self._map = combo("sciml_view_map", "The density map whose projections name the views.")
        self._map.activated.connect(self._on_map)
        self._voxel = NumberEdit("sciml_voxel", "Edge of a voxel of the map in Angstrom.")
        self._voxel.edited.connect(self.voxel_edited)
        self._voxel_row = QWidget()
        self._method = combo("sciml_view_method", described(CryoEMSettings, "views"))
        self._method.activated.connect(self._on_method)
        self._ctf = button("sciml_ctf", NO_CTF, described(CryoEMSettings, "ctf"))
        self._ctf.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._ctf.clicked.connect(self._on_ctf)
        self._no_ctf = button("sciml_no_ctf", "✕", "Correct no CTF.")
        self._no_ctf.setFixedWidth(28)
        self._no_ctf.clicked.connect(self._on_no_ctf)
        self._whose = sentence("sciml_whose")
        self._train = button(
            "sciml_train_map",
            "Train for this map…",
            "Simulate particles of this map and train a network on them: some minutes, in the background. It "
            "is written into a new folder and can be chosen again as a model of yours.",
        )
        self._train.clicked.connect(self._on_train)
        self._shown_kind = BUILT_IN
        self._lay_out()

    def show_state(self, state: ViewsState) -> None:
        """Draw `state`."""
        choice = state.map
        self._shown_kind = choice.kind
        own = Path(choice.path).name
        entries: list[tuple[str, str]] = [("built-in sample map", BUILT_IN)]
        entries.append((own if choice.kind == OWN_MAP else "a map of yours (MRC)…", OWN_MAP))
        entries.append((own if choice.kind == OWN_MODEL else "a model of yours (folder)…", OWN_MODEL))
        if choice.kind == OWN_MAP:
            entries.append(("another map (MRC)…", "another"))
        fill(self._map, entries, choice.kind)
        self._rows.setRowVisible(self._voxel_row, choice.kind == OWN_MAP)
        stated = "the file does not say" if choice.stated_A is None else f"{choice.stated_A:g}, from the file"
        self._voxel.show_number(choice.pixel_size_A, stated)
        fill(self._method, METHODS, state.method)
        otherwise = STATED_CTF if state.ctfs_stated else NO_CTF
        self._ctf.setText(Path(state.ctf).name if state.ctf else otherwise)
        self._no_ctf.setVisible(bool(state.ctf))
        say(self._whose, state.whose)
        idle = state.phase is Phase.IDLE
        self._train.setVisible(state.can_train)
        for widget in (self._map, self._voxel, self._method, self._ctf, self._no_ctf, self._train):
            widget.setEnabled(idle)

    def _lay_out(self) -> None:
        voxel, ctf = QHBoxLayout(self._voxel_row), QHBoxLayout()
        voxel.setContentsMargins(0, 0, 0, 0)
        voxel.addWidget(self._voxel, 1)
        voxel.addWidget(QLabel("Å"))
        ctf.addWidget(self._ctf, 1)
        ctf.addWidget(self._no_ctf)
        self._rows = form()
        self._rows.setVerticalSpacing(4)
        self._rows.addRow("Map", self._map)
        self._rows.addRow("Voxel", self._voxel_row)
        self._rows.addRow("Views by", self._method)
        self._rows.addRow("CTF", ctf)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._rows)
        layout.addWidget(self._whose)
        layout.addWidget(self._train)

    def _on_map(self, index: int) -> None:
        kind = self._map.itemData(index)
        # The list shows what was clicked; a cancelled dialog has to put it back.
        self._map.setCurrentIndex(self._map.findData(self._shown_kind))
        if kind == BUILT_IN:
            self.map_chosen.emit(kind, "")
        elif kind == OWN_MODEL:
            folder = QFileDialog.getExistingDirectory(self, "Folder of a model trained for a map")
            self._emit_map(kind, folder)
        else:
            path = QFileDialog.getOpenFileName(self, "Density map", "", MAP_FILES)[0]
            self._emit_map(OWN_MAP, path)

    def _emit_map(self, kind: str, path: str) -> None:
        if path:
            self.map_chosen.emit(kind, path)

    def _on_method(self, index: int) -> None:
        self.method_chosen.emit(self._method.itemData(index))

    def _on_ctf(self) -> None:
        path = QFileDialog.getOpenFileName(self, "Defocus of the micrographs", "", STAR_FILES)[0]
        if path:
            self.ctf_chosen.emit(path)

    def _on_no_ctf(self) -> None:
        self.ctf_chosen.emit("")

    def _on_train(self) -> Any:
        folder = QFileDialog.getExistingDirectory(self, "Write the trained model in a new folder inside")
        if folder:
            self.train_pressed.emit(folder)
