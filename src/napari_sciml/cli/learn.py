"""``train`` and ``evaluate``: make a technique's networks from simulated data, and say how good they are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from napari_sciml.cli.console import note, progress_bar, say
from napari_sciml.cli.groups import technique_group
from napari_sciml.cli.outcome import prepare_folder
from napari_sciml.techniques import technique_names

TRAINABLE = ("diffraction", "gisaxs", "microct")
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")]


def trainable() -> list[str]:
    """Name the techniques whose networks can be trained and evaluated from here."""
    return [name for name in technique_names() if name in TRAINABLE]


def make_train(technique: str) -> Callable[..., None]:
    """Make the command ``train TECHNIQUE``."""

    def train(
        seed: Annotated[
            int, typer.Option(min=0, help="Seed of the simulation, the splits and the weights.")
        ] = 0,
        out: OutFolder = Path("trained"),
        quick: Annotated[
            bool,
            typer.Option("--quick", help="A small run of a few minutes, to see that everything works."),
        ] = False,
    ) -> None:
        """Train the networks on simulated data and write weights with their model cards."""
        from napari_sciml.core.progress import drive
        from napari_sciml.networks.card import CARD_FILE

        work = import_module(f"napari_sciml.techniques.{technique}.train").train
        prepare_folder(out)
        try:
            with progress_bar("Training") as show:
                written = drive(work(out, seed, quick), show)
        except KeyboardInterrupt:
            note("The same command goes on from here.")
            raise
        folders = sorted(card.parent for card in written.glob(f"*/{CARD_FILE}"))
        say(f"Trained {len(folders)} models:")
        for folder in folders:
            say(f"  {folder}")
        say(f"Use one with: napari-sciml run {technique} INPUT --out DIR --model FOLDER")

    return train


def make_evaluate(technique: str) -> Callable[..., None]:
    """Make the command ``evaluate TECHNIQUE``."""

    def evaluate(
        data: Annotated[
            Path | None,
            typer.Option(
                metavar="PATH",
                help="Data of others to test on as well: labelled patches for microct (.npz with images, "
                "labels, coords), a frame with Bragg spots for diffraction, for gisaxs a folder with frames "
                "of films (*.cbf) or hipgisaxs_2016_dev.npz.",
            ),
        ] = None,
        models: Annotated[
            Path | None,
            typer.Option(
                metavar="DIR",
                help="Folder that `train` has written: measure these and put the figures into their cards.",
            ),
        ] = None,
        out: OutFolder = Path("evaluated"),
    ) -> None:
        """Measure the shipped networks, or your own, on simulated and on real data.

        Writes evaluation.csv.
        """
        from napari_sciml.core.progress import drive

        work = import_module(f"napari_sciml.techniques.{technique}.evaluate").evaluate
        prepare_folder(out)
        with progress_bar("Evaluating") as show:
            table = drive(work(out, data, models), show)
        shown = ["model", "name", "split", "value", "low", "high", "n", "baseline"]
        figures = table[shown].astype({"baseline": float})
        say(figures.to_string(index=False, float_format="{:.4f}".format, na_rep=""))
        say(f"  {out / 'evaluation.csv'}")

    return evaluate


train_group = technique_group(
    "Train the networks of a technique on simulated data.\n\n"
    "For example: napari-sciml train microct --seed 0",
    make_train,
    trainable,
)
evaluate_group = technique_group(
    "Measure the networks of a technique.\n\nFor example: napari-sciml evaluate microct",
    make_evaluate,
    trainable,
)
