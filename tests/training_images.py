"""What every technique's remade training images must be, and models whose cards ask for little work."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from napari_sciml.core.examples import Examples
from napari_sciml.core.progress import drive
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model


def modest(name: str, **training: Any) -> Model:
    """Give a shipped model whose card says that it was trained on less."""
    model = get_model(name)
    known = model.card["training"]
    changed = {
        key: known[key] | value if isinstance(value, dict) else value for key, value in training.items()
    }
    return replace(model, card=model.card | {"training": known | changed})


def make(model: Model, count: int, seed: int = 0) -> Examples:
    """Make training images of `model` again."""
    module = import_module(f"napari_sciml.techniques.{model.technique}.examples")
    made: Examples = drive(module.examples(model, count, seed))
    assert made.images.shape[0] == count
    assert made.images.dtype == np.float32
    assert np.isfinite(made.images).all()
    assert model.input is None or made.images.shape[1:] == model.input
    assert str(count) in made.words
    return made


def labels(model: Model, images: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, Any]:
    """Give what the float network answers, of a dense model for every element of the maps."""
    import torch

    with torch.inference_mode():
        answers = model.build()(torch.from_numpy(images)[:, None])
    return np.asarray(answers.argmax(1).flatten())


def same_again(model: Model, count: int) -> None:
    """Check that a seed decides every image, and that another gives other images."""
    first, second, other = make(model, count, 3), make(model, count, 3), make(model, count, 4)
    np.testing.assert_array_equal(first.images, second.images)
    assert not np.array_equal(first.images, other.images)
