"""The window of the dense networks. Apart from them, since who plans a run needs it without torch."""

from __future__ import annotations

WINDOW_PX = 16
"""Edge of the window that decides one element of the map; the element sits at its centre, 7.5 px in."""
CENTRE_PX = (WINDOW_PX - 1) / 2
"""Middle of the window in pixels from its first one."""
NATIVE_STRIDE = 4
"""Pixels between neighbouring windows if the layers are read as they are printed."""
