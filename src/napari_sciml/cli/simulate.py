"""``simulate``: make data with known truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_sciml.cli.console import progress_bar, say
from napari_sciml.cli.groups import having, technique_group
from napari_sciml.cli.options import with_options
from napari_sciml.cli.outcome import prepare_folder, print_notes
from napari_sciml.core.lazy_import import load
from napari_sciml.techniques import spec_of
from napari_sciml.techniques.simulate_and_train import Simulator


def make_simulate(technique: str) -> Callable[..., None]:
    """Make the command ``simulate TECHNIQUE`` with the specimen's properties as options."""
    simulator: Simulator = load(spec_of(technique).simulator)()

    @with_options(simulator.settings_type)
    def simulate(
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the files.", show_default=False)
        ],
        seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same data.")] = 0,
        *,
        settings: dict[str, Any],
    ) -> None:
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.io.saving.simulation import SIMULATION

        spec = parse_settings(simulator.settings_type, settings)
        prepare_folder(out)
        with progress_bar("Simulating") as show:
            made = drive(simulator.simulate(spec, seed, out), show)
        say(made.sentence)
        for file in made.files:
            say(f"  {file}")
        print_notes(out, *SIMULATION)
        if made.next_step:
            say(made.next_step)

    simulate.__doc__ = simulator.__doc__
    return simulate


group = technique_group(
    "Make data with known truth.\n\nFor example: napari-sciml simulate microct --out phantom/ --seed 1",
    make_simulate,
    having("simulator"),
)
