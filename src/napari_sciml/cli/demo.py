"""``demo``: the main job on the shipped sample, in a window or, without a display, into files."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sciml.cli.console import note, say
from napari_sciml.cli.run import run_source
from napari_sciml.core.errors import SciMLError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sample:
    """A shipped image and the table of what is truly in it."""

    image: str
    truth: str


MATCH_RADIUS_PX = 4.0
"""A find belongs to a known centre if it lies within this distance."""

SAMPLES: Mapping[str, Sample] = {"microct": Sample("cmc_phantom.tif", "cmc_phantom_truth.csv")}


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


def sample_folder() -> Traversable:
    """Give the folder of the shipped samples, wherever the package lies."""
    return resources.files("napari_sciml") / "samples"


def run_headless(technique: str, out: Path) -> None:
    """Run on the sample, write the files and say how well the known truth was found."""
    from napari_sciml.io import open_image

    folder, sample = sample_folder(), SAMPLES[technique]
    with (
        resources.as_file(folder / sample.image) as image,
        resources.as_file(folder / sample.truth) as truth,
    ):
        source = open_image(image)
        try:
            findings = run_source(technique, source, {}, out)
        finally:
            source.close()
        import pandas as pd

        say(truth_line(findings.table, pd.read_csv(truth)))


def truth_line(found: pd.DataFrame, true: pd.DataFrame) -> str:
    """Say how well the known centres were found; both tables have the columns ``z, y, x`` in pixels."""
    from napari_sciml.training.matching import match_points

    # Slices are moved far apart, so that a pair always lies in one slice.
    spread = (1000 * MATCH_RADIUS_PX, 1.0, 1.0)
    places = [table[["z", "y", "x"]].to_numpy(float) * spread for table in (found, true)]
    result = match_points(places[0], places[1], MATCH_RADIUS_PX)
    return (
        f"Against the known truth ({result.true} centres, matched within {MATCH_RADIUS_PX:g} px): "
        f"precision {result.precision:.3f}, recall {result.recall:.3f}, F1 {result.f1:.3f}."
    )
