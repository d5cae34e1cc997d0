"""A model's variants in words: how large, how near to float32, and how to run one."""

from __future__ import annotations

import shlex
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.networks.card import Metric
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model, Variant

AGREEMENT = "agreement with float32"


def describe(model: Model, variant: Variant) -> str:
    """Return how large a variant is, and how often it gives the label of float32."""
    if not variant.file.is_file():
        return f"{name_of(model, variant)}: the file {variant.file} is missing"
    size, exact = variant.size_bytes, model.variant("float32")
    line = f"{name_of(model, variant)}: {size:,} bytes"
    if variant.kind != "float32" and exact.file.is_file():
        whole = exact.size_bytes
        times = f"{whole / size:.1f} times smaller" if size < whole else "not smaller"
        line += f", {times} than float32 ({whole:,} bytes)"
    for number, found in enumerate(metrics_of(model, variant)):
        share = f"{100 * found.value:.2f} % ({100 * found.low:.2f} to {100 * found.high:.2f}) of {found.n:,}"
        if number == 0:
            line += f"; the same label as float32 for {share}, {found.split}"
        else:
            line += f"; {found.name.removeprefix(AGREEMENT).strip(', ')}: {share}"
    return line


def name_of(model: Model, variant: Variant) -> str:
    """Return the name of a variant in the card, for example ``codebook-8-qat-layer``."""
    records: dict[str, Any] = model.card["variants"]
    return next(name for name, record in records.items() if record["file"] == variant.file.name)


def metrics_of(model: Model, variant: Variant) -> list[Metric]:
    """Return how near a variant comes to float32, the plain share first; nothing if that was not measured."""
    records = model.card["variants"][name_of(model, variant)]["metrics"]
    found = [Metric.model_validate(record) for record in records]
    return [metric for metric in found if metric.name.startswith(AGREEMENT)]


def how_to_run(model: Model, variant: Variant) -> str:
    """Return the command that labels images with a variant, or the Python call where no command can."""
    choice = {"backend": variant.kind}
    if variant.spec is not None:
        wanted = variant.spec.model_dump()
        defaults = {name: field.default for name, field in RunSettings.model_fields.items()}
        choice |= {name: value for name, value in wanted.items() if value not in (None, defaults[name])}
        usual = CodebookSpec.of(
            parse_settings(RunSettings, {"levels": variant.spec.levels}), model.normalisation
        )
        if variant.spec.data_levels == usual.data_levels:
            choice.pop("data_levels", None)
    folder = str(model.folder)
    options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in choice.items())
    if runs_by_itself(model):
        return f"napari-sciml run {model.technique} INPUT --out DIR --model {shlex.quote(folder)} {options}"
    arguments = ", ".join(f"{name}={value!r}" for name, value in choice.items())
    return f"napari_sciml.classify({folder!r}, images, {arguments})"


def runs_by_itself(model: Model) -> bool:
    """Return whether ``run`` takes this model; others label single images only."""
    from napari_sciml.techniques import get_technique

    recipe: Any = get_technique(model.technique)
    try:
        recipe.model(recipe.settings_type(model=str(model.folder)))
    except SciMLError:
        return False
    return True
