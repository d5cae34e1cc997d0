from __future__ import annotations

from pathlib import Path

import dask.array as da
import h5py
import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.fakes import SpotTechnique, spots
from fixtures.napari_plugins import find_plugins
from fixtures.point_layers import findings_to_layers
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.core.source import ImageSource
from napari_sciml.layers import notify
from napari_sciml.layers.readers import (
    NOTHING,
    get_run_reader,
    get_volume_reader,
    read_runs,
    read_series,
    read_volumes,
    volume_layer,
)
from napari_sciml.layers.saved_run import saved_run_layers
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.table_to_points import points_table_layers
from napari_sciml.layers.writer import save_points, write_points
from napari_sciml.techniques.microct.settings import MicroCTSettings


@pytest.fixture
def told(monkeypatch) -> list[str]:
    sentences: list[str] = []
    monkeypatch.setattr(notify, "show_error", sentences.append)
    return sentences


@pytest.fixture
def hdf5(tmp_path) -> Path:
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("entry/volume", data=spots(), chunks=(1, 40, 50))
        data.attrs["element_size_um"] = (0.7, 0.65, 0.65)
    return path


@pytest.fixture
def findings():
    source = ImageSource.from_array(spots(), name="slab", pixel_size=(0.7, 0.65, 0.65), unit="um")
    return drive(SpotTechnique().run(source, MicroCTSettings(fiber_diameter_px=9.0)))


@pytest.mark.parametrize(
    "name", ["a.h5", "A.HDF5", "b.nxs", Path("c.npy"), ["a.npy", "b.npy"], "a.tif", "b.zarr.zip", "c.nii.gz"]
)
def test_what_the_command_line_opens_is_ours(name):
    assert get_volume_reader(name) is read_volumes


@pytest.mark.parametrize(
    "name", [["a.h5", "b.h5"], ["1.cbf", "2.cbf"], ["1.mrc", "2.mrc"], ["1.tif", "2.tif"]]
)
def test_several_of_a_kind_are_one_series(name):
    assert get_volume_reader(name) is read_series


@pytest.mark.parametrize("name", ["a.png", "a.zip", "a.obj", ["a.h5", "b.png"]])
def test_what_napari_opens_as_well_is_left_to_napari(name):
    assert get_volume_reader(name) is None
    assert get_run_reader(name) is None


def test_a_run_record_is_known_by_its_name():
    assert get_run_reader("somewhere/run.json") is read_runs
    assert get_run_reader("points.run.json") is read_runs
    assert get_run_reader("settings.json") is None


def test_hdf5_becomes_a_lazy_layer_with_its_pixel_size(hdf5):
    layer = Layer.create(*volume_layer(hdf5))
    assert isinstance(layer.data, da.Array)
    assert layer.data.chunksize == (1, 40, 50)
    np.testing.assert_array_equal(layer.data, spots())
    np.testing.assert_allclose(layer.scale, (0.7, 0.65, 0.65))
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
    assert layer.axis_labels == ("z", "y", "x")


def test_npy_stays_on_disk(tmp_path):
    np.save(tmp_path / "big.npy", spots())
    data, _, kind = volume_layer(tmp_path / "big.npy")
    assert kind == "image"
    assert isinstance(data, np.memmap)


def test_a_damaged_file_is_told_in_one_sentence_and_opens_no_layer(tmp_path, told):
    path = tmp_path / "broken.h5"
    path.write_bytes(b"not HDF5 at all")
    assert read_volumes(str(path)) == NOTHING
    assert len(told) == 1
    assert "broken.h5 could not be read as HDF5" in told[0]


def test_one_damaged_file_does_not_keep_the_others_closed(tmp_path, hdf5, told):
    (tmp_path / "broken.h5").write_bytes(b"")
    layers = read_volumes([str(tmp_path / "broken.h5"), str(hdf5)])
    assert len(layers) == len(told) == 1


def test_a_saved_run_opens_as_the_points_it_was(tmp_path, findings):
    findings.save(tmp_path / "out")
    layers = saved_run_layers(tmp_path / "out" / "run.json")
    layer = Layer.create(*layers[-1])
    np.testing.assert_allclose(layer.data, findings.table[["z", "y", "x"]])
    np.testing.assert_allclose(layer.features["score"], findings.table["score"])
    assert set(layer.features["source"]) == {"model"}
    assert layer.size == pytest.approx(findings.overlays[0].diameter_px)
    np.testing.assert_allclose(layer.scale, (0.7, 0.65, 0.65))
    assert layer.metadata[METADATA_KEY]["source"]["name"] == "slab"


def test_a_run_without_its_data_is_told(tmp_path, findings, told):
    findings.save(tmp_path / "out")
    for file in (tmp_path / "out" / "run-data").rglob("findings.*"):
        file.unlink()
    assert read_runs(str(tmp_path / "out" / "run.json")) == NOTHING
    assert "holds no run that can be read" in told[0]


def test_a_json_file_that_is_no_record_is_told(tmp_path, told):
    (tmp_path / "run.json").write_text('{"speed": 3}')
    assert read_runs(tmp_path / "run.json") == NOTHING
    assert "is not a run record" in told[0]


def test_a_record_beside_a_foreign_table_is_refused(tmp_path, findings):
    findings.save(tmp_path)
    pd.DataFrame({"index": [0], "axis-0": [1.0], "axis-1": [2.0]}).to_csv(
        tmp_path / "points.csv", index=False
    )
    with pytest.raises(SciMLError, match="2 coordinates but the image of the run has 3"):
        points_table_layers(tmp_path / "points.csv")


def test_points_are_written_with_features_and_record_and_read_back(tmp_path, findings):
    viewer = ViewerModel()
    place = Place.of(viewer.add_image(spots(), name="slab"))
    layer = viewer.add_layer(Layer.create(*findings_to_layers(findings, place)[0]))
    layer.add([1.0, 2.0, 3.0])
    layer.features.loc[len(layer.data) - 1, ["score", "source"]] = [np.nan, "manual"]
    data, meta, _ = layer.as_layer_data_tuple()

    written = write_points(str(tmp_path / "mine.csv"), data, meta)

    assert [Path(file).name for file in written] == ["mine.csv", "mine.run.json"]
    again = Layer.create(*points_table_layers(tmp_path / "mine.run.json")[0])
    np.testing.assert_allclose(again.data, layer.data)
    pd.testing.assert_frame_equal(again.features, layer.features, check_dtype=False)


def test_points_without_a_record_are_written_alone(tmp_path):
    data, meta, _ = ViewerModel().add_points(np.ones((2, 2))).as_layer_data_tuple()
    assert [file.name for file in save_points(tmp_path / "plain.csv", data, meta)] == ["plain.csv"]


def test_a_folder_that_does_not_exist_is_told(tmp_path, told):
    data, meta, _ = ViewerModel().add_points(np.ones((2, 2))).as_layer_data_tuple()
    assert write_points(str(tmp_path / "absent" / "a.csv"), data, meta) == []
    assert "could not be written" in told[0]


def test_napari_finds_the_readers_and_the_writer(tmp_path, hdf5, findings):
    find_plugins()
    viewer = ViewerModel()
    (image,) = viewer.open(hdf5, plugin="napari-sciml")
    assert image.source.path == str(hdf5)
    findings.save(tmp_path / "out")
    (points,) = viewer.open(tmp_path / "out" / "run.json", plugin=None)
    assert points.name == "slab: fibres"
    written = points.save(str(tmp_path / "again.csv"), plugin="napari-sciml")
    assert [Path(file).name for file in written] == ["again.csv", "again.run.json"]


def test_a_damaged_file_opens_nothing_in_napari_and_is_told(tmp_path, told):
    find_plugins()
    (tmp_path / "broken.nxs").write_bytes(b"nonsense")
    viewer = ViewerModel()
    viewer.open(tmp_path / "broken.nxs", plugin=None)
    assert not viewer.layers
    assert len(told) == 1
