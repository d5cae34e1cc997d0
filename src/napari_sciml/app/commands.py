"""What the menus and the command palette call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sciml.app.panel import dock_panel
from napari_sciml.app.session import session_for

if TYPE_CHECKING:
    import napari


def find_fibers(viewer: napari.Viewer) -> None:
    """Open the panel, ready to find fibres in the selected image."""
    from napari.layers import Image

    dock_panel(viewer)
    runs = session_for(viewer).runs
    active = viewer.layers.selection.active
    if isinstance(active, Image):
        runs.choose_image(active)
    runs.choose_technique("microct")


def run_again(viewer: napari.Viewer) -> None:
    """Press Run, with the settings of the panel."""
    dock_panel(viewer)
    session_for(viewer).runs.run()


def stop(viewer: napari.Viewer) -> None:
    """Stop the run; what was found so far stays."""
    session_for(viewer).runs.stop()
