"""How to make an image again that no file holds."""

from __future__ import annotations

from dataclasses import dataclass

from napari.layers import Layer

from napari_sciml.layers.keys import SAMPLE_KEY

ORIGIN = "origin"
"""Entry under `SAMPLE_KEY` in a layer's metadata that holds an `Origin`."""


@dataclass(frozen=True)
class Origin:
    """The way back to the pixels of a simulated image.

    Attributes
    ----------
    imports
        A line of Python.
    expression
        What gives the image then.
    command
        A command line that writes the image as a file.
    file
        Where that file is then.
    """

    imports: str
    expression: str
    command: str
    file: str


def origin_of(layer: Layer) -> Origin | None:
    """Return the origin of a layer, or None if nobody said."""
    origin = layer.metadata.get(SAMPLE_KEY, {}).get(ORIGIN)
    return origin if isinstance(origin, Origin) else None
