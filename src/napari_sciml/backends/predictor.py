"""`Predictor`: what labels pixels, whatever executes it.

Threads: a predictor is used by one thread at a time. How many cores a pass takes is one process-wide
number, ``torch.get_num_threads()``, for every runtime; no predictor changes it. A program that wants a
core for itself sets ``torch.set_num_threads`` once at its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray

CHUNK = 1024
"""Images in one pass of `Predictor.classify`; more bring no speed and cost memory."""
FIELD_STRIDE = 2
"""The stride at which recipes label fields."""


@dataclass(frozen=True)
class FieldScores:
    """A map of probabilities over a field.

    Attributes
    ----------
    scores
        ``(h', w', classes)``; element ``(i, j)`` sits at pixel ``(i, j) * stride + offset``.
    stride
        Distance of neighbouring elements in pixels.
    offset
        Pixel of the first element along both axes.
    """

    scores: FloatArray
    stride: int
    offset: float


class Predictor(Protocol):
    """Gives probabilities for normalised pixels."""

    model: Model
    backend: str
    """What computes the scores: after a fall-back, not what was asked for."""
    runtime: str
    """Library that executes the network, for the record."""
    weights_sha256: str
    """Hash of the weights that are used."""
    notes: tuple[str, ...]
    """Warnings for the result: a fall-back, levels that were fewer than asked for."""

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        ...

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``; dense models only."""
        ...

    def close(self) -> None:
        """Free what the predictor holds. Safe to call more than once."""
        ...


def check_dense(model: Model) -> None:
    """Raise `SciMLError` if a model cannot label a field."""
    if not model.dense:
        raise SciMLError(
            f"The model {model.name} labels single patches, not a whole image",
            "use one whose input is any field",
        )
