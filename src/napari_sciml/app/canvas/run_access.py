"""`Runs`: what a page may know of the run: its state, its result and the canvas, and whom to tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from psygnal import SignalInstance

from napari_sciml.app.base.run_request import Resolved
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.canvas.lease import Canvas
from napari_sciml.app.canvas.result import Result
from napari_sciml.core.technique import Technique


class Runs(Protocol):
    """The run of one viewer, as other pages meet it.

    Attributes
    ----------
    state
        What the Run page shows now.
    turn
        To be taken by what must not work at the same time as a run.
    canvas
        To be borrowed by what changes what the viewer shows.
    """

    state: RunState
    turn: Turn
    canvas: Canvas

    @property
    def changed(self) -> SignalInstance:
        """Emits the new state."""
        ...

    @property
    def result(self) -> Result | None:
        """The last result, if it is of the chosen technique."""
        ...

    def technique(self, name: str) -> Technique:
        """Return the technique of that name."""
        ...

    def resolved(self) -> Resolved:
        """Return what pressing Run would do now."""
        ...

    def change_backend_options(self, changes: Mapping[str, Any]) -> None:
        """Let something else compute the scores."""
        ...

    def go_to_frame(self, number: int) -> None:
        """Show a frame of the result in the viewer."""
        ...

    def refresh(self) -> None:
        """Look anew at everything."""
        ...
