"""Training images of the cryo-EM models, made again: fields for a picker, particles for the others."""

from __future__ import annotations

from collections.abc import Generator

from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.training.quantisation.calibration_set import check_count


def calibration_count(model: Model) -> int:
    """Return how many training images the calibration set of a model has: fields, or particles."""
    if model.dense:
        return 3
    return 70 if model.card["training"].get("protocol") == "realistic" else len(model.classes)


def examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training images of `model` again, as `training.keep` describes."""
    check_count(count)
    if model.dense:
        from napari_sciml.techniques.cryoem.train.picker.examples import field_examples

        return (yield from field_examples(model, count, seed))
    from napari_sciml.techniques.cryoem.train.orientation.examples import view_examples

    return (yield from view_examples(model, count, seed))
