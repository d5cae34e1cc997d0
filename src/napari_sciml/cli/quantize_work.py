"""What ``quantize`` does: copy a model, make its training images again, and make the variant."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import load
from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import CARD_FILE
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.registry import WEIGHTS_FOLDER, open_model
from napari_sciml.techniques import spec_of
from napari_sciml.training.quantisation.calibration_set import Maker

WORK = "work"
PATCHES, IMAGES, FIELDS = 12_000, 4000, 100
"""Training images for quantisation-aware training, small ones, larger ones and fields: so many that a laptop
needs minutes; set by hand."""
SMALL_PX = 32
"""Edge in pixels up to which images are patches, of which many are cheap; set by hand, above the 16 px of
Table VII."""
FEW_IMAGES, FEW_FIELDS = 400, 16
"""Images, or fields, that give the levels of the data where nothing is learnt; set by hand."""
QUICK_IMAGES, QUICK_FIELDS = 100, 10
"""Images, or fields of a dense network, of a quick try whose variant is not meant for use."""


def copy_for(model: Model, out: Path | None) -> Model:
    """Return the model whose folder is changed: itself, or its copy in `out`, which may be there already.

    Raises
    ------
    SciMLError
        If the model came with the program and no folder is given, or another model lies there.
    """
    from napari_sciml.io.saving.atomic import make_folder, unwritable, write_text

    if out is None:
        if model.folder.parent == WEIGHTS_FOLDER:
            raise SciMLError(
                f"{model.name} came with the program and stays as it is",
                "say with --out DIR where its copy goes",
            )
        return model
    target = out / model.folder.resolve().name
    if target.resolve() == model.folder.resolve():
        return model
    if (target / CARD_FILE).is_file():
        there = open_model(target)
        if there.variant("float32").sha256 != model.variant("float32").sha256:
            raise SciMLError(f"Another model lies in {target}", "choose another folder with --out")
        return there
    make_folder(out)
    try:
        ignored = shutil.ignore_patterns(WORK, CARD_FILE)
        shutil.copytree(model.folder, target, ignore=ignored, dirs_exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error
    # Last: a folder without a card is no model.
    write_text(target / CARD_FILE, (model.folder / CARD_FILE).read_text(encoding="utf-8"))
    return open_model(target)


def make_levels(
    model: Model, wanted: dict[str, Any], seed: int, quick: bool, command: str
) -> Generator[Progress, None, Variant]:
    """Make a low-bit variant; the same call goes on where an earlier one stopped."""
    from napari_sciml.core.settings import RunSettings
    from napari_sciml.networks.codebook.spec import CodebookSpec
    from napari_sciml.training.fit import FitSettings
    from napari_sciml.training.quantisation.codebook import make_codebook

    spec = CodebookSpec.of(RunSettings(**wanted), model.normalisation)
    few = spec.method == "constrain"
    count = (FEW_FIELDS if model.dense else FEW_IMAGES) if few else training_count(model)
    settings: FitSettings | None = None
    if quick:
        count = QUICK_FIELDS if model.dense else QUICK_IMAGES
        settings = FitSettings(epochs=1, batch=4 if model.dense else 16, learning_rate=1e-3, symmetric=False)
    yield from with_calibration_set(model)
    maker = maker_of(model)
    examples = yield from maker.examples(model, count, seed)
    folder = model.folder / WORK / f"{spec.key}-{count}-{seed}"
    return (yield from make_codebook(model, spec, examples, seed, folder, settings=settings, command=command))


def training_count(model: Model) -> int:
    """Return with how many images quantisation-aware training works."""
    if model.input is None:
        return FIELDS
    return PATCHES if max(model.input) <= SMALL_PX else IMAGES


def sweep_levels(
    model: Model, out: Path | None, scope: str, seed: int, quick: bool
) -> Generator[Progress, None, list[Path]]:
    """Measure how few levels each part of a model tolerates; gives a table and a picture.

    Raises
    ------
    SciMLError
        If there is no folder for them, or it cannot be written.
    """
    from napari_sciml.io.saving.atomic import make_folder
    from napari_sciml.io.saving.file_sets import new_set
    from napari_sciml.io.saving.tables import write_csv
    from napari_sciml.training.quantisation.sweep import picture, sensitivity

    if out is None:
        raise SciMLError("The table and the picture need a place", "say with --out DIR where they go")
    make_folder(out)
    few = (QUICK_IMAGES, QUICK_FIELDS) if quick else (FEW_IMAGES, FEW_FIELDS)
    examples = yield from maker_of(model).examples(model, few[model.dense], seed)
    half = len(examples.images) // 2
    table = yield from sensitivity(model, examples.images[half:], examples.images[:half], scope=scope)
    name = f"{model.name}-levels"
    files = (f"{name}.csv", f"{name}.png")
    with new_set(out, f"{name}.json", f"{name}-data", files) as draft:
        write_csv(table, draft.outer(files[0]))
        picture(table, draft.outer(files[1]))
        draft.record = {"model": model.name, "scope": scope, "seed": seed}
    return [draft.saved.outer(file) for file in files]


def make_integers(model: Model, seed: int, quick: bool, command: str) -> Generator[Progress, None, Variant]:
    """Make a variant of integers, calibrated on the calibration set of the model."""
    from napari_sciml.training.quantisation.integers import make_int8

    known = yield from with_calibration_set(model)
    few = (QUICK_IMAGES, QUICK_FIELDS) if quick else (FEW_IMAGES, FEW_FIELDS)
    # Another seed than that of the calibration set.
    others = yield from maker_of(model).examples(model, few[model.dense], seed + 1)
    yield Progress(0, 1, "conversions")
    return make_int8(known, known.calibration_images(), known.folder, others=others.images, command=command)


def with_calibration_set(model: Model) -> Generator[Progress, None, Model]:
    """Return the model with a calibration set, made now if it has none."""
    from napari_sciml.training.quantisation.calibration_set import add_calibration_set

    if model.card.get("calibration") is not None:
        return model
    return (yield from add_calibration_set(model, maker_of(model)))


def maker_of(model: Model) -> Maker:
    """Return the module that makes a model's training images again.

    Raises
    ------
    SciMLError
        If its technique has none.
    """
    examples = spec_of(model.technique).examples
    if not examples:
        raise SciMLError(
            f"The training images of {model.name} cannot be made again", "its technique has no code for it"
        )
    maker: Maker = load(examples)
    return maker
