"""`Caption`: a few words on the canvas about its frame, without taking a person's own words away."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from napari.components import ViewerModel

FONT_SIZE = 16
"""Points: readable from a step back, and two lines of it hide little of an image."""
POSITION = "top_left"


@dataclass(frozen=True)
class Look:
    """What there is to a viewer's text overlay, so that it can be put back."""

    text: str
    visible: bool
    font_size: float
    position: str
    box: bool

    @classmethod
    def of(cls, overlay: Any) -> Look:
        """Remember how the overlay is now."""
        position = str(getattr(overlay.position, "value", overlay.position))
        return cls(overlay.text, overlay.visible, overlay.font_size, position, overlay.box)

    def put(self, overlay: Any) -> None:
        """Make the overlay so."""
        # Hidden while it changes, so that nobody sees it half done.
        overlay.visible = False
        for name in ("text", "font_size", "position", "box", "visible"):
            setattr(overlay, name, getattr(self, name))


class Caption:
    """Borrows the text overlay of a viewer. napari has one for each viewer, and none for a layer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._theirs: Look | None = None
        self._ours = ""

    def show(self, text: str) -> None:
        """Show `text`; nothing gives the overlay back as it was.

        What a person writes into the overlay meanwhile is theirs and comes back too.
        """
        viewer = self._viewer()
        if viewer is None or (text == self._ours and (not text or self._is_ours(viewer))):
            return
        overlay = viewer.canvas.overlays.text
        held = self._theirs is not None and self._is_ours(viewer)
        theirs = self._theirs if held else Look.of(overlay)
        assert theirs is not None
        self._ours = text
        if text:
            self._theirs = theirs
            # Who switched our words off does not want the next ones either.
            Look(text, overlay.visible if held else True, FONT_SIZE, POSITION, True).put(overlay)
        else:
            self._theirs = None
            theirs.put(overlay)

    def _is_ours(self, viewer: ViewerModel) -> bool:
        return bool(viewer.canvas.overlays.text.text == self._ours)
