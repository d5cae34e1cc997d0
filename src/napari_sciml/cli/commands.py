"""The commands and what becomes of their errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from napari_sciml.cli import demo, doctor, learn, models, quantize, run, simulate
from napari_sciml.cli import open as open_run
from napari_sciml.cli.console import report
from napari_sciml.core.errors import SciMLError

FAULT = 2
"""Exit status for what a person can mend, as for a mistyped option."""

ORDER = ("demo", "run", "open", "models", "doctor", "simulate", "train", "evaluate", "quantize")


class Root(TyperGroup):
    """Lists the commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands."""
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="napari-sciml",
    cls=Root,
    # Plain help: the boxes of the decorated one leave a third of the width for words.
    rich_markup_mode=None,
    help="Label fibres, Bragg peaks, lattices and particles: small networks for a laptop.",
    no_args_is_help=True,
    add_completion=False,
    # A bug keeps Python's own traceback; the decorated one hides lines that matter.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.add_typer(run.group, name="run")
app.command("open")(open_run.open_saved)
app.add_typer(learn.train_group, name="train")
app.add_typer(learn.evaluate_group, name="evaluate")
app.add_typer(simulate.group, name="simulate")
app.command("quantize")(quantize.quantize)
app.command("models")(models.models)
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"napari-sciml {version('napari-sciml')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. A `SciMLError` becomes one sentence; anything else keeps its traceback.

    Parameters
    ----------
    arguments
        Words after the program's name, or None for those it was called with.
    """
    try:
        app(args=None if arguments is None else list(arguments), prog_name="napari-sciml")
    except SciMLError as error:
        report(error)
        sys.exit(FAULT)
