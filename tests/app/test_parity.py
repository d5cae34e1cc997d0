"""The window, Python and the scripts that the window writes find the very same points."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel

import napari_sciml as sciml
from fixtures.napari_plugins import find_plugins
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.core.progress import drive
from napari_sciml.networks import registry
from napari_sciml.techniques.microct.recipe import MicroCT


def at_once(task):
    task.on_end(drive(outcome_of(task.work), task.on_step))


@pytest.fixture
def technique(random_dense_model, tmp_path, monkeypatch):
    """The real technique with a network of random weights in the place of the shipped one."""
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / MicroCT.models[0]).symlink_to(random_dense_model.folder)
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", tmp_path / "weights")
    return MicroCT()


@pytest.fixture
def tiff(volume, tmp_path):
    """A file that napari's own reader opens; without a window nobody has told napari of its plugins yet."""
    find_plugins()
    path = tmp_path / "my slab.tif"
    tifffile.imwrite(path, volume, photometric="minisblack")
    return path


@pytest.fixture
def volume() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 255, (18, 44, 48), dtype=np.uint8)


@pytest.mark.parametrize(
    ("values", "threshold", "place"),
    [
        ({}, 0.5, {}),
        ({"axis": 2, "min_distance_px": 5.0}, 0.3, {}),
        ({"fiber_diameter_px": 10.0}, 0.6, {"scale": (3.0, 2.0, 2.0), "translate": (1.0, 2.0, 3.0)}),
        ({"fiber_diameter_um": 6.5}, 0.5, {"scale": (0.65,) * 3, "units": ("um",) * 3}),
    ],
)
def test_window_python_and_copied_script_agree(technique, volume, tmp_path, values, threshold, place):
    path = tmp_path / "slab.npy"
    np.save(path, volume)
    viewer = ViewerModel()
    runs = RunController(viewer, lambda: [technique], at_once)
    viewer.add_image(volume, name="slab", **place)
    runs.change_values(values)
    runs.set_threshold(threshold)
    runs.run()
    assert runs.state.error == ""
    assert runs.state.blocked == ""
    shown = viewer.layers["slab: fibres"]
    assert len(shown.data) > 3

    size = {"pixel_size_nm": 650.0} if "fiber_diameter_um" in values else {}
    found = sciml.run("microct", path, threshold=threshold, **values, **size)
    np.testing.assert_array_equal(shown.data, found.table[["z", "y", "x"]])
    np.testing.assert_array_equal(shown.features["score"], found.table["score"])

    names = {"viewer": viewer}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(tmp_path):
        exec(runs.python_text(), names)
    pd.testing.assert_frame_equal(names["findings"].table, found.table)


def test_the_copied_script_names_the_file_of_an_opened_layer(technique, tiff):
    viewer = ViewerModel()
    runs = RunController(viewer, lambda: [technique], at_once)
    viewer.open(tiff, plugin="napari")
    assert repr(str(tiff)) in runs.python_text()
    assert f"napari-sciml run microct '{tiff}' --out my_slab-microct" in runs.command_text()


def test_a_cropped_layer_no_longer_names_its_file(technique, tiff):
    viewer = ViewerModel()
    runs = RunController(viewer, lambda: [technique], at_once)
    (layer,) = viewer.open(tiff, plugin="napari")
    layer.data = layer.data[:2]
    assert str(tiff) not in runs.python_text()
    assert "not in a file as it is" in runs.python_text()
