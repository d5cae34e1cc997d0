"""MRC files opened by napari are lazy, grey and of the right size; picks lie on the micrographs they name."""

from __future__ import annotations

import gzip
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer

from fixtures.napari_plugins import find_plugins
from fixtures.pick_files import write_cbox, write_picks_csv
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.io.formats.mrc import write_mrc
from napari_sciml.io.paths import natural_key
from napari_sciml.io.picks.reading import read_picks
from napari_sciml.io.picks.writing import write_box, write_star
from napari_sciml.io.star import read_star
from napari_sciml.layers import notify, readers
from napari_sciml.layers.keys import PATH_KEY, TECHNIQUE_KEY
from napari_sciml.layers.pick_layers import PICKS_KEY, pick_layers
from napari_sciml.layers.pick_writer import save_picks, write_picks
from napari_sciml.layers.readers import (
    NOTHING,
    get_picks_reader,
    get_volume_reader,
    read_series,
    read_volumes,
)
from napari_sciml.layers.source import source_from_layer
from napari_sciml.techniques.cryoem.write import micrograph_names

IMAGES = np.random.default_rng(0).normal(100, 10, (3, 200, 240)).astype(np.float32)
NAMES = ["mic_1.mrc", "mic_2.mrc", "mic_10.mrc"]
PICKS = pd.DataFrame(
    {"frame": [2, 0, 0], "y": [10.5, 20.0, 30.0], "x": [40.0, 50.25, 60.0], "score": [0.9, np.nan, 0.5]}
)


@pytest.fixture
def told(monkeypatch) -> list[str]:
    sentences: list[str] = []
    monkeypatch.setattr(notify, "show_error", sentences.append)
    monkeypatch.setattr(notify, "show_warning", sentences.append)
    return sentences


@pytest.fixture
def folder(tmp_path):
    for name, image in zip(NAMES, IMAGES, strict=True):
        write_mrc(tmp_path / name, image, 1.77)
    return tmp_path


def open_layer(path) -> Layer:
    (data,) = get_volume_reader(path)(path)
    return Layer.create(*data)


def test_a_micrograph_is_a_grey_lazy_layer_with_its_size(folder):
    IMAGES_WITH_HOT_PIXEL = IMAGES[0].copy()
    IMAGES_WITH_HOT_PIXEL[5, 5] = 1e6
    layer = open_layer(str(write_mrc(folder / "hot.mrc", IMAGES_WITH_HOT_PIXEL, 1.77)))
    assert isinstance(layer.data, np.memmap)
    np.testing.assert_allclose(layer.scale, 0.000177)
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
    assert 60 < layer.contrast_limits[0] < layer.contrast_limits[1] < 140
    assert layer.metadata[TECHNIQUE_KEY] == "cryoem"
    assert source_from_layer(layer).pixel_size == (0.000177, 0.000177)


@pytest.mark.parametrize("how", ["folder", "list"])
def test_micrographs_are_one_stack_that_remembers_its_files(folder, how):
    path = str(folder) if how == "folder" else [str(folder / name) for name in NAMES[::-1]]
    assert get_volume_reader(path) is (read_volumes if how == "folder" else read_series)
    layer = open_layer(path)
    assert layer.data.shape == (3, 200, 240)
    np.testing.assert_array_equal(np.asarray(layer.data[2]), IMAGES[2])
    assert layer.metadata[PATH_KEY] == str(folder)
    assert layer.metadata[TECHNIQUE_KEY] == "cryoem"
    source = source_from_layer(layer)
    assert source.axes == ("t", "y", "x")
    assert source.pixel_size == (1.0, 0.000177, 0.000177)
    assert micrograph_names(source) == NAMES


def test_a_packed_stack_and_a_map_open(tmp_path):
    plain = write_mrc(tmp_path / "s.mrcs", IMAGES, 2.0).read_bytes()
    (tmp_path / "s.mrc.gz").write_bytes(gzip.compress(plain))
    layer = open_layer(str(tmp_path / "s.mrc.gz"))
    np.testing.assert_array_equal(np.asarray(layer.data[1]), IMAGES[1])
    volume = open_layer(str(write_mrc(tmp_path / "v.map", IMAGES[:, :3, :3], 2.0)))
    assert volume.axis_labels == ("z", "y", "x")
    assert TECHNIQUE_KEY not in volume.metadata
    np.testing.assert_allclose(volume.scale, 0.0002)


def test_a_damaged_micrograph_is_told_and_opens_nothing(folder, told):
    path = folder / NAMES[1]
    path.write_bytes(path.read_bytes()[:-10])
    assert read_volumes(str(path)) == NOTHING
    assert "mic_2.mrc is truncated" in told[0]


def test_a_damaged_micrograph_in_a_list_leaves_the_others(folder):
    (folder / NAMES[2]).write_bytes(b"MAP")
    layer = open_layer([str(folder / name) for name in NAMES])
    np.testing.assert_array_equal(np.asarray(layer.data[1]), IMAGES[1])


@pytest.mark.parametrize("name", ["a.star", "B.BOX", "c.cbox", ["a.star", "b.box"]])
def test_picks_are_known_by_their_names(name):
    assert get_picks_reader(name) is not None
    assert get_picks_reader("a.csv") is None


def test_picks_lie_on_the_micrographs_they_name(folder):
    image = open_layer(str(folder))
    path = write_star(PICKS, folder / "p.star", micrographs=NAMES)
    layer = Layer.create(*pick_layers(path, image)[0])
    np.testing.assert_allclose(layer.data, PICKS[["frame", "y", "x"]])
    np.testing.assert_allclose(layer.scale, image.scale)
    assert layer.units == image.units
    assert list(layer.features["source"]) == ["model", "manual", "model"]
    assert list(layer.features["label"]) == ["particle"] * 3
    np.testing.assert_allclose(layer.features["score"], PICKS["score"])


def test_picks_of_one_micrograph_lie_on_it_whatever_its_name(folder):
    image = open_layer(str(folder / NAMES[0]))
    first = PICKS[PICKS["frame"] == 0]
    for path in (
        write_star(first, folder / "p.star", micrographs=["other.mrc"]),
        write_cbox(first, folder / "p.cbox", 64),
    ):
        layer = Layer.create(*pick_layers(path, image)[0])
        np.testing.assert_allclose(layer.data, first[["y", "x"]])
    assert layer.size == pytest.approx(40)
    whole = write_star(PICKS, folder / "all.star", micrographs=NAMES)
    layer = Layer.create(*pick_layers(whole, image)[0])
    assert len(layer.data) == 2
    assert layer.metadata[PICKS_KEY]["notes"] == [
        "1 of 3 picks in all.star belong to no open micrograph: mic_10.mrc"
    ]


def test_picks_without_an_image_count_frames_as_the_file_names_them(tmp_path):
    path = write_star(PICKS, tmp_path / "p.star", micrographs=NAMES)
    layer = Layer.create(*pick_layers(path)[0])
    np.testing.assert_allclose(layer.data, [[0, 10.5, 40], [1, 20, 50.25], [1, 30, 60]])
    box = write_box(PICKS[1:], tmp_path / "p.box", 64)
    assert Layer.create(*pick_layers(box)[0]).data.shape == (2, 2)


def test_picks_of_no_open_micrograph_are_refused(folder):
    path = write_star(PICKS, folder / "p.star", micrographs=["a.mrc", "b.mrc", "c.mrc"])
    with pytest.raises(
        SciMLError, match=r"holds picks of 2 micrographs, none of which is open \(c\.mrc, a\.mrc\)"
    ):
        pick_layers(path, open_layer(str(folder)))


def test_no_picks_are_an_empty_layer_that_takes_points(folder):
    path = write_star(PICKS[:0], folder / "p.star", micrographs=NAMES)
    layer = Layer.create(*pick_layers(path, open_layer(str(folder)))[0])
    layer.add([1, 2, 3])
    assert list(layer.features["label"]) == ["particle"]


def test_picks_that_lie_outside_are_told(folder, told, monkeypatch):
    image = open_layer(str(folder / NAMES[0]))
    monkeypatch.setattr(readers, "open_layers", lambda: (image,))
    path = write_box(PICKS.assign(x=5000.0), folder / "mic_1.box", 64)
    (data,) = readers.read_pick_files(str(path))
    assert len(data[0]) == 3
    assert "3 of 3 picks in mic_1.box lie outside" in told[0]
    path.write_text("1 2\n")
    assert readers.read_pick_files(str(path)) == NOTHING
    assert "not 4" in told[1]


def test_points_come_back_from_star_with_names_and_optics(folder):
    text = """data_optics

loop_
_rlnOpticsGroup #1
_rlnVoltage #2
1 300

data_particles

loop_
_rlnMicrographName #1
_rlnCoordinateX #2
_rlnCoordinateY #3
_rlnOpticsGroup #4
_rlnAnglePsi #5
mic_2.mrc 10.5 20.25 1 -45
mic_1.mrc 30 40 1 15
"""
    (folder / "in.star").write_text(text)
    layer = Layer.create(*pick_layers(folder / "in.star", open_layer(str(folder)))[0])
    layer.add([2.2, 7, 8])
    data, meta, _ = layer.as_layer_data_tuple()
    assert write_picks(str(folder / "out.star"), data, meta) == [str(folder / "out.star")]
    table = read_picks(folder / "out.star")
    assert list(table["micrograph"]) == ["mic_2.mrc", "mic_1.mrc", "mic_10.mrc"]
    np.testing.assert_allclose(table[["y", "x"]], [[20.25, 10.5], [40, 30], [7, 8]])
    np.testing.assert_array_equal(table["rlnAnglePsi"][:2], [-45, 15])
    assert read_star(folder / "out.star")["optics"]["rlnVoltage"].tolist() == [300]


def test_picks_of_a_run_are_written_with_names_and_pixel_size(folder):
    from napari_sciml.core.provenance import SourceRecord
    from napari_sciml.io import open_image

    record = {"source": SourceRecord.of(open_image(folder)).model_dump(mode="json"), "settings": {}}
    points = ViewerModel().add_points(PICKS[["frame", "y", "x"]], size=40, metadata={METADATA_KEY: record})
    data, meta, _ = points.as_layer_data_tuple()
    save_picks(folder / "run.star", data, meta)
    blocks = read_star(folder / "run.star")
    assert list(blocks["particles"]["rlnMicrographName"]) == ["mic_10.mrc", "mic_1.mrc", "mic_1.mrc"]
    assert blocks["optics"]["rlnMicrographPixelSize"].tolist() == [1.77]
    files = save_picks(folder / "run.box", data, meta)
    assert [file.name for file in files] == ["run_mic_10.box", "run_mic_1.box"]
    assert read_picks(files[1]).attrs["box_px"] == 64


@pytest.mark.parametrize("ending", ["star", "box"])
def test_picks_over_a_tiff_are_saved_as_they_were(tmp_path, ending):
    import tifffile

    tifffile.imwrite(tmp_path / "mic.tif", np.zeros((200, 240), np.uint8), photometric="minisblack")
    path = tmp_path / f"mic.{ending}"
    # Row 30 from the bottom, as RELION and EMAN2 count.
    star = "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnMicrographName\n20 30 M/mic.tif\n"
    path.write_text(star if ending == "star" else "4\t14\t32\t32\n")
    image = Image(np.zeros((200, 240), np.uint8), name="mic", metadata={PATH_KEY: str(tmp_path / "mic.tif")})
    layer = Layer.create(*pick_layers(path, image)[0])
    assert layer.data.tolist() == [[169, 20]]
    data, meta, _ = layer.as_layer_data_tuple()
    (out,) = save_picks(tmp_path / f"out.{ending}", data, meta)
    assert read_picks(out, flip_y=False)[["y", "x"]].to_numpy().tolist() == [[30, 20]]


def test_boxes_saved_beside_hand_made_ones_leave_them_as_they_are(folder, told):
    by_hand = {"mic_1.box": "1\t2\t64\t64\n", "run_mic_1.box": "3\t4\t64\t64\n"}
    for name, text in by_hand.items():
        (folder / name).write_text(text)
    before = {name: (folder / name).stat().st_mtime_ns for name in by_hand}
    metadata = {PICKS_KEY: {"micrographs": NAMES, "box_px": 64}}
    first, second = [[2, 10, 40], [0, 20, 50]], [[0, 20, 50], [1, 30, 60]]
    for positions, other in ((first, "run_mic_10.box"), (second, "run_mic_2.box")):
        points = ViewerModel().add_points(positions, size=40, metadata=metadata)
        data, meta, _ = points.as_layer_data_tuple()
        files = {Path(file).name for file in write_picks(str(folder / "run.box"), data, meta)}
        assert files == {"run_mic_1.sciml.box", other}
        assert told.pop() == (
            "run_mic_1.box was there before and stays as it was; the new one is run_mic_1.sciml.box."
        )
        assert {path.name for path in folder.glob("*.box")} == {*by_hand, *files}
        assert read_picks(folder / "run_mic_1.sciml.box")[["y", "x"]].to_numpy().tolist() == [[20, 50]]
    assert {name: (folder / name).stat().st_mtime_ns for name in by_hand} == before
    assert {name: (folder / name).read_text() for name in by_hand} == by_hand


def test_points_of_nowhere_are_named_after_their_layer(tmp_path, told):
    points = ViewerModel().add_points([[1, 2], [3, 4]], name="mine")
    data, meta, _ = points.as_layer_data_tuple()
    save_picks(tmp_path / "a.star", data, meta)
    assert set(read_picks(tmp_path / "a.star")["micrograph"]) == {"mine"}
    data, meta, _ = ViewerModel().add_points(np.zeros((1, 4))).as_layer_data_tuple()
    assert write_picks(str(tmp_path / "b.star"), data, meta) == []
    assert "Points in 4 dimensions are no picks" in told[0]


def test_napari_finds_readers_and_writer(folder):
    find_plugins()
    viewer = ViewerModel()
    (image,) = viewer.open(folder / NAMES[0], plugin="napari-sciml")
    assert image.data.shape == (200, 240)
    path = write_star(PICKS[1:], folder / "mic_1.star", micrographs=NAMES)
    (points,) = viewer.open(path, plugin=None)
    assert points.name == "mic_1: particles"
    assert points.save(str(folder / "again.star"), plugin="napari-sciml") == [str(folder / "again.star")]
    write_picks_csv(PICKS, folder / "p.csv", NAMES)
    assert mrcfile.validate(folder / NAMES[0])


def test_a_joint_star_goes_to_each_open_micrograph_its_own(folder, told, monkeypatch):
    images = [open_layer(str(folder / name)) for name in NAMES[:2]]
    helper = Layer.create(np.zeros((9, 9)), {"metadata": {METADATA_KEY: {}}, "name": "left out"}, "image")
    monkeypatch.setattr(readers, "open_layers", lambda: (*images, helper))
    star = write_star(PICKS, folder / "p.star", micrographs=NAMES)
    shown = [Layer.create(*layer) for layer in readers.read_pick_files(str(star))]
    expected = [PICKS[PICKS["frame"] == number] for number in range(2)]
    expected = [part for part in expected if len(part)]
    assert [layer.metadata[PICKS_KEY]["micrographs"] for layer in shown] == [
        [NAMES[int(part["frame"].iloc[0])]] for part in expected
    ]
    for layer, part in zip(shown, expected, strict=True):
        np.testing.assert_allclose(layer.data, part[["y", "x"]])


def test_picks_of_one_of_several_lie_on_it_and_on_no_other(folder, told, monkeypatch):
    images = [open_layer(str(folder / name)) for name in NAMES[:2]]
    monkeypatch.setattr(readers, "open_layers", lambda: tuple(images))
    mine = PICKS[PICKS["frame"] == 0]
    star = write_star(mine, folder / "one.star", micrographs=[NAMES[0]])
    (layer,) = readers.read_pick_files(str(star))
    assert layer[1]["metadata"][PICKS_KEY]["micrographs"] == [NAMES[0]]
    other = write_star(mine, folder / "other.star", micrographs=["elsewhere.mrc"])
    assert readers.read_pick_files(str(other)) == NOTHING
    assert "none of which is open" in told[-1]


def test_frames_of_some_files_of_a_folder_keep_their_names(folder):
    some = open_layer([str(folder / name) for name in NAMES[1:3]])
    source = source_from_layer(some)
    assert source.path is None
    assert micrograph_names(source) == sorted(NAMES[1:3], key=natural_key)
