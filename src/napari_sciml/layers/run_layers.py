"""All layers of one result, and what each of them is, so that they can be taken up again as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_sciml.core.findings import Findings
from napari_sciml.layers.excluded_area import area_layer
from napari_sciml.layers.lines import paths_layers
from napari_sciml.layers.points import LayerData, points_layer
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.tiles import outlines_layer, scores_layer

Role = Literal["image", "scores", "outlines", "left out", "paths", "points"]


@dataclass(frozen=True)
class Part:
    """Says what a layer is in its result.

    Attributes
    ----------
    role
        What it shows.
    number
        Which of the tiles, paths or overlays of the findings.
    """

    role: Role
    number: int = 0


def run_layers(findings: Findings, place: Place) -> list[tuple[Part, LayerData]]:
    """Build every layer of `findings` on the image at `place`, the lowest first; not the image itself."""
    layers: list[tuple[Part, LayerData]] = []
    for number, tiles in enumerate(findings.tiles):
        layers.append((Part("scores", number), scores_layer(findings, tiles, place)))
        layers.append((Part("outlines", number), outlines_layer(findings, tiles, place)))
    area = area_layer(findings, place)
    if area is not None:
        layers.append((Part("left out"), area))
    for number, paths in enumerate(findings.paths):
        layers += [(Part("paths", number), data) for data in paths_layers(findings, paths, place)]
    for number, overlay in enumerate(findings.overlays):
        layers.append((Part("points", number), points_layer(findings, overlay, place)))
    return layers
