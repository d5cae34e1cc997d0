"""A table of points that a run saved lands on the image that it belongs to, whatever is selected."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.components import ViewerModel

from fixtures.fakes import SpotTechnique, spots
from fixtures.napari_plugins import find_plugins
from napari_sciml.core.progress import drive
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.core.source import ImageSource
from napari_sciml.layers import readers
from napari_sciml.layers.readers import get_run_reader, get_volume_reader, read_runs, read_volumes
from napari_sciml.layers.writer import save_points
from napari_sciml.techniques.microct.settings import MicroCTSettings

PIXEL = (0.7, 0.65, 0.65)


@pytest.fixture
def told(monkeypatch) -> list[str]:
    sentences: list[str] = []
    monkeypatch.setattr(readers, "tell", lambda error: sentences.append(error.sentence))
    return sentences


@pytest.fixture
def findings():
    source = ImageSource.from_array(spots(), name="slab", pixel_size=PIXEL, unit="um")
    return drive(SpotTechnique().run(source, MicroCTSettings()))


@pytest.fixture
def folder(findings, tmp_path) -> Path:
    findings.save(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def viewer(monkeypatch) -> ViewerModel:
    find_plugins()
    model = ViewerModel()
    monkeypatch.setattr(readers, "open_layers", lambda: tuple(model.layers))
    return model


def open_points(viewer: ViewerModel, path: Path):
    (points,) = viewer.open(path, plugin="napari-sciml")
    return points


@pytest.mark.parametrize("name", ["points.csv", "findings.csv"])
def test_without_its_image_a_table_has_the_pixel_size_of_its_record(viewer, folder, findings, name):
    points = open_points(viewer, folder / name)
    np.testing.assert_allclose(points.data, findings.table[["z", "y", "x"]])
    np.testing.assert_allclose(points.scale, PIXEL)
    assert [str(unit) for unit in points.units] == ["micrometer"] * 3
    assert points.features["score"].tolist() == pytest.approx(findings.table["score"].tolist())
    assert set(points.features["source"]) == {"model"}
    assert points.metadata[METADATA_KEY]["source"]["name"] == "slab"


@pytest.mark.parametrize("name", ["points.csv", "findings.csv"])
def test_it_lies_on_the_image_that_is_open_not_on_the_selected_one(viewer, folder, name):
    image = viewer.add_image(spots(), name="renamed", scale=(2, 3, 3), translate=(5, 6, 7))
    other = viewer.add_image(spots(seed=5), name="slab", scale=(9, 9, 9))
    viewer.layers.selection.active = other
    points = open_points(viewer, folder / name)
    np.testing.assert_allclose(points.scale, image.scale)
    np.testing.assert_allclose(points.translate, image.translate)
    assert points.name == "renamed: fibres"


def test_where_nobody_knows_the_pixels_the_name_decides(viewer, folder):
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "fingerprint": ""}))
    viewer.add_image(spots(seed=4), name="another", scale=(9, 9, 9))
    image = viewer.add_image(spots(seed=5), name="slab", scale=(2, 3, 3))
    viewer.add_image(spots(seed=4), name="a third", scale=(9, 9, 9))
    np.testing.assert_allclose(open_points(viewer, folder / "points.csv").scale, image.scale)


def test_corrected_points_know_their_own_record(viewer, folder, findings):
    meta = {
        "features": pd.DataFrame({"score": [0.5, np.nan], "label": "odd", "source": ["model", "manual"]}),
        "metadata": {METADATA_KEY: findings.provenance.model_dump(mode="json")},
    }
    save_points(folder / "corrected_points.csv", np.array([[0, 1, 2], [3, 4, 5.5]]), meta)
    (folder / "run.json").unlink()
    points = open_points(viewer, folder / "corrected_points.csv")
    np.testing.assert_allclose(points.scale, PIXEL)
    assert points.data.tolist() == [[0, 1, 2], [3, 4, 5.5]]
    assert points.features["source"].tolist() == ["model", "manual"]
    assert points.features["label"].tolist() == ["odd", "odd"]
    assert [str(symbol) for symbol in points.symbol] == ["disc", "square"]


def test_a_table_of_somebody_else_opens_as_napari_opens_it(viewer, tmp_path):
    pd.DataFrame({"index": [0], "axis-0": [1.0], "axis-1": [2.0], "who": ["me"]}).to_csv(
        tmp_path / "points.csv", index=False
    )
    points = open_points(viewer, tmp_path / "points.csv")
    assert points.data.tolist() == [[1, 2]]
    assert points.features["who"].tolist() == ["me"]
    assert METADATA_KEY not in points.metadata


def test_findings_without_positions_say_what_to_open(folder, told):
    pd.DataFrame({"frame": [0, 1], "hit": [True, False]}).to_csv(folder / "findings.csv", index=False)
    assert read_runs(str(folder / "findings.csv")) == readers.NOTHING
    assert "says nothing of positions" in told[0]


@pytest.mark.parametrize(
    "name", ["points.csv", "findings.csv", "corrected_points_2.csv", "run.json", "a.run.json"]
)
def test_files_of_a_run_are_known_by_name(name):
    assert get_run_reader(f"somewhere/{name}") is read_runs


@pytest.mark.parametrize("name", ["table.csv", "mypoints.csv", "coords.csv", "settings.json"])
def test_other_files_are_left_to_others(name):
    assert get_run_reader(f"somewhere/{name}") is None


def test_a_folder_is_a_run_if_its_record_says_so(folder, tmp_path):
    assert get_run_reader(str(folder)) is read_runs
    assert get_volume_reader(str(folder)) is None
    images = tmp_path / "images"
    images.mkdir()
    assert get_run_reader(str(images)) is None
    assert get_volume_reader(str(images)) is read_volumes
    (images / "run.json").write_text('{"beamline": 3}')
    assert get_run_reader(str(images)) is None
    zarr = tmp_path / "a.zarr"
    zarr.mkdir()
    (zarr / ".zgroup").write_text("{}")
    assert get_run_reader(str(zarr)) is None
    assert get_volume_reader(str(zarr)) is read_volumes


def test_a_folder_of_frames_still_opens_as_one_stack(viewer, tmp_path):
    for number in range(3):
        tifffile.imwrite(tmp_path / f"frame_{number}.tif", spots()[number], photometric="minisblack")
    (layer,) = viewer.open(tmp_path, plugin="napari-sciml")
    assert layer.data.shape == (3, 40, 50)
