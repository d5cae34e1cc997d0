"""What the menus and the command palette call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sciml.app.panel import dock_panel
from napari_sciml.app.run.image_choice import is_input
from napari_sciml.app.session import session_for

if TYPE_CHECKING:
    import napari


def find_fibers(viewer: napari.Viewer) -> None:
    """Open the panel, ready to find fibres in the selected image."""
    _open_for(viewer, "microct")


def find_hits(viewer: napari.Viewer) -> None:
    """Open the panel, ready to find the frames with Bragg peaks in the selected stack."""
    _open_for(viewer, "diffraction")


def name_lattice(viewer: napari.Viewer) -> None:
    """Open the panel, ready to name the lattice that the selected GISAXS image shows."""
    _open_for(viewer, "gisaxs")


def pick_particles(viewer: napari.Viewer) -> None:
    """Open the panel, ready to pick particles in the selected micrographs."""
    _open_for(viewer, "cryoem")


def run_again(viewer: napari.Viewer) -> None:
    """Press Run, with the settings of the panel."""
    dock_panel(viewer)
    session_for(viewer).runs.run()


def stop(viewer: napari.Viewer) -> None:
    """Stop the run; what was found so far stays."""
    session_for(viewer).runs.stop()


def _open_for(viewer: napari.Viewer, technique: str) -> None:
    dock_panel(viewer)
    runs = session_for(viewer).runs
    active = viewer.layers.selection.active
    if active is not None and is_input(active):
        runs.choose_image(active)
    runs.choose_technique(technique)
