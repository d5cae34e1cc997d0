"""``demo``: the main job on the shipped sample, in a window or, without a display, into files."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from napari_sciml.cli.console import note, say
from napari_sciml.cli.demo_samples import SAMPLES
from napari_sciml.cli.run import run_source
from napari_sciml.core.errors import SciMLError


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
    if technique not in SAMPLES:
        raise SciMLError(f"There is no demo called {technique}", f"use one of {', '.join(SAMPLES)}")
    if not headless and not has_display(os.environ, sys.platform):
        note("There is no display, so the demo writes files.")
        headless = True
    if headless:
        run_headless(technique, out)
    else:
        open_window(technique)


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a window can be shown. Only Linux says so in its environment."""
    if not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_window(technique: str) -> None:
    """Start napari in a process of its own, by name: this package's command line knows no window.

    Raises
    ------
    SciMLError
        If napari is not installed.
    """
    if importlib.util.find_spec("napari") is None:
        raise SciMLError(
            "napari is not installed",
            'type: pip install "napari-sciml[all]", or add --headless to write files instead',
        )
    say("Opening napari; the first time takes a few seconds.")
    status = subprocess.call([sys.executable, "-m", "napari_sciml.app.demo", technique])
    if status:
        raise typer.Exit(status)


def run_headless(technique: str, out: Path) -> None:
    """Run on the sample, write the files and say how well the known truth was found."""
    sample = SAMPLES[technique]
    with sample.source() as source:
        findings = run_source(technique, source, {}, out)
        say(sample.verdict(findings))
