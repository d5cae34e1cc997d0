"""Write a trained network as a model folder, which holds the old model or the new one at any moment.

Files have the hash of their content in their names, so that a new one never takes the place of an old one.
The card names those that count; renaming it into place is what puts them in force, and files that it no
longer names go afterwards.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from napari_sciml.core.durable_files import DRAFT, write_bytes
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.locks import held
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.architectures import count_parameters
from napari_sciml.networks.card import CARD_FILE, CalibrationRecord, Metric, ModelCard, VariantRecord
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.normalise.pixels import FloatArray

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FILE, CALIBRATION_FILE = "float32.safetensors", "calibration.safetensors"
LOCK, WAIT_S = ".saving", 60.0
"""How long to wait for another program that saves into the same folder just now."""
HASHED = re.compile(r".+-([0-9a-f]{12})\.\w+")
"""A name with the hash of the content."""
FORMERLY = frozenset(
    {WEIGHTS_FILE, CALIBRATION_FILE, "int8.onnx", "training.csv", "map.mrc"}
    | {"roc.csv", "false_hits.csv", "reliability.csv", "table_v.csv", "sensitivity.csv"}
)
"""Files of a model as earlier versions named them."""
Contents = dict[str, bytes]


def save_model(
    folder: str | Path,
    module: nn.Module,
    card: ModelCard,
    attachments: Mapping[str, bytes] | None = None,
    calibration: Examples | None = None,
) -> Model:
    """Save `module` with `card` into `folder`, in place of an older model, and return what was made.

    The counts of parameters and the record of the weights are filled in here.

    Parameters
    ----------
    attachments
        Further files of the model by name, for example the log of its training.
    calibration
        Normalised training images to keep with it.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    from safetensors.torch import save

    target, contents = Path(folder), Contents()
    weights = save({name: tensor.contiguous() for name, tensor in module.state_dict().items()})
    contents[named(WEIGHTS_FILE, weights)] = weights
    body, head = count_parameters(module)
    record = VariantRecord(file=named(WEIGHTS_FILE, weights), sha256=hashlib.sha256(weights).hexdigest())
    filled = card.model_copy(
        update={
            "parameters": body,
            "head_parameters": head,
            "variants": {"float32": record},
            "attachments": {},
            "calibration": None,
        }
    )
    filled = with_attachments(filled, attachments or {}, contents)
    if calibration is not None:
        filled = with_calibration(filled, calibration, contents)
    with suppress(OSError):
        # `change` says why, if it cannot be made.
        target.mkdir(parents=True, exist_ok=True)
    change(target, lambda: filled, contents, FORMERLY)
    return Model.from_card(filled, target)


def add_variant(folder: Path, name: str, file: str, content: bytes, record: VariantRecord) -> Variant:
    """Put a further set of weights beside a saved model, in place of an older one of the same name.

    The name and the hash of the file and, where `record` names none, the hash of its parent (float32) are
    filled in here.
    """

    def added() -> ModelCard:
        card = read_card(folder)
        filled = record.model_copy(
            update={
                "file": named(file, content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "parent": record.parent or card.variants["float32"].sha256,
            }
        )
        return card.model_copy(update={"variants": {**card.variants, name: filled}})

    filled = change(folder, added, {named(file, content): content}).variants[name]
    return Variant(
        record.backend or name, folder / filled.file, filled.sha256, filled.parent, filled.codebook
    )


def add_calibration(folder: Path, images: FloatArray, note: str) -> None:
    """Keep some normalised training images ``(n, h, w)`` beside a saved model, in half precision."""
    contents: Contents = {}
    stored = with_calibration(read_card(folder), Examples(images, note), contents).calibration
    change(folder, lambda: read_card(folder).model_copy(update={"calibration": stored}), contents)


def update_card(folder: Path, metrics: list[Metric], attachments: Mapping[str, bytes] | None = None) -> None:
    """Put figures into the card of a saved model, in place of older ones of the same name and split.

    `attachments` are files that belong to them.
    """
    contents: Contents = {}
    attached = with_attachments(read_card(folder), attachments or {}, contents).attachments

    def updated() -> ModelCard:
        card, fresh = read_card(folder), {(metric.name, metric.split) for metric in metrics}
        kept = tuple(metric for metric in card.metrics if (metric.name, metric.split) not in fresh)
        return card.model_copy(update={"metrics": (*kept, *metrics), "attachments": attached})

    change(folder, updated, contents)


def read_card(folder: Path) -> ModelCard:
    """Read the card of a saved model."""
    return ModelCard.model_validate_json((folder / CARD_FILE).read_text(encoding="utf-8"))


def write_card(folder: Path, card: ModelCard) -> None:
    """Write the card of a saved model."""
    change(folder, lambda: card, {})


def named(file: str, content: bytes) -> str:
    """Return the name of a file with the hash of its content: ``int8-0123456789ab.onnx``."""
    path = Path(file)
    return path.with_stem(f"{path.stem}-{hashlib.sha256(content).hexdigest()[:12]}").as_posix()


def with_attachments(card: ModelCard, attachments: Mapping[str, bytes], contents: Contents) -> ModelCard:
    """Return the card with further files, whose contents are added to what has to be written."""
    files = {name: named(name, content) for name, content in attachments.items()}
    contents |= {files[name]: content for name, content in attachments.items()}
    return card.model_copy(update={"attachments": {**card.attachments, **files}})


def with_calibration(card: ModelCard, images: Examples, contents: Contents) -> ModelCard:
    """Return the card with images that are kept, whose file is added to what has to be written."""
    from safetensors.numpy import save

    content = save({"images": images.images.astype("float16")})
    file, digest = named(CALIBRATION_FILE, content), hashlib.sha256(content).hexdigest()
    contents[file] = content
    record = CalibrationRecord(file=file, sha256=digest, n=len(images.images), note=images.description)
    return card.model_copy(update={"calibration": record})


def change(
    folder: Path, new: Callable[[], ModelCard], contents: Contents, stale: frozenset[str] = frozenset()
) -> ModelCard:
    """Write files of a model, then its card, then remove what the card no longer names; returns the card.

    `stale` are further files to remove.

    Raises
    ------
    SciMLError
        If the folder cannot be written, or another program is saving into it all the time.
    """
    try:
        folder.stat()
        with held(folder / LOCK, WAIT_S) as alone:
            if not alone:
                raise SciMLError(f"Another program is saving into {folder}", "wait until it is done")
            for file, content in contents.items():
                write_bytes(folder / file, content)
            before, card = files_named(folder), new()
            write_bytes(folder / CARD_FILE, (card.model_dump_json(indent=2) + "\n").encode())
            sweep(folder, card, before | stale)
    except OSError as error:
        raise SciMLError(
            f"The model could not be written to {folder} ({error.strerror or error})",
            "choose a folder that you may write to",
        ) from error
    return card


def files_named(folder: Path) -> frozenset[str]:
    """Name the files that the card in a folder names; none if there is no valid card."""
    try:
        return read_card(folder).files
    except (FileNotFoundError, ValidationError):
        return frozenset()


def sweep(folder: Path, card: ModelCard, before: frozenset[str]) -> None:
    """Remove files that only an older card named, and what an interrupted save left behind."""
    # Earlier versions had no hash in names.
    outdated = (before | card.attachments.keys()) - card.files
    for path in folder.iterdir():
        if path.name in card.files or not path.is_file():
            continue
        if path.name in outdated or DRAFT.fullmatch(path.name) or is_hashed(path):
            # Where an open file cannot be removed, the next save does it.
            with suppress(OSError):
                path.unlink()


def is_hashed(path: Path) -> bool:
    """Whether a file has the hash of its content in its name, as only those of models do."""
    match = HASHED.fullmatch(path.name)
    return match is not None and hashlib.sha256(path.read_bytes()).hexdigest().startswith(match[1])
