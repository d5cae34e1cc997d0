"""A predictor without a network, to be completed with what a test wants to be found."""

from __future__ import annotations

from typing import Any

from napari_sciml.networks.model import Model


class ByHand:
    """Stands in for a predictor; a subclass says what it answers."""

    backend = "float32"
    runtime = "by hand"
    weights_sha256 = "0" * 64
    notes: tuple[str, ...] = ()

    def __init__(self, model: Model, settings: Any = None) -> None:
        self.model = model
        self.closed = False

    def classify(self, images: Any) -> Any:
        raise NotImplementedError

    def field(self, tile: Any, stride: int) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True
