"""A saved run in a real window: by menu, by drop, and with the panel opened later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari._app_model import get_app_model
from qtpy.QtWidgets import QFileDialog

from fixtures.fakes import SpotTechnique, spots
from napari_sciml.app import reopen
from napari_sciml.app.panel import dock_panel
from napari_sciml.app.session import session_for
from napari_sciml.core.progress import drive
from napari_sciml.io import open_image
from napari_sciml.techniques.microct.settings import MicroCTSettings


@pytest.fixture
def folder(tmp_path) -> Path:
    tifffile.imwrite(tmp_path / "slab.tif", spots(), photometric="minisblack")
    source = open_image(tmp_path / "slab.tif")
    findings = drive(SpotTechnique().run(source, MicroCTSettings(threshold=0.6)))
    source.close()
    findings.save(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def viewer(make_napari_viewer, technique):
    return make_napari_viewer()


def assert_live(viewer) -> None:
    runs = session_for(viewer).runs
    assert [layer.name for layer in viewer.layers] == ["slab.tif", "slab.tif: fibres"]
    assert (runs.state.threshold, runs.state.threshold_live) == (0.6, True)
    before = len(viewer.layers[-1].data)
    runs.set_threshold(0.3)
    assert len(viewer.layers[-1].data) > before


def test_the_menu_asks_for_a_folder_and_opens_it_with_the_panel(viewer, folder, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    get_app_model().commands.execute_command("napari-sciml.open_saved_run").result()
    assert any("SciML" in name for name in viewer.window.dock_widgets)
    assert_live(viewer)
    entries = get_app_model().menus.get_menu("napari/file/io_utilities")
    assert any(
        item.command.id == "napari-sciml.open_saved_run" for item in entries if hasattr(item, "command")
    )


def test_who_cancels_opens_nothing(viewer, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    get_app_model().commands.execute_command("napari-sciml.open_saved_run").result()
    assert not viewer.layers


def test_a_folder_without_a_run_is_told(viewer, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(reopen, "tell", lambda error: said.append(error.sentence))
    reopen.show_run(viewer, tmp_path)
    assert len(said) == 1
    assert "is no saved run" in said[0]


def test_a_dropped_record_needs_no_question(viewer, folder):
    dock_panel(viewer)
    viewer.window._qt_viewer._qt_open([str(folder / "run.json")], stack=False)
    assert_live(viewer)


def test_a_dropped_folder_is_a_run(viewer, folder):
    viewer.window._qt_viewer._qt_open([str(folder)], stack=False, plugin="napari-sciml")
    assert [layer.name for layer in viewer.layers] == ["slab.tif", "slab.tif: fibres"]
    dock_panel(viewer)
    assert_live(viewer)


def test_a_dropped_run_takes_the_image_that_is_open(viewer, folder):
    image = viewer.add_image(spots(), name="mine", scale=(3, 2, 2))
    viewer.window._qt_viewer._qt_open([str(folder / "run.json")], stack=False)
    assert [layer.name for layer in viewer.layers] == ["mine", "mine: fibres"]
    np.testing.assert_allclose(viewer.layers[-1].scale, image.scale)
    dock_panel(viewer)
    assert session_for(viewer).runs.result.image is image
