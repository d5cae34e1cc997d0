"""`Canvas` and `CanvasLease`: who changes what the canvas shows borrows it and gives it back as it was."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from enum import Flag, auto

from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.canvas.viewer_snapshot import Memory

Words = Callable[[str, int], str]
"""``words(said, frame)`` says on the canvas what a frame shows, instead of what is `said` already."""


class Part(Flag):
    """What of the viewer a lease brings back, beside the layers that it hides and hosts."""

    NONE = 0
    SELECTION = auto()
    """The active layer."""
    GRID = auto()
    CAMERA = auto()
    """Camera, sliders, and whether two or three dimensions are shown."""


class CanvasLease:
    """The right to change what the canvas shows, until it is given back. `Canvas.borrow` makes it."""

    def __init__(self, canvas: Canvas, viewer: ViewerModel, leave: Callable[[], object], parts: Part) -> None:
        self._canvas = canvas
        self._viewer = weakref.ref(viewer)
        self._parts = parts
        self._memory = Memory.of(viewer)
        self._hidden: list[weakref.ref[Layer]] = []
        self._guests: list[weakref.ref[Layer]] = []
        self.leave = leave
        """Called when another wants the canvas; has to give it back."""
        self.words: Words | None = None

    @property
    def is_held(self) -> bool:
        """Whether it was not given back yet."""
        return self._canvas.has(self)

    def hide(self, layers: Iterable[Layer]) -> None:
        """Hide those of `layers` that are visible, until the canvas is given back."""
        for layer in layers:
            if layer.visible:
                layer.visible = False
                self._hidden.append(weakref.ref(layer))

    def host(self, layers: Iterable[Layer]) -> None:
        """Take care of layers in the viewer that go when the canvas is given back."""
        self._guests += [weakref.ref(layer) for layer in layers]

    def dismiss(self) -> None:
        """Take away now what it hosts."""
        viewer = self._viewer()
        guests, self._guests = self._guests, []
        for ref in guests:
            layer = ref()
            if viewer is not None and layer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)

    def say(self, words: Words) -> None:
        """Put these words about a frame on the canvas as long as it is held."""
        self.words = words
        self._canvas.changed.emit()

    def give_back(self) -> None:
        """Bring everything back as it was. What was borrowed after it goes first."""
        if not self._canvas.hand_in(self):
            return
        viewer = self._viewer()
        if viewer is not None:
            if Part.GRID in self._parts:
                # Before the layers go: what is left would be dealt out to cells.
                self._memory.put_grid(viewer)
            self.dismiss()
            if Part.CAMERA in self._parts:
                self._memory.put_dimensions(viewer)
            for ref in self._hidden:
                if (layer := ref()) is not None:
                    layer.visible = True
            if Part.SELECTION in self._parts:
                self._memory.put_selection(viewer)
            if Part.CAMERA in self._parts:
                self._memory.put_view(viewer)
        self._canvas.changed.emit()


class Canvas:
    """Lends the canvas of one viewer: to one who wants it alone, or to several on top of each other."""

    changed = Signal()
    """Emitted when it was borrowed or given back, or when other words are to be said on it."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._leases: list[CanvasLease] = []

    @property
    def holder(self) -> CanvasLease | None:
        """The lease on top, if the canvas is lent."""
        return self._leases[-1] if self._leases else None

    def has(self, lease: CanvasLease) -> bool:
        """Whether `lease` is held."""
        return lease in self._leases

    def borrow(
        self, leave: Callable[[], object], parts: Part = Part.NONE, *, on_top: bool = False
    ) -> CanvasLease | None:
        """Lend the canvas; None if there is no viewer any more.

        Parameters
        ----------
        leave
            Called when another wants the canvas for himself, or when what is below goes.
        parts
            What is remembered now and brought back later.
        on_top
            Whether those who hold the canvas already may stay below; else they are asked to leave.
        """
        if not on_top:
            self.clear()
        viewer = self._viewer()
        if viewer is None:
            return None
        lease = CanvasLease(self, viewer, leave, parts)
        self._leases.append(lease)
        self.changed.emit()
        return lease

    def clear(self) -> None:
        """Ask all who hold the canvas to leave."""
        while self._leases:
            self._ask(self._leases[-1])

    def hand_in(self, lease: CanvasLease) -> bool:
        """Strike off a lease, after those on top of it have left; return whether it was held."""
        if lease not in self._leases:
            return False
        while self._leases[-1] is not lease:
            self._ask(self._leases[-1])
        self._leases.pop()
        return True

    def words(self, said: str, frame: int) -> str:
        """Return what is to be said about a frame, by those who hold the canvas."""
        for lease in self._leases:
            if lease.words is not None:
                said = lease.words(said, frame)
        return said

    def _ask(self, lease: CanvasLease) -> None:
        lease.leave()
        # Who forgets to give it back is not waited for.
        lease.give_back()
