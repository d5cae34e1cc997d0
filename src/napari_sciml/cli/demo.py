"""``demo``: the main job on the shipped sample, in a window or, without a display, into files."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from napari_sciml.cli.console import note, say
from napari_sciml.cli.run import run_source
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import load
from napari_sciml.techniques.registry import sample_of
from napari_sciml.techniques.spec import SampleSpec


def demo(
    technique: Annotated[str, typer.Argument(metavar="TECHNIQUE", help="Which science to show.")] = "microct",
    headless: Annotated[
        bool, typer.Option("--headless", help="Write files instead of opening a window.")
    ] = False,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files of a demo without a window.")
    ] = Path("napari-sciml-demo"),
) -> None:
    """Show the main job on a simulated sample.

    In a window if there is a display, otherwise as files.
    """
    sample = sample_of(technique)
    if not headless and not has_display(os.environ, sys.platform):
        note("There is no display, so the demo writes files.")
        headless = True
    if headless:
        run_headless(technique, sample, out)
    else:
        open_window("napari_sciml.app.demo", technique)


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a window can be shown. Only Linux says so in its environment."""
    if not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_window(module: str, word: str) -> None:
    """Start napari in a process of its own, by name: this package's command line knows no window.

    Parameters
    ----------
    module, word
        What is run, and what it is told.

    Raises
    ------
    SciMLError
        If napari is not installed.
    """
    if importlib.util.find_spec("napari") is None:
        raise SciMLError(
            "napari is not installed",
            'type: pip install "napari-sciml[all]"; without a window, demo takes --headless',
        )
    say("Opening napari; the first time takes a few seconds.")
    status = subprocess.call([sys.executable, "-m", module, word])
    if status:
        raise typer.Exit(status)


def run_headless(technique: str, sample: SampleSpec, out: Path) -> None:
    """Run on the sample, write the files and say how well the known truth was found."""
    with closing(sample.open()) as source:
        findings = run_source(technique, source, {}, out)
    if sample.compare_truth:
        say(load(sample.compare_truth)(findings))
