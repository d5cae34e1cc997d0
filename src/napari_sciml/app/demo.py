"""Open napari on a sample, with the panel docked and the run started.

``python -m napari_sciml.app.demo microct`` shows it; with ``--screenshot FILE`` it saves a picture of
the window when the run is finished, and quits. The command ``napari-sciml demo`` starts this by name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari.components import ViewerModel

from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.panel import dock_panel
from napari_sciml.app.session import session_for
from napari_sciml.layers.samples import sample_layers
from napari_sciml.techniques.registry import sample_names

WINDOW = (1280, 720)
"""Width and height of the demo's window in pixels: fits on a laptop's screen."""
SETTLE_MS = 1500
"""Time for the canvas to draw and for notifications to fade in before a picture is taken."""


def open_demo(technique: str, viewer: ViewerModel | None = None) -> Any:
    """Show the sample of `technique` with its run started, and give the viewer.

    Raises
    ------
    SciMLError
        If the technique has no sample.
    """
    import napari
    from napari.layers import Layer

    layers = sample_layers(technique)
    viewer = viewer if viewer is not None else napari.Viewer()
    for data in layers:
        viewer.add_layer(Layer.create(*data))
    dock_panel(viewer)
    runs = session_for(viewer).runs
    runs.choose_technique(technique)
    runs.run()
    return viewer


def show_best(viewer: ViewerModel) -> None:
    """Turn to the page of the result, and to the frame with the surest answer where there are frames."""
    runs = session_for(viewer).runs
    panel = dock_panel(viewer)
    panel.turn_to("result")
    findings = runs.state.findings
    if findings is None or "frame" not in findings.table or not len(findings.table):
        return
    sure = next((name for name in ("score", "probability") if name in findings.table), None)
    if sure is not None:
        worth = findings.table[sure].fillna(0.0).to_numpy(float)
        if "agreement" in findings.table:
            # Among sure ones the one whose spots are seen best.
            worth = worth * (0.5 + findings.table["agreement"].fillna(0.0).to_numpy(float))
        best = worth.argmax()
        runs.go_to_frame(int(findings.table["frame"].to_numpy()[best]))


def quit_with_picture(viewer: ViewerModel, picture: Path) -> None:
    """Save a picture of the window once the run is over, then close it."""
    from qtpy.QtCore import QTimer

    runs = session_for(viewer).runs

    def settle() -> None:
        show_best(viewer)
        QTimer.singleShot(SETTLE_MS, finish)

    def finish() -> None:
        viewer.window.screenshot(str(picture), flash=False)
        viewer.close()

    def on_change(state: RunState) -> None:
        if state.phase is Phase.IDLE and (state.result or state.error):
            runs.changed.disconnect(on_change)
            QTimer.singleShot(SETTLE_MS, settle)

    runs.changed.connect(on_change)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from the command line and give the exit status."""
    parser = argparse.ArgumentParser(prog="napari_sciml.app.demo", description="Open napari on a sample.")
    parser.add_argument("technique", choices=sorted(sample_names()))
    parser.add_argument("--screenshot", type=Path, help="save a picture of the finished run and quit")
    given = parser.parse_args(arguments)

    import napari

    viewer = open_demo(given.technique)
    if given.screenshot is not None:
        viewer.window.resize(*WINDOW)
        quit_with_picture(viewer, given.screenshot)
    napari.run()
    state = session_for(viewer).runs.state
    if given.screenshot is not None and state.error:
        print(state.error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
