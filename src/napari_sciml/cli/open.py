"""``open``: a saved run in a window, with its image, its points and its sliders."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from napari_sciml.cli.demo import has_display, open_window
from napari_sciml.core.errors import SciMLError
from napari_sciml.io.saving.file_sets import open_set
from napari_sciml.techniques.saved_runs import folder_of, record_of


def open_saved(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of a saved run, or the run.json in it.")
    ],
) -> None:
    """Open a saved run in a window."""
    place = folder_of(folder)
    record_of(open_set(place))
    if not has_display(os.environ, sys.platform):
        raise SciMLError("There is no display", f"open it in Python: sciml.open_run({str(place)!r})")
    open_window("napari_sciml.app.reopen", str(place.absolute()))
