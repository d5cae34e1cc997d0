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

TRAINABLE = ("cryoem", "diffraction", "gisaxs", "microct")
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")]


def trainable() -> list[str]:
    """Name the techniques whose networks can be trained and evaluated from here."""
    return [name for name in technique_names() if name in TRAINABLE]


def make_train(technique: str) -> Callable[..., None]:
    """Make the command ``train TECHNIQUE``."""
    if technique == "cryoem":
        return train_cryoem

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
        train_all(technique, out, seed, quick)

    return train


def train_all(technique: str, out: Path, seed: int, quick: bool) -> None:
    """Train all networks of a technique and say where they are."""
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


def train_cryoem(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation and the weights.")] = 0,
    out: OutFolder = Path("trained"),
    quick: Annotated[
        bool, typer.Option("--quick", help="A small run of a few minutes, to see that everything works.")
    ] = False,
    map: Annotated[  # noqa: A002  # the option's name
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A density map of your particle (MRC, a cube): train a model that sorts it into views, in "
            "some minutes, instead of training all shipped models.",
        ),
    ] = None,
    map_pixel_size: Annotated[
        float | None,
        typer.Option(
            "--map-pixel-size-A", help="Edge of the map's voxels in Angstrom, where its file does not say."
        ),
    ] = None,
) -> None:
    """Train the picker and the orientation networks on simulated data, or one for your own map."""
    if map is None:
        train_all("cryoem", out, seed, quick)
        return
    from napari_sciml.core.progress import drive
    from napari_sciml.techniques.cryoem.maps import load_map
    from napari_sciml.techniques.cryoem.orientation.train_map import train_for_map

    particle = load_map(map, map_pixel_size)
    prepare_folder(out)
    try:
        with progress_bar("Training") as show:
            folder = drive(train_for_map(particle, out, seed, quick=quick), show)
    except KeyboardInterrupt:
        note("The same command goes on from here.")
        raise
    say(f"Trained a model for {particle.name}: {folder}")
    say(f"Use it with: napari-sciml run cryoem INPUT --views network --orientation-model {folder} --out DIR")


def make_evaluate(technique: str) -> Callable[..., None]:
    """Make the command ``evaluate TECHNIQUE``."""

    def evaluate(
        data: Annotated[
            Path | None,
            typer.Option(
                metavar="PATH",
                help="Data of others to test on as well: labelled patches for microct (.npz with images, "
                "labels, coords), a frame with Bragg spots for diffraction, for gisaxs a folder with frames "
                "of films (*.cbf) or hipgisaxs_2016_dev.npz, for cryoem micrographs beside tables "
                "of picks (y_px, x_px).",
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
