from __future__ import annotations

import shlex
from types import SimpleNamespace

import numpy as np
import pytest

from napari_sciml.app.run.snippets import command_text, nameable, out_folder, python_text
from napari_sciml.core.source import ImageSource


def source(path=None, name="slab.tif", size=None, shape=(4, 30, 40)):
    unit = "pixel" if size is None else "um"
    return ImageSource.from_array(np.zeros(shape, np.uint8), path=path, name=name, pixel_size=size, unit=unit)


class Recorder:
    """Stands for the package: remembers how it was called."""

    def __init__(self):
        self.calls = []
        self.table = "table"

    def run(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return self

    def save(self, folder):
        self.calls.append(folder)


def execute(text, **names):
    """Run a script with the package replaced by a recorder."""
    recorder = Recorder()
    body = text.replace("import napari_sciml as sciml\n", "")
    exec(body, {"sciml": recorder, "print": lambda *a: None, **names})
    return recorder.calls


def test_the_script_makes_the_very_call():
    values = {"fiber_diameter_px": 9.5, "axis": 2, "threshold": 0.35, "min_distance_px": 4.0}
    text = python_text("microct", source("/data/my slab.tif"), values)
    assert execute(text) == [(("microct", "/data/my slab.tif"), values), "slab-microct"]


def test_a_script_without_settings_is_one_line():
    text = python_text("microct", source("/d/a.tif"), {})
    assert "findings = sciml.run('microct', '/d/a.tif')\n" in text


def test_an_image_in_memory_is_taken_from_the_viewer_and_the_script_says_so():
    viewer = SimpleNamespace(layers={"a 'b'": SimpleNamespace(data="pixels")})
    text = python_text("microct", source(None, name="a 'b'"), {})
    assert "not in a file" in text
    assert execute(text, viewer=viewer)[0] == (("microct", "pixels"), {})


def test_the_command_says_the_same():
    words = shlex.split(command_text("microct", source("/data/my slab.tif"), {"axis": 2, "threshold": 0.35}))
    assert words == [
        "napari-sciml", "run", "microct", "/data/my slab.tif", "--out", "slab-microct",
        "--axis", "2", "--threshold", "0.35",
    ]  # fmt: skip


def test_the_command_for_an_image_in_memory_says_what_to_do_first():
    text = command_text("microct", source(None, name="CMC phantom"), {})
    assert text.startswith("# 'CMC phantom' is not in a file")
    assert "napari-sciml run microct CMC_phantom.tif" in text


@pytest.mark.parametrize(
    ("size", "values", "stated"),
    [
        ((0.65, 0.65, 0.65), {"fiber_diameter_um": 8.8}, 650.0),
        ((0.65, 0.65, 0.65), {"fiber_diameter_px": 13.0}, None),
        (None, {"fiber_diameter_px": 13.0}, None),
        ((0.65, 0.65, 0.65), {"fiber_diameter_um": 8.8, "pixel_size_nm": 700.0}, 700.0),
    ],
)
def test_a_length_in_micrometres_brings_its_pixel_size(size, values, stated):
    (_, kwargs), _ = execute(python_text("microct", source("/d/a.tif", size=size), values))
    assert kwargs.get("pixel_size_nm") == stated


def test_the_folder_is_named_after_the_image():
    assert out_folder("microct", "CMC phantom") == "CMC_phantom-microct"
    assert out_folder("microct", "scan.h5::/entry/data") == "data-microct"
    assert out_folder("microct", "...") == "image-microct"


def test_a_file_is_named_only_if_it_holds_this_image(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((4, 30, 40), np.uint8))
    assert nameable(source(str(path))).path == str(path)
    assert nameable(source(str(path), shape=(2, 30, 40))).path is None
    assert nameable(source(str(tmp_path / "gone.npy"))).path is None
