"""Open the panel by name. The app knows the manifest, not the widgets."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel

PLUGIN = "napari-sciml"
"""The distribution's name, and the plugin's display name too: napari then gives the panel the same name
whether it is opened from the menu or from here, and never opens it twice."""

PANEL = "SciML"


def dock_panel(viewer: ViewerModel) -> Any:
    """Show the panel in `viewer`, opening it if it is not there, and give its widget."""
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, PANEL)
    dock.show()
    dock.raise_()
    return widget
