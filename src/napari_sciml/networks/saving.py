"""Write a trained network as a model folder: weights and card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import count_parameters
from napari_sciml.networks.card import CARD_FILE, CalibrationRecord, Metric, ModelCard, VariantRecord
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.pixels import FloatArray

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FILE = "float32.safetensors"
CALIBRATION_FILE = "calibration.safetensors"


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


def add_variant(folder: Path, name: str, file: str, content: bytes, record: VariantRecord) -> Variant:
    """Put a further set of weights beside a saved model, in place of an older one of the same name.

    The hashes of the file and, where `record` names none, of its parent (float32) are filled in here.
    """
    card = read_card(folder)
    filled = record.model_copy(
        update={
            "file": file,
            "sha256": hashlib.sha256(content).hexdigest(),
            "parent": record.parent or card.variants["float32"].sha256,
        }
    )
    write_beside(folder, file, content)
    write_card(folder, card.model_copy(update={"variants": {**card.variants, name: filled}}))
    return Variant(record.backend or name, folder / file, filled.sha256, filled.parent, filled.codebook)


def add_calibration(folder: Path, images: FloatArray, note: str) -> None:
    """Keep some normalised training images ``(n, h, w)`` beside a saved model, in half precision."""
    from safetensors.numpy import save

    content = save({"images": images.astype("float16")})
    record = CalibrationRecord(
        file=CALIBRATION_FILE, sha256=hashlib.sha256(content).hexdigest(), n=len(images), note=note
    )
    write_beside(folder, CALIBRATION_FILE, content)
    write_card(folder, read_card(folder).model_copy(update={"calibration": record}))


def read_card(folder: Path) -> ModelCard:
    """Read the card of a saved model."""
    return ModelCard.model_validate_json((folder / CARD_FILE).read_text(encoding="utf-8"))


def write_card(folder: Path, card: ModelCard) -> None:
    """Write the card of a saved model."""
    write_beside(folder, CARD_FILE, (card.model_dump_json(indent=2) + "\n").encode())


def write_beside(folder: Path, file: str, content: bytes) -> None:
    """Write a file of a model's folder, whole or not at all.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    draft = folder / f"{file}.part"
    try:
        draft.write_bytes(content)
        draft.replace(folder / file)
    except OSError as error:
        raise SciMLError(
            f"{file} could not be written to {folder} ({error.strerror or error})",
            "choose a folder that you may write to",
        ) from error


def update_card(folder: Path, metrics: list[Metric]) -> None:
    """Put figures into the card of a saved model, in place of older ones of the same name and split."""
    card = read_card(folder)
    fresh = {(metric.name, metric.split) for metric in metrics}
    kept = tuple(metric for metric in card.metrics if (metric.name, metric.split) not in fresh)
    write_card(folder, card.model_copy(update={"metrics": (*kept, *metrics)}))
