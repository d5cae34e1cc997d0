"""Name the views of picked particles by a trained network, and say which are none of the 84."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.orientation.whiten import matched
from napari_sciml.techniques.cryoem.particles.particles import Particles

if TYPE_CHECKING:
    from napari_sciml.backends import Predictor

AT_ONCE = 256
"""Particles in one pass of the network: bounds memory, changes no answer."""
REALISTIC = "realistic"


def classify_views(
    particles: Particles,
    model: Model,
    cancel: CancelToken | None = None,
    predictor: Predictor | None = None,
) -> Generator[Progress, None, npt.NDArray[np.float32]]:
    """Return the probabilities ``(n, 84)`` of the views; a known CTF is told to the network by filtering.

    Rows after a stop hold 1/84 each.

    Parameters
    ----------
    predictor
        What runs `model`, which stays open; None takes its float32 weights.

    Raises
    ------
    SciMLError
        If the model's images have another size.
    """
    from napari_sciml.backends import open_predictor

    count, views = len(particles.images), len(model.classes)
    if model.input != particles.images.shape[1:]:
        raise SciMLError(
            f"The particles have {particles.images.shape[1]} pixels, but {model.name} labels "
            f"{model.input[0] if model.input else 'other'}",
            "cut the particles out in boxes of the model's size",
        )
    probabilities = np.full((count, views), 1 / views, np.float32)
    if not count:
        return probabilities
    yield Progress(0, count, "particles")
    images = particles.images
    if model.card["training"].get("protocol") == REALISTIC:
        images = matched(particles, map_of(model).diameter_A / particles.pixel_size_A)
    opened = predictor or open_predictor(model)
    for first in range(0, count, AT_ONCE):
        if cancel is not None and cancel.cancelled:
            break
        part = slice(first, first + AT_ONCE)
        probabilities[part] = opened.classify(model.normalise(images[part]))
        yield Progress(min(first + AT_ONCE, count), count, "particles")
    if predictor is None:
        opened.close()
    return probabilities


def none_of_them(
    probabilities: npt.NDArray[np.floating], model: Model, *, both_sides: bool = False
) -> npt.NDArray[np.bool_]:
    """Return which rows ``(n, 84)`` are none of the views: too even, by a limit that the model's card holds.

    Rows that are the surer one of two, of a particle and its mirror image, have a stricter limit: noise had
    two chances.
    """
    record = model.card["training"]
    limit = record.get("none_limit_both_sides" if both_sides else "none_limit", record.get("none_limit"))
    if limit is None:
        return np.zeros(len(probabilities), bool)
    return outlier_score(probabilities) > float(limit)
