"""The 3-D map of the page Views as a layer that grows on the stage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Layer

from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.stage import Stage
from napari_sciml.layers.points import record
from napari_sciml.layers.volume import show_density, volume_layer

VOLUME = "3-D map (first model)"


def put_density(
    stage: Stage, density: npt.NDArray[np.float32], voxel_A: float, result: Result, pixel_A: float, anew: bool
) -> None:
    """Show a map ``(z, y, x)``: in the layer that is there, or in a new one, which then takes the stage.

    Parameters
    ----------
    voxel_A, pixel_A
        Edges of a voxel of the map and of a pixel of the micrographs.
    result
        The picks that it was made of; its image is still there.
    anew
        Whether a new layer is wanted even where the old one would fit.
    """
    volume = stage.volume
    if volume is not None and volume.data.shape == density.shape and not anew:
        show_density(volume, density)
        return
    assert result.image is not None, "the caller has looked"
    said = record(result.findings)
    layer = Layer.create(*volume_layer(density, voxel_A, VOLUME, result.image, pixel_A, said))
    assert isinstance(layer, Image)
    stage.put(layer)
    stage.show_volume()
