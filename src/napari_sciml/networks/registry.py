"""Which models there are: the ones that ship with weights, and any folder with a card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import architecture_names
from napari_sciml.networks.card import CARD_FILE, ModelCard
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.rules import NORMALISATIONS

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS_FOLDER = Path(__file__).parent.parent / "weights"
COLUMNS = ("name", "technique", "classes", "input", "parameters", "variants", "accuracy", "licence")


def model_names() -> list[str]:
    """Name the models that ship with this installation."""
    return sorted(card.parent.name for card in WEIGHTS_FOLDER.glob(f"*/{CARD_FILE}"))


def get_model(name_or_folder: str | Path) -> Model:
    """Return a model that ships with the program, or the one in a folder of yours.

    Raises
    ------
    SciMLError
        If there is no such model or its card is not valid.
    """
    if str(name_or_folder) in model_names():
        return open_model(WEIGHTS_FOLDER / str(name_or_folder))
    folder = Path(name_or_folder).expanduser()
    if not folder.is_dir():
        names = model_names()
        hint = f"use one of {', '.join(names)}, or" if names else "this installation brings none; give"
        raise SciMLError(
            f"There is no model called {str(name_or_folder)!r}", f"{hint} the folder of a trained model"
        )
    return open_model(folder)


def open_model(folder: Path) -> Model:
    """Read the card in `folder`. The weights are read when the model is built."""
    path = folder / CARD_FILE
    try:
        card = ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SciMLError(
            f"The folder {folder} holds no model: {CARD_FILE} could not be read",
            "choose a folder that training has written",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SciMLError(
            f"The model card {path} is not valid at {where}: {first['msg']}",
            "install or train the model again",
        ) from error
    if card.architecture not in architecture_names() or card.normalisation not in NORMALISATIONS:
        raise SciMLError(
            f"The model card {path} asks for {card.architecture} with {card.normalisation} pixels",
            "this version knows no such pair; a newer version may",
        )
    return Model.from_card(card, folder)


def models_table() -> pd.DataFrame:
    """List the models that ship with this installation, one row each, with the figure to quote."""
    import pandas as pd

    rows = []
    for name in model_names():
        model = get_model(name)
        best = ModelCard.model_validate(model.card).headline_metric
        rows.append(
            {
                "name": model.name,
                "technique": model.technique,
                "classes": ", ".join(model.classes),
                "input": "any field" if model.input is None else f"{model.input[0]} x {model.input[1]}",
                "parameters": model.parameters,
                "variants": ", ".join(dict.fromkeys(variant.kind for variant in model.variants)),
                "accuracy": float("nan") if best is None else best.value,
                "licence": model.licence,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
