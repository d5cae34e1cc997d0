"""``quantize``: make a low-bit or integer variant of a model, beside its float32 weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, Field, create_model

from napari_sciml.cli.console import note, progress_bar, say
from napari_sciml.cli.options import with_options
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings, parse_settings

if TYPE_CHECKING:
    from napari_sciml.networks.model import Model

CODEBOOK_ONLY = ("levels", "data_levels", "method", "scope", "targets")
CHOICES: dict[str, Any] = {
    "backend": (
        Literal["codebook", "int8"],
        Field("codebook", description="What to make: a low-bit network, or one of integers."),
    )
} | {
    name: (field.annotation, field)
    for name, field in RunSettings.model_fields.items()
    if name in CODEBOOK_ONLY
}
QuantizeSettings: type[BaseModel] = create_model(
    "QuantizeSettings", __config__=RunSettings.model_config, **CHOICES
)
"""What can be chosen; the levels are those that a run can ask for."""


@with_options(QuantizeSettings)
def quantize(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A model's name or the folder of one.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for a copy of the model; a folder of your own may be changed in place.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the images and of the order they are learnt in.")
    ] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Learn from few images, once, to see that everything works.")
    ] = False,
    sweep: Annotated[
        bool,
        typer.Option(
            "--sweep",
            help="Make no model, but measure how few levels each part tolerates: a table and a picture.",
        ),
    ] = False,
    threads: Annotated[
        int,
        typer.Option(min=1, help="Processor cores to learn with; what is learnt depends a little on it."),
    ] = 1,
    *,
    settings: dict[str, Any],
) -> None:
    """Make a low-bit variant of a model, or one of integers.

    It is stored beside the float32 weights, with how often both give the same label.

    For example: napari-sciml quantize gisaxs-lattice --levels 4 --out small/
    """
    from napari_sciml.cli.quantize_work import copy_for, make_integers, make_levels, sweep_levels
    from napari_sciml.cli.variants import describe, how_to_run
    from napari_sciml.core.progress import drive
    from napari_sciml.networks.registry import get_model, open_model

    wanted = parse_settings(QuantizeSettings, settings).model_dump()
    backend = wanted.pop("backend")
    if backend == "int8" and (given := [name for name in CODEBOOK_ONLY if name in settings]):
        raise SciMLError(
            f"Integers have no {' or '.join(name.replace('_', ' ') for name in given)}",
            f"leave out --{given[0].replace('_', '-')}, or choose --backend codebook",
        )
    source = get_model(model)
    if sweep:
        with progress_bar("Rounding") as show:
            files = drive(sweep_levels(source, out, wanted["scope"], seed, quick), show)
        for file in files:
            say(f"  {file}")
        return
    import torch

    torch.set_num_threads(threads)
    copy = copy_for(source, out)
    say(f"{copy.name} in {copy.folder}")
    command = repeat_command(copy, backend, settings, seed, quick)
    if backend == "int8":
        work = make_integers(copy, seed, quick, command)
    else:
        work = make_levels(copy, wanted, seed, quick, command)
    try:
        with progress_bar("Quantizing") as show:
            variant = drive(work, show)
    except KeyboardInterrupt:
        note("The same command goes on from here.")
        raise
    finished = open_model(copy.folder)
    say(describe(finished, variant))
    say(f"Use it with: {how_to_run(finished, variant)}")


def repeat_command(model: Model, backend: str, settings: dict[str, Any], seed: int, quick: bool) -> str:
    """Return the command for the model card, without the machine's own folders."""
    words = ["napari-sciml quantize", model.name, f"--backend {backend}"]
    words += [f"--{name.replace('_', '-')} {value}" for name, value in settings.items() if name != "backend"]
    return " ".join([*words, f"--seed {seed}", *(["--quick"] if quick else []), "--out DIR"])
