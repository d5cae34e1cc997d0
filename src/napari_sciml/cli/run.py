"""``run``: find what a technique looks for in an image, and write it into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_sciml.cli import outcome
from napari_sciml.cli.console import STOPPED, note, progress_bar, say, stop_on_interrupt
from napari_sciml.cli.groups import technique_group
from napari_sciml.cli.options import with_options
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken
from napari_sciml.techniques import get_technique
from napari_sciml.techniques.registry import usable_names

if TYPE_CHECKING:
    from napari_sciml.core.findings import Findings
    from napari_sciml.core.source import ImageSource


def make_run(technique: str) -> Callable[..., None]:
    """Make the command ``run TECHNIQUE`` with the settings of that technique as options."""

    @with_options(get_technique(technique).settings_type)
    def run(
        image: Annotated[
            str,
            typer.Argument(
                metavar="INPUT",
                help="TIFF, MRC, folder of slices, 'scan_*.tif', OME-Zarr, HDF5 (f.h5::/x), CBF, EDF, .npy.",
                show_default=False,
            ),
        ],
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Folder for the results.", show_default=False)
        ],
        dataset: Annotated[
            str | None, typer.Option(help="Part inside an HDF5, Zarr or .npz file.", show_default=False)
        ] = None,
        axes: Annotated[
            str | None,
            typer.Option(help="What the axes of the file are, for example zyx or tczyx.", show_default=False),
        ] = None,
        channel: Annotated[
            int | None, typer.Option(help="Channel of an image with several.", show_default=False)
        ] = None,
        shape: Annotated[
            str | None,
            typer.Option(help="Size of a .raw or .vol file, for example 300,512,512.", show_default=False),
        ] = None,
        dtype: Annotated[
            str | None, typer.Option(help="Type of its pixels, for example uint16.", show_default=False)
        ] = None,
        threads: Annotated[
            int | None, typer.Option(min=1, help="Processor cores to use; all if not given.")
        ] = None,
        *,
        settings: dict[str, Any],
    ) -> None:
        from napari_sciml.io import open_image

        series = get_technique(technique).independent_frames
        source = open_image(
            image,
            dataset=dataset,
            axes=axes,
            channel=channel,
            independent_frames=series,
            shape=shape,
            dtype=dtype,
        )
        try:
            run_source(technique, source, settings, out, threads)
        finally:
            source.close()

    run.__doc__ = f"""{get_technique(technique).title}: table, points, record, picture.

    Writes findings.csv, points.csv (napari opens it), run.json and overlay.png into the folder.

    Ctrl-C stops after the tile at hand; what was found until then is written and marked partial.
    """
    return run


def run_source(
    technique: str, source: ImageSource, settings: dict[str, Any], out: Path, threads: int | None = None
) -> Findings:
    """Print the plan, run it with a progress bar and write the files.

    Raises
    ------
    SciMLError
        If the run cannot start or the files cannot be written.
    typer.Exit
        If Ctrl-C stopped the run; the files are written nevertheless.
    """
    from napari_sciml import api
    from napari_sciml.core.settings import parse_settings
    from napari_sciml.io.description import describe_source

    recipe = get_technique(technique)
    plan = recipe.plan(source, parse_settings(recipe.settings_type, settings))
    if plan.problem:
        raise SciMLError(plan.problem)
    say(describe_source(source))
    say(plan.line)
    for fact in (*plan.notes, plan.normalisation):
        note(f"  {fact}")
    outcome.prepare_folder(out)
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    token = CancelToken()
    with stop_on_interrupt(token), progress_bar(recipe.title) as show:
        findings = api.run(technique, source, on_progress=show, cancel=token, **settings)
    outcome.print_findings(findings, outcome.save(findings, out))
    if findings.partial:
        raise typer.Exit(STOPPED)
    return findings


group = technique_group(
    "Find what a technique looks for in an image.\n\n"
    "For example: napari-sciml run microct volume.tif --out out/",
    make_run,
    usable_names,
)
