"""Which technique an image is most likely meant for, until a person chooses one."""

from __future__ import annotations

from collections.abc import Sequence

from napari.layers import Layer

from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.layers.keys import TECHNIQUE_KEY

BY_AXES = {("y", "x"): "microct", ("z", "y", "x"): "microct", ("t", "y", "x"): "diffraction"}
"""For images that nobody described."""
BY_ENDING = {".mrc": "cryoem", ".mrcs": "cryoem"}
"""For files whose name says what they are for."""


def likely(image: Layer | None, source: ImageSource | None, techniques: Sequence[Technique]) -> Technique:
    """Choose among `techniques`, at least one.

    What the reader of the image said comes first, then its file's name, then its axes.
    """
    said = "" if image is None else image.metadata.get(TECHNIQUE_KEY, "")
    guessed = BY_AXES["y", "x"] if source is None else BY_AXES.get(source.axes, "")
    for name in (said, named(source), guessed):
        for technique in techniques:
            if technique.name == name:
                return technique
    return techniques[0]


def named(source: ImageSource | None) -> str:
    """Say what the name of a file tells, or nothing."""
    path = "" if source is None or source.path is None else source.path.lower()
    return next((name for ending, name in BY_ENDING.items() if path.endswith(ending)), "")
