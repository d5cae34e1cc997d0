"""Write a trained network as a model folder: weights and card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import count_parameters
from napari_sciml.networks.card import CARD_FILE, Metric, ModelCard, VariantRecord
from napari_sciml.networks.model import Model

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FILE = "float32.safetensors"


def save_model(folder: str | Path, module: nn.Module, card: ModelCard) -> Model:
    """Save `module` with `card` into `folder` and give back the model that was made.

    The counts of parameters and the record of the weights are filled in here. The card is written last,
    so that a folder without one is no model.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    from safetensors.torch import save

    target = Path(folder)
    weights = save({name: tensor.contiguous() for name, tensor in module.state_dict().items()})
    body, head = count_parameters(module)
    record = VariantRecord(file=WEIGHTS_FILE, sha256=hashlib.sha256(weights).hexdigest())
    filled = card.model_copy(
        update={"parameters": body, "head_parameters": head, "variants": {"float32": record}}
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / CARD_FILE).unlink(missing_ok=True)
        (target / WEIGHTS_FILE).write_bytes(weights)
        (target / CARD_FILE).write_text(filled.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SciMLError(
            f"The model could not be saved to {target} ({error.strerror or error})",
            "choose a folder that you may write to",
        ) from error
    return Model.from_card(filled, target)


def update_card(folder: Path, metrics: list[Metric]) -> None:
    """Put figures into the card of a saved model, in place of older ones of the same name and split."""
    path = folder / CARD_FILE
    card = ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
    fresh = {(metric.name, metric.split) for metric in metrics}
    kept = tuple(metric for metric in card.metrics if (metric.name, metric.split) not in fresh)
    filled = card.model_copy(update={"metrics": (*kept, *metrics)})
    path.write_text(filled.model_dump_json(indent=2) + "\n", encoding="utf-8")
