from __future__ import annotations

import pytest
from napari._app_model import get_app_model

from napari_sciml.app.session import session_for


def execute(command):
    return get_app_model().commands.execute_command(f"napari-sciml.{command}").result()


@pytest.fixture
def viewer(make_napari_viewer, technique):
    return make_napari_viewer()


def docks(viewer):
    return [name for name in viewer.window.dock_widgets if "SciML" in name]


def test_find_fibres_opens_the_panel_once_with_the_selected_image(viewer):
    from fixtures.fakes import spots

    first = viewer.add_image(spots(), name="first")
    viewer.add_image(spots(), name="second")
    viewer.layers.selection.active = first
    execute("find_fibers")
    execute("find_fibers")
    assert len(docks(viewer)) == 1
    assert session_for(viewer).runs.state.image is first


def test_menu_and_command_open_the_same_dock(viewer):
    execute("open_panel")
    execute("find_fibers")
    assert len(docks(viewer)) == 1


def test_run_and_stop_are_in_the_palette(viewer, held, qtbot):
    from fixtures.fakes import spots

    viewer.add_image(spots(), name="slab")
    execute("run")
    held.release(1)
    runs = session_for(viewer).runs
    qtbot.waitUntil(lambda: runs.state.going.progress is not None)
    execute("stop")
    held.release(10)
    qtbot.waitUntil(lambda: "Stopped after" in runs.state.result)
    titles = {action.title for action in get_app_model().registered_actions.values()}
    assert {"Find fibres in a microCT image (napari-sciml)", "SciML (napari-sciml)"} <= titles


def test_find_fibres_is_in_the_layers_menu(viewer):
    entries = get_app_model().menus.get_menu("napari/layers/segment")
    assert any(item.command.id == "napari-sciml.find_fibers" for item in entries if hasattr(item, "command"))


def test_the_samples_are_in_the_open_sample_menu(viewer):
    # With more than one sample, a plugin gets a menu of its own.
    entries = get_app_model().menus.get_menu("napari/file/samples/napari-sciml")
    titles = {item.command.title for item in entries if hasattr(item, "command")}
    assert titles == {
        "CMC phantom",
        "Diffraction run (200 frames, 10 % hits)",
        "GISAXS series (simulated)",
        "Cryo-EM micrographs (simulated)",
    }
