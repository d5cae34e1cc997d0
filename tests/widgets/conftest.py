"""A real napari window with the panel docked, and a technique that a test can hold and let go."""

from __future__ import annotations

import threading

import pytest
from qtpy.QtWidgets import QWidget

import napari_sciml.techniques
from fixtures.fakes import SpotTechnique, spots


class Window:
    """The window as a person meets it: controls are found by their object names."""

    def __init__(self, viewer, technique, qtbot) -> None:
        self.viewer = viewer
        self.technique = technique
        self.qtbot = qtbot
        self.panel = self.open_panel()

    def open_panel(self):
        return self.viewer.window.add_plugin_dock_widget("napari-sciml", "SciML")[1]

    def open_image(self, data=None, **kwargs):
        return self.viewer.add_image(spots() if data is None else data, name="slab", **kwargs)

    def find(self, name: str):
        found = self.panel.findChild(QWidget, name)
        assert found is not None, f"there is no control called {name}"
        return found

    def text(self, name: str) -> str:
        widget = self.find(name)
        return widget.text() if not widget.isHidden() else ""

    def press(self, name: str) -> None:
        button = self.find(name)
        assert button.isEnabled(), f"{name} is disabled"
        button.click()

    def run(self) -> None:
        self.press("sciml_run")
        self.wait_for(lambda: self.text("sciml_run") == "Run")

    def wait_for(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=20000)

    @property
    def points(self):
        return self.viewer.layers[-1]


@pytest.fixture
def technique(monkeypatch):
    spot = SpotTechnique()
    monkeypatch.setattr(napari_sciml.techniques, "get_technique", lambda name: spot)
    monkeypatch.setattr(napari_sciml.techniques, "technique_names", lambda: [spot.name])
    return spot


@pytest.fixture
def held(technique):
    """Hold the technique before each slice; each `release` lets one slice go."""
    technique.gate = threading.Semaphore(0)
    yield technique.gate
    technique.gate.release(1000)


@pytest.fixture
def window(make_napari_viewer, technique, qtbot):
    return Window(make_napari_viewer(), technique, qtbot)
