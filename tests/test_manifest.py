"""The manifest is checked loosely by napari; this checks what it lets pass."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from napari._app_model.constants._menus import is_menu_contributable
from npe2 import PluginManifest
from qtpy.QtWidgets import QWidget

import napari_sciml
from napari_sciml.io.formats.detector_series import SUFFIXES
from napari_sciml.io.formats.readers import all_formats
from napari_sciml.io.picks.which_files import PICK_FORMATS
from napari_sciml.layers.readers import get_volume_reader

FILE = Path(napari_sciml.__file__).parent / "napari.yaml"
MANIFEST = PluginManifest.from_file(FILE)
PARTS = MANIFEST.contributions
COMMANDS = {command.id: command for command in PARTS.commands}


def load(command):
    module, _, name = command.python_name.partition(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_resolves(command):
    assert callable(load(command))


@pytest.mark.parametrize("menu", PARTS.menus)
def test_menus_exist_and_point_to_defined_commands(menu):
    assert is_menu_contributable(menu)
    for item in PARTS.menus[menu]:
        assert item.command in COMMANDS


@pytest.mark.parametrize("kind", ["widgets", "readers", "writers", "sample_data"])
def test_contributions_point_to_defined_commands(kind):
    entries = getattr(PARTS, kind)
    assert entries
    for entry in entries:
        assert entry.command in COMMANDS


def test_the_layers_menu_offers_to_find_fibres():
    assert any(item.command.endswith("find_fibers") for item in PARTS.menus["napari/layers/segment"])


def test_what_napari_calls_by_itself_is_grey_in_the_palette():
    by_napari = {entry.command for entry in (*PARTS.readers, *PARTS.writers)}
    for command in COMMANDS.values():
        assert (command.enablement == "False") == (command.id in by_napari), command.id


def test_sample_keys_are_no_command_ids():
    # napari registers a sample as "<plugin>.<key>"; a command of that name would break the whole plugin.
    for sample in PARTS.sample_data:
        assert f"{MANIFEST.name}.{sample.key}" not in COMMANDS


def test_the_panel_can_be_given_its_viewer():
    (widget,) = PARTS.widgets
    panel = load(COMMANDS[widget.command])
    assert issubclass(panel, QWidget)
    assert list(inspect.signature(panel.__init__).parameters) == ["self", "napari_viewer"]
    assert widget.display_name == "SciML"


def test_menu_and_code_give_the_panel_the_same_name():
    # From the menu the dock is named after the display name, from code after the distribution.
    assert MANIFEST.display_name == MANIFEST.name


def test_no_settings_are_declared_without_being_checked():
    # A default outside its own bounds would be accepted in silence; the first setting needs a test here.
    assert not PARTS.configurations


def test_the_installed_plugin_is_this_manifest():
    assert PluginManifest.from_distribution("napari-sciml").contributions == PARTS


def test_what_is_offered_to_our_readers_is_what_they_read():
    offered = {reader.command: set(reader.filename_patterns) for reader in PARTS.readers}
    images = {pattern for reader in all_formats() for pattern in reader.patterns}
    assert offered["napari-sciml.read_volume"] == images
    assert "*.tif" in images
    assert not {"*.png", "*.jpg"} & images, "napari opens these as well"
    picks = {f"*{suffix}" for kind in PICK_FORMATS if kind.in_window for suffix in kind.suffixes}
    assert offered["napari-sciml.read_picks"] == picks


@pytest.mark.parametrize("reader", [r for r in all_formats() if r.patterns], ids=lambda r: r.name)
def test_every_pattern_has_a_reader(reader):
    for pattern in reader.patterns:
        assert get_volume_reader(pattern.replace("*", "name")) is not None


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".cxi", ".cbf.gz", ".CBF"])
def test_detector_files_are_offered_to_our_reader(suffix, npe2pm):
    npe2pm.register(MANIFEST)
    (reader,) = npe2pm.iter_compatible_readers([f"/data/lyso_1_0001{suffix}"])
    assert reader.command == "napari-sciml.read_volume"
    assert get_volume_reader([f"/data/lyso_1_0001{suffix}"]) is not None


def test_folders_are_offered_to_our_reader(npe2pm, tmp_path):
    npe2pm.register(MANIFEST)
    assert [r.command for r in npe2pm.iter_compatible_readers([str(tmp_path)])] == [
        "napari-sciml.read_volume",
        "napari-sciml.read_run",
    ]
