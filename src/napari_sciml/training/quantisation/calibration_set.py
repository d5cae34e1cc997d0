"""Store a calibration set beside a model: training images to quantise it and compare its variants with."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import open_model
from napari_sciml.networks.saving import add_calibration, save_model

if TYPE_CHECKING:
    from torch import nn

    from napari_sciml.networks.card import ModelCard

SEED = 0
"""Decides which training images are the calibration set."""


class Maker(Protocol):
    """The module ``examples`` of a technique."""

    def calibration_count(self, model: Model) -> int:
        """Return how many training images the calibration set of a model has."""
        ...

    def examples(self, model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
        """Make images of the kind that `model` was trained on, by the same simulation, normalised.

        Calibration, codebooks of data and quantisation-aware training use them, so they must never be
        images that anything is tested on.

        Raises
        ------
        SciMLError
            If the model's training images cannot be made again.
        """
        ...


def add_calibration_set(model: Model, maker: Maker) -> Generator[Progress, None, Model]:
    """Make the calibration set of a saved model and write it beside the weights; gives the model with it.

    Raises
    ------
    SciMLError
        If the images cannot be made again, or the folder cannot be written.
    """
    examples = yield from maker.examples(model, maker.calibration_count(model), SEED)
    add_calibration(model.folder, examples.images, examples.description)
    return open_model(model.folder)


def save_trained(
    folder: Path, module: nn.Module, card: ModelCard, maker: Maker, attachments: Mapping[str, bytes]
) -> Generator[Progress, None, Model]:
    """Save a trained network with its log and its calibration set, all at once.

    Raises
    ------
    SciMLError
        If the images cannot be made again, or the folder cannot be written.
    """
    # Making the images asks the model, which is not in its place before they are there.
    with TemporaryDirectory() as draft:
        model = save_model(draft, module, card, attachments)
        examples = yield from maker.examples(model, maker.calibration_count(model), SEED)
    return save_model(folder, module, card, attachments, examples)


def training_record(model: Model, *keys: str) -> Any:
    """Return what the card of `model` records of its training under these keys, one inside the other.

    Raises
    ------
    SciMLError
        If it does not.
    """
    value = model.card.get("training")
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise SciMLError(
                f"The training images of {model.name} cannot be made again: its card does not tell "
                f"{' / '.join(keys)}",
                "train the model again with this version",
            )
        value = value[key]
    return value


def first_seed(model: Model) -> int:
    """Return the seed that `model` was trained from.

    Raises
    ------
    SciMLError
        If its card does not tell.
    """
    seeds = model.card.get("seeds") or ()
    if not seeds:
        raise SciMLError(
            f"The training images of {model.name} cannot be made again: its card does not tell their seed",
            "train the model again with this version",
        )
    return int(seeds[0])


def check_count(count: int) -> None:
    """Raise `SciMLError` unless at least one image is asked for."""
    if count < 1:
        raise SciMLError(f"{count} images cannot be made", "ask for one or more")
