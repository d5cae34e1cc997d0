"""The command that asks for the folder of a saved run and opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from napari_sciml.app.reopen import show_run

if TYPE_CHECKING:
    import napari


def open_saved_run(viewer: napari.Viewer) -> None:
    """Ask for a folder and open the saved run in it."""
    folder = QFileDialog.getExistingDirectory(None, "Open a saved run: the folder that holds its run.json")
    if folder:
        show_run(viewer, folder)
