"""Which technique an image is most likely meant for, until a person chooses one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Layer

from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.layers.keys import TECHNIQUE_KEY
from napari_sciml.techniques import specs

ANY_PICTURE = ImageSource(np.zeros((1, 1), np.uint8), ("y", "x"))
"""What is assumed as long as there is no image."""


def guess_technique(
    image: Layer | None, source: ImageSource | None, techniques: Sequence[Technique]
) -> Technique:
    """Choose among `techniques`, at least one.

    What the reader of the image said comes first, then what the techniques themselves guess.
    """
    said = "" if image is None else image.metadata.get(TECHNIQUE_KEY, "")
    known = specs()

    def guess(technique: Technique) -> float:
        spec = known.get(technique.name)
        return 0.0 if spec is None else spec.guess(ANY_PICTURE if source is None else source)

    return max(techniques, key=lambda technique: (technique.name == said, guess(technique)))
