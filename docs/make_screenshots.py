"""Take the pictures of the tutorial by doing what it tells, in a real napari window, on the sample.

``make docs`` runs it before the pages are built, so the pictures cannot go stale. With ``--readme`` it
writes the picture of the README instead, which lies in the repository.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / "_generated"
README_PICTURE = HERE / "_static" / "demo.png"
WINDOW = (1280, 800)
SETTLE_S = 0.8
RUN_LIMIT_S = 900
SLICE = 12
MATCH_PX = 4.0
HIGH_THRESHOLDS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
ENOUGH = 3
HIT_FRAMES = 24
MICROGRAPHS = 6
"""Of the sample; so many take a few minutes and give views of most directions."""
MOVED_LEVEL = 4
"""The value of the codebook that is moved, of eight."""


def main() -> int:
    """Write the pictures and give the exit status."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        print("There is no display: the documentation is built without its screenshots.")
        return 0
    FOLDER.mkdir(exist_ok=True)
    # The pictures show napari as it is when new, not as somebody has set it up.
    os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp()) / "settings.yaml")
    readme = "--readme" in sys.argv[1:]
    tour(README_PICTURE if readme else None)
    if not readme:
        tour_of_hits()
        tour_of_lattices()
        tour_of_particles()
        tour_of_levels()
    let_threads_end()
    return 0


def let_threads_end() -> None:
    """Wait for work whose result is shown already; a thread that outlives Qt would end in a crash."""
    from qtpy.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    assert pool is not None
    pool.waitForDone()
    live(SETTLE_S)


def tour(readme_picture: Path | None) -> None:
    """Go through the tutorial; keep only the result if it is for the README."""
    import napari

    from napari_sciml.app.panel import PLUGIN, dock_panel
    from napari_sciml.app.session import session_for
    from napari_sciml.layers.keys import SAMPLE_KEY
    from napari_sciml.techniques.registry import sample_of

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)

    def keep(name: str) -> None:
        if readme_picture is None:
            shoot(viewer, FOLDER / name)

    viewer.open_sample(PLUGIN, sample_of("microct").key)
    viewer.dims.set_current_step(0, SLICE)
    keep("sample.png")

    dock_panel(viewer)
    runs = session_for(viewer).runs
    runs.choose_technique("microct")
    keep("panel.png")

    runs.run()
    wait(lambda: finished(runs.state))
    viewer.dims.set_current_step(0, SLICE)
    if readme_picture is not None:
        shoot(viewer, readme_picture)
    keep("result.png")

    # High enough that some fibres are missed: fewer circles in one picture, squares by hand in the next.
    image, points = viewer.layers
    missed: list[tuple[float, ...]] = []
    for threshold in HIGH_THRESHOLDS:
        runs.set_threshold(threshold)
        missed = missed_centres(image.metadata[SAMPLE_KEY]["truth"], points.data)
        if len(missed) >= ENOUGH:
            break
    if not missed:
        raise SystemExit("No threshold misses a fibre of the sample; the tutorial needs another example.")
    viewer.dims.set_current_step(0, int(missed[0][0]))
    keep("threshold.png")

    viewer.layers.selection.active = points
    points.add([points.world_to_data(image.data_to_world(centre)) for centre in missed])
    points.selected_data = set()
    keep("corrected.png")
    viewer.close()


def tour_of_lattices() -> None:
    """Go through the tutorial of GISAXS."""
    import napari

    from napari_sciml.app.demo import show_best
    from napari_sciml.app.panel import PLUGIN, dock_panel
    from napari_sciml.app.session import session_for
    from napari_sciml.techniques.registry import sample_of

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    viewer.open_sample(PLUGIN, sample_of("gisaxs").key)
    panel = dock_panel(viewer)
    session = session_for(viewer)
    session.runs.choose_technique("gisaxs")
    shoot(viewer, FOLDER / "gisaxs_panel.png")
    session.runs.run()
    wait(lambda: finished(session.runs.state))
    show_best(viewer)
    shoot(viewer, FOLDER / "gisaxs_result.png")
    panel.turn_to("simulate")
    session.simulation.open_layer()
    wait(lambda: session.simulation.state.live)
    shoot(viewer, FOLDER / "gisaxs_simulate.png")
    viewer.close()


def tour_of_hits() -> None:
    """Go through the tutorial of diffraction, on the first frames of the sample."""
    import napari

    from napari_sciml.app.demo import show_best
    from napari_sciml.app.panel import dock_panel
    from napari_sciml.app.session import session_for
    from napari_sciml.layers.samples import diffraction_run

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    (frames, look, _), *_ = diffraction_run()
    viewer.add_image(frames[:HIT_FRAMES], **look)
    dock_panel(viewer)
    runs = session_for(viewer).runs
    runs.choose_technique("diffraction")
    shoot(viewer, FOLDER / "diffraction_panel.png")
    runs.run()
    wait(lambda: finished(runs.state))
    if not runs.state.findings.table["hit"].any():
        raise SystemExit(f"None of the first {HIT_FRAMES} frames of the sample is a hit.")
    show_best(viewer)
    shoot(viewer, FOLDER / "diffraction_result.png")
    viewer.close()


def tour_of_particles() -> None:
    """Go through the tutorial of cryo-EM, on the first micrographs of the sample."""
    import napari
    from qtpy.QtWidgets import QScrollArea

    from napari_sciml.app.panel import dock_panel
    from napari_sciml.app.session import session_for
    from napari_sciml.app.views.text import ordered

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    add_micrographs(viewer, MICROGRAPHS)
    panel = dock_panel(viewer)
    session = session_for(viewer)
    session.runs.choose_technique("cryoem")
    shoot(viewer, FOLDER / "cryoem_panel.png")
    session.runs.run()
    wait(lambda: finished(session.runs.state))
    viewer.dims.set_point(0, 0)
    shoot(viewer, FOLDER / "cryoem_picks.png")

    panel.turn_to("result")
    area = panel.findChild(QScrollArea, "sciml_views_page_scroll")
    session.views.sort()
    wait(lambda: rested(session.views.state))
    session.views.choose_view(ordered(session.views.state.result.views, "count")[0])
    shoot(viewer, FOLDER / "cryoem_views.png")
    bar = area.verticalScrollBar()
    bar.setValue(bar.maximum())
    shoot(viewer, FOLDER / "cryoem_averages.png")
    session.views.build()
    wait(lambda: rested(session.views.state))
    # The page has grown by the curves.
    live(SETTLE_S)
    bar.setValue(bar.maximum())
    shoot(viewer, FOLDER / "cryoem_map.png")
    viewer.close()


def tour_of_levels() -> None:
    """Compare a low-bit network with float32 on one micrograph, and move a value of the codebook."""
    import napari
    from qtpy.QtWidgets import QWidget

    from napari_sciml.app.panel import dock_panel
    from napari_sciml.app.session import session_for

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    add_micrographs(viewer, 1)
    panel = dock_panel(viewer)
    session = session_for(viewer)
    session.runs.choose_technique("cryoem")
    session.runs.change_backend_options({"backend": "codebook"})
    session.runs.run()
    wait(lambda: finished(session.runs.state))
    session.comparison.choose("float32")
    session.comparison.start()
    wait(lambda: sound(session.comparison.state).is_up)
    # They are sorted from the top; one in the middle shows most around it.
    for _ in range(session.comparison.state.differences // 2 + 1):
        session.comparison.step(1)
    scroll_to(panel.findChild(QWidget, "sciml_compare_place"))
    shoot(viewer, FOLDER / "quantized_comparison.png")
    session.comparison.leave()

    editor = session.codebook
    viewer.fit_to_view()
    panel.turn_to("codebook")
    wait(lambda: bool(sound(editor.state).seen))
    table = editor.state.table
    panel.findChild(QWidget, "sciml_codebook_plot").choose(MOVED_LEVEL)
    editor.move(MOVED_LEVEL, (table[MOVED_LEVEL] + table[MOVED_LEVEL + 1]) / 2)
    editor.settle()
    wait(lambda: not sound(editor.state).busy)
    shoot(viewer, FOLDER / "quantized_codebook.png")
    viewer.close()


def add_micrographs(viewer: Any, count: int) -> None:
    """Open the first micrographs of the sample."""
    from napari_sciml.layers.keys import KNOWN_KEY
    from napari_sciml.layers.samples import cryoem_micrographs

    (micrographs, look, _), *_ = cryoem_micrographs()
    known = look["metadata"][KNOWN_KEY]
    known["ctfs"] = known["ctfs"][:count]
    viewer.add_image(micrographs[:count], **look)


def scroll_to(widget: Any) -> None:
    """Scroll the page so far that `widget` is seen."""
    from qtpy.QtWidgets import QScrollArea

    # The page has grown; its layout follows when the window has lived a little.
    live(SETTLE_S)
    area = widget.parent()
    while not isinstance(area, QScrollArea):
        area = area.parent()
    area.ensureWidgetVisible(widget)


def rested(state: Any) -> bool:
    """Return whether the page Views has nothing more to do, and stop with its message if it failed."""
    return not sound(state).kind


def missed_centres(truth: Any, found: Any) -> list[tuple[float, ...]]:
    """Return the true centres that no point lies on, in the slice where most were missed."""
    by_slice: dict[int, list[tuple[float, ...]]] = {}
    for row in truth.itertuples():
        near = found[found[:, 0] == row.z][:, 1:] - (row.y, row.x)
        if not len(near) or (near**2).sum(axis=1).min() > MATCH_PX**2:
            by_slice.setdefault(row.z, []).append((row.z, row.y, row.x))
    return max(by_slice.values(), key=len, default=[])


def finished(state: Any) -> bool:
    """Return whether the run is over, and stop with its message if it failed."""
    return bool(sound(state).result) and state.phase.value == "idle"


def sound(state: Any) -> Any:
    """Return the state of a page, and stop with its message if something failed."""
    if state.error:
        raise SystemExit(state.error)
    return state


def wait(done: Callable[[], bool]) -> None:
    """Let the window live until `done`."""
    end = time.monotonic() + RUN_LIMIT_S
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"The run did not end within {RUN_LIMIT_S} s.")
        live(0.05)


def live(seconds: float) -> None:
    """Let the window live for a while."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def shoot(viewer: Any, path: Path) -> None:
    """Save a picture of the window."""
    live(SETTLE_S)
    viewer.window.screenshot(str(path), flash=False)
    print(f"Wrote {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    sys.exit(main())
