"""`ViewsOnCanvas`: what the page Views shows in the viewer: a growing 3-D map, and particles singled out."""

from __future__ import annotations

import weakref

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.canvas.volume_stage import Stage
from napari_sciml.app.views.picks import keys, picks_layer, single_out
from napari_sciml.app.views.rules import pixel_size_of
from napari_sciml.layers.points import record
from napari_sciml.layers.volume import show_density, volume_layer
from napari_sciml.techniques.cryoem.results import ViewsResult

VOLUME = "3-D map (first model)"


class ViewsOnCanvas:
    """Shows views and their map beside the micrographs of a run; nothing without such a run.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose picks were sorted.
    """

    def __init__(self, viewer: ViewerModel, runs: Runs) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._is_new = True
        self.stage = Stage(viewer, runs.canvas)

    def begin_map(self) -> None:
        """Let the next map take a layer of its own, even if it would fit into that of the last one."""
        self._is_new = True

    def show_map(self, density: npt.NDArray[np.float32], voxel_A: float) -> None:
        """Show a map ``(z, y, x)``: in the layer that is there, or in a new one, which then is shown."""
        result, volume = self._runs.result, self.stage.volume
        if self._viewer() is None or result is None or result.image is None:
            return
        if volume is not None and volume.data.shape == density.shape and not self._is_new:
            show_density(volume, density)
            return
        self._is_new = False
        pixel_A = pixel_size_of(self._runs.state, result) or 1.0
        said = record(result.findings)
        layer = Layer.create(*volume_layer(density, voxel_A, VOLUME, result.image, pixel_A, said))
        assert isinstance(layer, Image)
        self.stage.put(layer)
        self.stage.show_volume()

    def single_out(self, views: ViewsResult | None, chosen: int | None) -> None:
        """Fill the particles of the chosen view and no others."""
        if (result := self._runs.result) is None:
            return
        places = [] if views is None or chosen is None else keys(views.table[views.table["view"] == chosen])
        single_out(result, set(places))

    def go_to_particle(self, views: ViewsResult | None, row: int) -> None:
        """Show a sorted particle, by its row in the table, in the middle of the canvas."""
        viewer, result = self._viewer(), self._runs.result
        if viewer is None or result is None or views is None:
            return
        self.stage.show_images()
        place = views.table.iloc[row]
        self._runs.go_to_frame(int(place["frame"]))
        layer = picks_layer(result) or result.image
        if layer is not None:
            at = [float(place["frame"]), float(place["y"]), float(place["x"])][-layer.ndim :]
            viewer.scene.camera.center = tuple(float(one) for one in layer.data_to_world(at)[-2:])
