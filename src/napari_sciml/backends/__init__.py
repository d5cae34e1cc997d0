"""What executes a variant of a model. Every backend gives a `Predictor`; nobody else knows which one."""

from __future__ import annotations

from napari_sciml.backends.opening import open_predictor
from napari_sciml.backends.predictor import FieldScores, Predictor

__all__ = ["FieldScores", "Predictor", "open_predictor"]
