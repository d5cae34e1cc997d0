"""``models``: which networks there are, and the card of one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from napari_sciml.cli.console import note, say
from napari_sciml.cli.variants import describe


def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A model's name or folder: print its card.", show_default=False),
    ] = None,
) -> None:
    """List the networks with their accuracy, or print the card of one."""
    from napari_sciml.networks.registry import get_model, models_table

    if name is not None:
        chosen = get_model(name)
        say(json.dumps(chosen.card, indent=2, ensure_ascii=False))
        # The card can be parsed; what is said about it must not stand in its way.
        note("Weights:")
        for variant in chosen.variants:
            note(f"  {describe(chosen, variant)}")
        return
    table = models_table()
    if table.empty:
        say("No model is installed. Make one with: napari-sciml train microct --out trained/")
        return
    table["classes"] = table["classes"].map(lambda names: shortened(names.split(", ")))
    say(table.to_string(index=False, formatters={"parameters": "{:,}".format, "accuracy": "{:.4f}".format}))
    say("Print one card with: napari-sciml models NAME")


def shortened(names: list[str]) -> str:
    """Return the names of classes on one line; of many the first, the last and their number."""
    return ", ".join(names) if len(names) <= 8 else f"{names[0]} ... {names[-1]} ({len(names)})"
