"""Open a saved run in a window, with the panel docked and its page open.

``python -m napari_sciml.app.reopen FOLDER`` does it in a new window; the command ``napari-sciml open`` starts
this by name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from napari.components import ViewerModel

from napari_sciml.app.panel import PLUGIN, dock_panel
from napari_sciml.core.errors import SciMLError
from napari_sciml.layers.notify import tell
from napari_sciml.layers.run_folder import is_run_folder
from napari_sciml.techniques.saved_runs import folder_of


def show_run(viewer: ViewerModel, path: str | Path) -> None:
    """Open the saved run in a folder, or say in one sentence that there is none."""
    folder = folder_of(path)
    if not is_run_folder(folder):
        tell(SciMLError(f"{folder} is no saved run", "choose the folder that holds its run.json"))
        return
    panel = dock_panel(viewer)
    viewer.open(str(folder), plugin=PLUGIN)
    panel.turn_to("result")


def main(arguments: Sequence[str] | None = None) -> int:
    """Open napari on a saved run and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="napari_sciml.app.reopen", description="Open a saved run in napari."
    )
    parser.add_argument("folder", type=Path, help="folder of the run, or the run.json in it")
    given = parser.parse_args(arguments)

    import napari

    show_run(napari.Viewer(), given.folder)
    napari.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
