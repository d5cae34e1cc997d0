"""A points layer of a run that a test changes by hand and by threshold."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from fakes import SpotTechnique, spots
from napari_sciml.core.progress import drive
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keeper import keeper_for
from napari_sciml.layers.points import findings_to_layers
from napari_sciml.layers.spatial import Place
from napari_sciml.techniques.microct.settings import MicroCTSettings


class Scene:
    """A points layer in a viewer, its keeper and the findings behind it."""

    def __init__(self, shape=(6, 40, 50)) -> None:
        self.viewer = ViewerModel()
        image = self.viewer.add_image(spots(shape=shape), name="slab")
        source = ImageSource.from_array(image.data, name="slab")
        self.findings = drive(SpotTechnique().run(source, MicroCTSettings(threshold=0.5)))
        self.layer = self.viewer.add_layer(
            Layer.create(*findings_to_layers(self.findings, Place.of(image))[0])
        )
        self.keeper = keeper_for(self.layer, "fiber")

    def threshold(self, value: float) -> None:
        self.findings = self.findings.at_threshold(value)
        self.keeper.show(self.findings, self.findings.overlays[0])

    def rows(self, source: str) -> np.ndarray:
        return self.layer.data[(self.layer.features["source"] == source).to_numpy()]


def drag(layer, row):
    """Move one point by hand, as napari's select tool does: the first step only takes hold."""
    start = layer.data[row].copy()
    layer._move([row], start)
    layer._move([row], start + 2.5)
