"""A saved run as layers that stand on their own, and that a session takes up as one result."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari.layers import Image, Layer

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.image_layer import image_layer
from napari_sciml.layers.keys import PART_KEY
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.run_layers import Part, run_layers
from napari_sciml.layers.source import source_from_layer
from napari_sciml.layers.spatial import Place


@dataclass(eq=False)
class OpenedRun:
    """A saved run whose layers are on their way into a viewer.

    Attributes
    ----------
    findings
        As they are decided now; the tables hold no corrections, the points on screen do.
    saved
        The same as they were saved, with what was made of them after the run.
    folder
        Where they lie.
    place
        Where the image is in the world.
    count
        Number of layers.
    image
        The layer that was open before and is the image; None if there was none.
    """

    findings: Findings
    saved: Findings
    folder: Path
    place: Place
    count: int = 0
    image: weakref.ref[Layer] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a person should know."""
        gone = self.findings.source.absent
        return (f"{gone}. All else is shown; to have both, open the image and then the run.",) if gone else ()


@dataclass(frozen=True)
class PartOfRun:
    """What a reader leaves in the metadata of a layer, until a session takes the run up."""

    run: OpenedRun
    part: Part


def saved_run_layers(path: str | os.PathLike[str], images: Iterable[Layer] = ()) -> list[LayerData]:
    """Open a saved run: its image, unless that is open already or gone, and all that lay on it.

    Parameters
    ----------
    path
        The folder, or the ``run.json`` in it.
    images
        The layers that are open.

    Raises
    ------
    SciMLError
        If there is no saved run.
    """
    from napari_sciml.techniques.saved_runs import folder_of, open_run

    known = open_images(images)
    saved = open_run(path, [source for _, source in known])
    # Known by its pixels: what is said of them is another when they come back.
    layer = next((layer for layer, source in known if source.data is saved.source.data), None)
    place = Place.of_source(saved.source) if layer is None else Place.of(layer)
    # What was saved may hold a person's picks among the network's; on screen they are laid over them.
    run = OpenedRun(saved.at_threshold(saved.settings.threshold), saved, folder_of(path), place)
    parts = run_layers(run.findings, place)
    if layer is not None:
        run.image = weakref.ref(layer)
    elif not saved.source.absent:
        parts.insert(0, (Part("image"), image_layer(saved.source, saved.provenance.technique)))
    run.count = len(parts)
    for part, (_, arguments, _) in parts:
        arguments["metadata"] = {**arguments.get("metadata", {}), PART_KEY: PartOfRun(run, part)}
    return [data for _, data in parts]


def open_images(layers: Iterable[Layer]) -> list[tuple[Layer, ImageSource]]:
    """Return the layers that a run could have worked on, and what a run would see of them."""
    found = []
    for layer in layers:
        if isinstance(layer, Image) and METADATA_KEY not in layer.metadata:
            try:
                found.append((layer, source_from_layer(layer)))
            except SciMLError:
                # A colour picture, for example.
                continue
    return found


def notes_on(layers: Iterable[LayerData]) -> tuple[str, ...]:
    """Return what a person should know of the saved run with these layers."""
    parts = [part_in(arguments["metadata"]) for _, arguments, _ in layers]
    return next((part.run.notes for part in parts if part is not None), ())


def part_in(metadata: Mapping[str, Any]) -> PartOfRun | None:
    """Return which part of a saved run a layer with these metadata is, until a session has taken that up."""
    part = metadata.get(PART_KEY)
    return part if isinstance(part, PartOfRun) else None


def taken_up(layer: Layer) -> None:
    """Let a layer forget from which saved run it is: its result knows now."""
    layer.metadata = {key: value for key, value in layer.metadata.items() if key != PART_KEY}
