"""`FrameLink`: which frame of a result the viewer's slider shows, and the way back."""

from __future__ import annotations

import weakref

from napari.components import ViewerModel
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.app.canvas.result import Result


class FrameLink:
    """Ties the first axis of a result to the viewer's slider. A result of one image has frame 0 only."""

    changed = Signal()
    """Emitted when the viewer may show another frame."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        viewer.dims.events.current_step.connect(self._on_step)

    def frame(self, result: Result) -> int | None:
        """Return the number of the frame that is shown; None beyond the first and the last."""
        viewer = self._viewer()
        count = result.frames
        if viewer is None or count is None:
            return None
        if result.ndim < 3:
            return 0
        axis = viewer.dims.ndim - result.ndim
        if axis < 0:
            return None
        origin, step = result.frame_axis
        number = round((viewer.dims.point[axis] - origin) / step)
        return number if 0 <= number < count else None

    def go_to(self, result: Result, number: int) -> None:
        """Show a frame."""
        viewer = self._viewer()
        if viewer is None or result.ndim < 3:
            return
        axis = viewer.dims.ndim - result.ndim
        if axis >= 0:
            origin, step = result.frame_axis
            viewer.dims.set_point(axis, origin + step * number)

    def _on_step(self, event: Event) -> None:
        self.changed.emit()
