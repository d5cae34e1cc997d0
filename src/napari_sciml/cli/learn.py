"""``train`` and ``evaluate``: make a technique's networks from simulated data, and say how good they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_sciml.cli.console import note, progress_bar, say
from napari_sciml.cli.groups import having, technique_group
from napari_sciml.cli.options import with_options
from napari_sciml.cli.outcome import prepare_folder, print_notes
from napari_sciml.core.lazy_import import load
from napari_sciml.techniques import spec_of
from napari_sciml.techniques.simulate_and_train import TrainingOptions

OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for what is written.")]


def make_train(technique: str) -> Callable[..., None]:
    """Make the command ``train TECHNIQUE``."""
    spec = spec_of(technique)
    options_type: type[TrainingOptions] = (
        load(spec.training_options) if spec.training_options else TrainingOptions
    )

    @with_options(options_type)
    def train(
        seed: Annotated[
            int, typer.Option(min=0, help="Seed of the simulation, the splits and the weights.")
        ] = 0,
        out: OutFolder = Path("trained"),
        quick: Annotated[
            bool,
            typer.Option("--quick", help="A small run of a few minutes, to see that everything works."),
        ] = False,
        *,
        settings: dict[str, Any],
    ) -> None:
        """Train the networks on simulated data and write weights with their model cards."""
        from napari_sciml.core.progress import drive
        from napari_sciml.core.settings import parse_settings
        from napari_sciml.networks.card import CARD_FILE

        options = parse_settings(options_type, settings)
        work = load(spec.training)
        prepare_folder(out)
        try:
            with progress_bar("Training") as show:
                written = drive(work(out, seed, quick, **dict(options)), show)
        except KeyboardInterrupt:
            note("The same command goes on from here.")
            raise
        one = (written / CARD_FILE).is_file()
        folders = [written] if one else sorted(card.parent for card in written.glob(f"*/{CARD_FILE}"))
        say(f"Trained {len(folders)} model{'' if len(folders) == 1 else 's'}:")
        for folder in folders:
            say(f"  {folder}")
        if one:
            say(f"Use it with: {options.use(technique, str(written))}")
        else:
            say(f"Use one with: {options.use(technique)}")

    return train


def make_evaluate(technique: str) -> Callable[..., None]:
    """Make the command ``evaluate TECHNIQUE``."""
    spec = spec_of(technique)

    words = f"Data of others to test on as well: {spec.evaluation_data}."
    others: Any = typer.Option(None, metavar="PATH", help=words, hidden=not spec.evaluation_data)

    def evaluate(
        data: Path | None = others,
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
        from napari_sciml.training.evaluated import EVALUATION

        work = load(spec.evaluation)
        prepare_folder(out)
        with progress_bar("Evaluating") as show:
            table = drive(work(out, data, models), show)
        shown = ["model", "name", "split", "value", "low", "high", "n", "baseline"]
        figures = table[shown].astype({"baseline": float})
        say(figures.to_string(index=False, float_format="{:.4f}".format, na_rep=""))
        say(f"  {out / 'evaluation.csv'}")
        print_notes(out, *EVALUATION)

    return evaluate


train_group = technique_group(
    "Train the networks of a technique on simulated data.\n\n"
    "For example: napari-sciml train microct --seed 0",
    make_train,
    having("training"),
)
evaluate_group = technique_group(
    "Measure the networks of a technique.\n\nFor example: napari-sciml evaluate microct",
    make_evaluate,
    having("evaluation"),
)
