"""`SideBySide`: two results of one image in two cells of napari's grid, with what is theirs alone marked.

Everything in the cells is a copy. The layers of the viewer are hidden meanwhile and come back as they were,
so looking at a comparison changes nothing.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.app.canvas.lease import Canvas, CanvasLease, Part
from napari_sciml.app.canvas.live_settings import Live
from napari_sciml.app.canvas.result import Result
from napari_sciml.core.findings import Findings
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.disagreement_layer import disagreement_layer, show_disagreements
from napari_sciml.layers.disagreements import Comparison
from napari_sciml.layers.points import record
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.transform_sync import TransformSync

LINKED = ("contrast_limits", "gamma", "colormap")
"""What a person changes on the image of one cell changes on the other."""
SPACING_PX = 4
"""Screen pixels between the two cells of the grid."""
WHOLE = (0.6, 1.4)
"""Zooms, beside that of the whole image, that count as seeing the whole image."""
SEEN_SHARE = 1 / 9
"""Share of the canvas that a difference takes at least when one walks to it."""


@dataclass(frozen=True)
class Cell:
    """One result with an image of its own."""

    image: Image
    result: Result
    differences: Points

    @property
    def layers(self) -> list[Layer]:
        """All layers, from below."""
        return [self.image, *self.result.layers, self.differences]


class SideBySide:
    """Shows two results beside each other and takes them away again."""

    left_by_viewer = Signal()
    """Emitted when the viewer ended the comparison: a layer was opened or removed meanwhile."""

    asked_to_leave = Signal()
    """Emitted when another wants the canvas."""

    def __init__(self, viewer: ViewerModel, canvas: Canvas) -> None:
        self._viewer = weakref.ref(viewer)
        self._canvas = canvas
        self._lease: CanvasLease | None = None
        self._cells: tuple[Cell, ...] = ()
        self._filler: list[Layer] = []
        self._transform_sync: TransformSync | None = None
        self._changing = False
        self._came = 0.0
        # Last, so that the window knows of a new layer before others are taken away.
        viewer.layers.events.inserted.connect(self._on_changed, position="last")
        viewer.layers.events.removed.connect(self._on_changed, position="last")

    @property
    def is_up(self) -> bool:
        """Whether two results are shown."""
        return self._lease is not None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, the first result's first; none unless it is up."""
        return self._cells

    def show(self, image: Image, pair: tuple[Findings, Findings], comparison: Comparison) -> CanvasLease:
        """Show both results of `image` and return the lease of the canvas."""
        viewer = self._viewer()
        assert viewer is not None, "its image is there"
        self.leave()
        lease = self._canvas.borrow(self.asked_to_leave.emit, Part.SELECTION | Part.GRID)
        assert lease is not None, "the viewer is there"
        self._lease = lease
        self._changing = True
        try:
            fitting = fitted_zoom(viewer)
            lease.hide(viewer.layers)
            # napari counts cells from the top of the list with a negative stride: the first comes last.
            cells = [
                self._add(viewer, image, findings, name, comparison)
                for findings, name in reversed(list(zip(pair, comparison.names, strict=True)))
            ]
            self._cells = (cells[1], cells[0])
            self._pad(viewer)
            lease.host([*self._filler, *(layer for cell in self._cells for layer in cell.layers)])
            viewer.layers.link_layers([cell.image for cell in self._cells], LINKED)
            self._transform_sync = TransformSync(image, [cell.image for cell in self._cells])
            center = tuple(viewer.scene.camera.center)
            self._arrange(viewer)
            viewer.scene.camera.center = center
            zoom_like(viewer, fitting)
        finally:
            self._changing = False
        return lease

    def decide(self, comparison: Comparison, threshold: float, live: Live) -> None:
        """Decide both results again, and show where they differ then."""
        for cell in self._cells:
            cell.result.decide(threshold, live)
            show_disagreements(cell.differences, comparison)

    def look_at(self, comparison: Comparison, row: int) -> None:
        """Show a difference in the middle of both cells, large enough to be seen."""
        viewer = self._viewer()
        if viewer is None or not self._cells:
            return
        one, image = comparison.table.iloc[row], self._cells[0].image
        world = [float(value) for value in image.data_to_world(one[list(comparison.columns)].to_numpy(float))]
        shown = viewer.dims.ndim - len(world)
        for axis, place in enumerate(world, start=shown):
            if axis not in viewer.dims.displayed:
                viewer.dims.set_point(axis, place)
        # How near a person came by hand is kept; how near the last step came is not.
        now = fitted_zoom(viewer)
        by_hand = 0.0 if math.isclose(now, self._came, rel_tol=1e-3) else now
        center = tuple(world[axis - shown] for axis in viewer.dims.displayed)
        come_near(viewer, center, max(SEEN_SHARE * comparison.side_px / float(one["size"]), by_hand))
        self._came = fitted_zoom(viewer)

    def leave(self) -> None:
        """Take both away and bring back what was there."""
        viewer, lease = self._viewer(), self._lease
        self._lease = None
        if viewer is None or lease is None:
            return
        fitting = fitted_zoom(viewer)
        images = [cell.image for cell in self._cells if cell.image in viewer.layers]
        if len(images) == 2:
            viewer.layers.unlink_layers(images, LINKED)
        lease.give_back()
        zoom_like(viewer, fitting)
        self._cells, self._filler, self._transform_sync = (), [], None

    def _add(
        self, viewer: ViewerModel, image: Image, findings: Findings, name: str, comparison: Comparison
    ) -> Cell:
        # By what computed it alone: the list has little room, and the image is the same in both.
        place = Place(name, Place.of(image).spatial)
        data, arguments, kind = image.as_layer_data_tuple()
        # The mark of a run keeps it from being offered as an image to work on.
        arguments |= {"name": place.name, "visible": True, "metadata": {METADATA_KEY: record(findings)}}
        copy = viewer.add_layer(Layer.create(data, arguments, kind))
        # Below, because words about the frame stand at the top.
        copy.name_overlay.position = "bottom_left"
        copy.name_overlay.visible = True
        result = Result.deliver(viewer, findings, place, image)
        differences = viewer.add_layer(Layer.create(*disagreement_layer(comparison, place)))
        cell = Cell(copy, result, differences)
        for layer in cell.layers:
            # What somebody painted here would be gone with the comparison.
            layer.editable = False
        return cell

    def _pad(self, viewer: ViewerModel) -> None:
        """Give both cells the same number of layers: napari cuts the list into equal parts."""
        first, second = (len(cell.layers) for cell in self._cells)
        for number in range(abs(first - second)):
            smaller = self._cells[0] if first < second else self._cells[1]
            filler = Points(np.empty((0, smaller.image.ndim)), name=f"filler {number + 1}", visible=False)
            viewer.layers.insert(viewer.layers.index(smaller.image), filler)
            self._filler.append(filler)

    def _arrange(self, viewer: ViewerModel) -> None:
        grid = viewer.canvas.grid
        grid.stride = -max(len(cell.layers) for cell in self._cells)
        grid.spacing = SPACING_PX
        grid.enabled = True
        zooms = {}
        for shape in ((1, 2), (2, 1)):
            grid.shape = shape
            viewer.fit_to_view()
            zooms[shape] = viewer.scene.camera.zoom
        # Beside each other or one above the other, whatever shows the image larger.
        grid.shape = max(zooms, key=lambda shape: zooms[shape])
        viewer.layers.selection.active = self._cells[0].differences

    def _on_changed(self, event: Event) -> None:
        if self.is_up and not self._changing:
            # Another layer would shift the cells against each other.
            self.leave()
            self.left_by_viewer.emit()


def fitted_zoom(viewer: ViewerModel) -> float:
    """Return how much nearer a person is than the whole image; the camera stays where it is."""
    camera = viewer.scene.camera
    center, zoom = tuple(camera.center), float(camera.zoom)
    viewer.fit_to_view()
    whole = float(camera.zoom)
    camera.center, camera.zoom = center, zoom
    return zoom / whole


def zoom_like(viewer: ViewerModel, nearer: float) -> None:
    """Come as near as before to the same place, whatever room the image has now.

    Who saw the whole image, or nearly so, sees the whole image.
    """
    camera = viewer.scene.camera
    center = tuple(camera.center)
    viewer.fit_to_view()
    if not WHOLE[0] < nearer < WHOLE[1]:
        camera.center, camera.zoom = center, camera.zoom * nearer


def come_near(viewer: ViewerModel, center: tuple[float, ...], nearer: float) -> None:
    """Look at a place as near as this, or at the whole image where that is near enough."""
    camera = viewer.scene.camera
    viewer.fit_to_view()
    if nearer > WHOLE[1]:
        camera.center, camera.zoom = center, camera.zoom * nearer
