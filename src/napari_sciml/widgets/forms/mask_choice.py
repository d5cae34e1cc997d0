"""`MaskChoice`: which pixels a run ignores: the file's own, none, a painted layer or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.forms.mask_layer import LayerMask
from napari_sciml.core.mask_setting import NO_MASK
from napari_sciml.core.settings import RunSettings
from napari_sciml.widgets.parts.basics import button, combo, described, fill

FROM_FILE = "choose a file"
"""Stands in the list of masks for opening a dialog."""
NEW_MASK = "new_mask"
"""The action that a press of the button asks for."""


class MaskChoice(QWidget):
    """Shows the masks on offer and emits the one that a person takes; None is the file's own.

    Its button `new_layer` stands where the form puts it.
    """

    chosen = Signal(object)
    asked = Signal(str)

    def __init__(self, settings: type[RunSettings]) -> None:
        super().__init__()
        self._value: Any = None
        self._box = combo("sciml_mask", described(settings, "mask"))
        self._box.activated.connect(self._on_mask)
        self.new_layer = button(
            "sciml_new_mask",
            "New mask layer",
            "Add an empty layer of the size of a frame. Paint what to ignore; it counts from the "
            "next run on.",
        )
        self.new_layer.clicked.connect(self._on_new_layer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)

    def show_state(self, state: RunState) -> None:
        """Show the mask among the values of `state`, and what else there is."""
        self._value = state.values.get("mask")
        fill(self._box, masks(state, self._value), self._value)
        self.new_layer.setEnabled(state.image is not None)

    def _on_mask(self, index: int) -> None:
        choice = self._box.itemData(index)
        if choice == FROM_FILE:
            # The list goes back to what was chosen if no file is.
            choice = QFileDialog.getOpenFileName(self, "Mask: not zero where to ignore")[0] or self._value
        self.chosen.emit(choice)

    def _on_new_layer(self) -> None:
        self.asked.emit(NEW_MASK)


def masks(state: RunState, chosen: Any) -> list[tuple[str, Any]]:
    """List the masks on offer, with the one that is chosen among them."""
    listed: list[tuple[str, Any]] = [("the file's own, if any", None), ("none", NO_MASK)]
    listed += [(f"layer: {layer.name}", LayerMask(layer)) for layer in state.labels]
    known = [value for _, value in listed]
    if isinstance(chosen, LayerMask) and chosen not in known:
        listed.append((f"layer: {chosen.name} (removed)", chosen))
    elif isinstance(chosen, str) and chosen != NO_MASK:
        listed.append((f"file: {Path(chosen).name}", chosen))
    return [*listed, ("a file…", FROM_FILE)]
