"""What executes a variant of a model. Every backend gives a `Predictor`; nobody else knows which one."""

from __future__ import annotations

from napari_sciml.backends.cost_record import recorded
from napari_sciml.backends.fallback import open_for
from napari_sciml.backends.opening import check_backend, open_predictor
from napari_sciml.backends.predictor import FieldScores, Predictor
from napari_sciml.backends.registry import backend_names, backend_of, backend_specs
from napari_sciml.backends.spec import BackendSpec, Opened

__all__ = [
    "BackendSpec",
    "FieldScores",
    "Opened",
    "Predictor",
    "backend_names",
    "backend_of",
    "backend_specs",
    "check_backend",
    "open_for",
    "open_predictor",
    "recorded",
]
