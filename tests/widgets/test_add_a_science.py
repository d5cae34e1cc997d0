"""A science and a backend of other packages in the window: offered, run, their points and samples there."""

from __future__ import annotations

import numpy as np
import pytest
from napari._app_model import get_app_model
from npe2 import PluginManager
from qtpy.QtWidgets import QComboBox, QWidget

from fixtures.plugins import installed, write_documented
from napari_sciml.app.panel import dock_panel
from napari_sciml.app.session import session_for
from napari_sciml.layers.plugin_samples import PLUGIN


@pytest.fixture
def packages(tmp_path):
    write_documented(tmp_path)
    with installed(tmp_path):
        # As when napari is started: nothing of ours was used yet.
        forget()
        # Each viewer of a test connects napari to this once more; in a session it is connected once.
        PluginManager.instance().events.plugins_registered.disconnect()
        yield
        forget()


@pytest.fixture
def viewer(packages, make_napari_viewer):
    return make_napari_viewer()


def forget():
    """Let napari forget that this plugin was used, and what it added then."""
    manager = PluginManager.instance()
    if "napari-sciml" in manager:
        manager.deactivate("napari-sciml")
    if PLUGIN in manager:
        manager.unregister(PLUGIN)


def entries(panel: QWidget, name: str) -> list[str]:
    box = panel.findChild(QComboBox, name)
    return [box.itemText(index) for index in range(box.count())]


def sample_titles() -> list[str]:
    menu = get_app_model().menus.get_menu("napari/file/samples")
    return [item.command.title for item in menu if hasattr(item, "command")]


def test_the_sample_opens_and_the_science_finds_what_is_in_it(viewer, qtbot):
    title = "Bright dots (simulated) (napari-sciml)"
    assert title not in sample_titles()
    panel = dock_panel(viewer)
    assert title in sample_titles()
    viewer.open_sample(PLUGIN, "sample_dots")
    runs = session_for(viewer).runs
    # Its name says what it is meant for.
    assert runs.state.technique == "dots"
    assert "Bright dots" in entries(panel, "sciml_technique")
    # There is no network to choose.
    for name in ("sciml_model", "sciml_compute", "sciml_runtime_row"):
        assert panel.findChild(QWidget, name).isHidden()
    runs.run()
    qtbot.waitUntil(lambda: bool(runs.state.result), timeout=20000)
    points = viewer.layers[-1]
    assert points.name == "Dots: bright dots"
    # The faintest one has a score of 0.6, and the threshold is 0.5.
    assert runs.state.result.startswith("3 bright dots")
    np.testing.assert_allclose(points.data, [(20, 30), (40, 100), (70, 60)], atol=0.2)
    np.testing.assert_allclose(points.size, 7.0)
    runs.set_threshold(0.7)
    assert len(points.data) == 2
    assert "sciml.run('dots', dots_image(), threshold=0.7)" in runs.python_text()


def test_its_settings_have_a_form_made_from_them(viewer, qtbot):
    panel = dock_panel(viewer)
    viewer.open_sample(PLUGIN, "sample_dots")
    runs = session_for(viewer).runs
    area = panel.findChild(QWidget, "sciml_least_area_px")
    assert area.toolTip() == "Smallest dot that counts, in pixels."
    assert area.placeholderText() == "3"
    area.setText("10000")
    area.editingFinished.emit()
    assert runs.state.values == {"least_area_px": 10_000}
    runs.run()
    qtbot.waitUntil(lambda: bool(runs.state.result), timeout=20000)
    assert runs.state.result.startswith("0 bright dots")
    area.setText("")
    area.editingFinished.emit()
    assert runs.state.values == {}


def test_the_backend_is_offered_and_runs(viewer, qtbot, random_dense_model, monkeypatch):
    from napari_sciml.techniques.microct.recipe import MicroCT

    monkeypatch.setattr(MicroCT, "models", (str(random_dense_model.folder),))
    panel = dock_panel(viewer)
    viewer.add_image(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8), name="slice")
    runs = session_for(viewer).runs
    assert entries(panel, "sciml_compute")[-1] == "echo of float32"
    runs.change_backend_options({"backend": "echo"})
    assert panel.findChild(QWidget, "sciml_runtime_row").isHidden()
    assert panel.findChild(QWidget, "sciml_codebook_settings").isHidden()
    runs.run()
    qtbot.waitUntil(lambda: bool(runs.state.result), timeout=60000)
    assert runs.state.findings.provenance.backend == "echo"
    assert session_for(viewer).comparison.state.choices[0] == ("float32", "float32")
    runs.change_backend_options({"backend": None})
    runs.run()
    qtbot.waitUntil(lambda: runs.state.findings.provenance.backend == "float32", timeout=60000)
    assert ("echo of float32", "echo") in session_for(viewer).comparison.state.choices
