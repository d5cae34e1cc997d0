"""Picks go to every program's form and come back: order, scores, names, optics, binning, direction of y."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fixtures.pick_files import write_cbox, write_picks_csv
from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.micrograph_names import match_names, stem_of
from napari_sciml.io.picks.reading import outside_of, read_picks
from napari_sciml.io.picks.rows import PickGrid
from napari_sciml.io.picks.writing import (
    Optics,
    write_box,
    write_boxes,
    write_coords,
    write_star,
)
from napari_sciml.io.star import read_star

NAMES = ["mic_1.mrc", "mic_10.mrc"]
SHAPE = (400, 500)
STAR_HEAD = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"
OPTICS = Optics(pixel_size_A=1.77, voltage_kV=300.0, cs_mm=2.7, amplitude_contrast=0.1)


@pytest.fixture
def picks() -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "frame": np.array([1, 0, 1, 0, 0]),
            "y": np.round(random.uniform(0, 399, 5), 3),
            "x": np.round(random.uniform(0, 499, 5), 3),
            "score": np.array([0.9, 0.25, np.nan, -1.5, 0.125]),
        }
    )


def same(table: pd.DataFrame, picks: pd.DataFrame, columns=("frame", "y", "x", "score"), atol=1e-6) -> None:
    for column in columns:
        np.testing.assert_allclose(table[column], picks[column], atol=atol, err_msg=column)


@pytest.mark.parametrize("single", [False, True])
def test_star_comes_back_in_order_with_scores_names_and_optics(tmp_path, picks, single):
    path = write_star(picks, tmp_path / "p.star", micrographs=NAMES, optics=OPTICS, single_block=single)
    again = read_picks(path, micrographs=NAMES)
    same(again, picks)
    assert list(again["micrograph"]) == [NAMES[frame] for frame in picks["frame"]]
    blocks = read_star(path)
    if single:
        assert list(blocks) == [""]
        row = blocks[""].iloc[0]
        assert row["rlnDetectorPixelSize"] * 1e4 / row["rlnMagnification"] == pytest.approx(1.77)
        assert (row["rlnVoltage"], row["rlnSphericalAberration"], row["rlnAmplitudeContrast"]) == (
            300,
            2.7,
            0.1,
        )
    else:
        assert list(blocks) == ["optics", "particles"]
        assert path.read_text().count("# version 30001") == 2
        optics = blocks["optics"].iloc[0]
        assert optics["rlnMicrographOriginalPixelSize"] == 1.77
        assert optics["rlnVoltage"] == 300
        assert set(blocks["particles"]["rlnOpticsGroup"]) == {1}


def test_relion_marks_picks_of_a_person(tmp_path, picks):
    write_star(picks, tmp_path / "p.star", micrographs=NAMES)
    assert read_star(tmp_path / "p.star")[""]["rlnAutopickFigureOfMerit"][2] == -999


def test_what_another_program_wrote_survives_reading_and_writing(tmp_path):
    text = """# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
_rlnVoltage #4
early 1 1.77 300.0
late 2 1.77 200.0

# version 30001

data_particles

loop_
_rlnMicrographName #1
_rlnCoordinateX #2
_rlnCoordinateY #3
_rlnOpticsGroup #4
_rlnAnglePsi #5
_rlnHelicalTubeID #6
_rlnGroupName #7
Mics/b.mrc 10.5 20.25 2 -45.125 7 0012
Mics/a.mrc 30 40 1 1e-05 8 0013
"""
    (tmp_path / "in.star").write_text(text)
    table = read_picks(tmp_path / "in.star")
    assert list(table["frame"]) == [0, 1]
    write_star(table, tmp_path / "out.star")
    old, new = read_star(tmp_path / "in.star"), read_star(tmp_path / "out.star")
    pd.testing.assert_frame_equal(new["optics"], old["optics"], check_dtype=False)
    expected = old["particles"]
    # Nobody has scored these picks.
    assert set(new["particles"].pop("rlnAutopickFigureOfMerit")) == {-999}
    pd.testing.assert_frame_equal(new["particles"][list(expected.columns)], expected, check_dtype=False)
    assert list(new["particles"]["rlnGroupName"]) == ["0012", "0013"]


def test_boxes_keep_place_and_size(tmp_path, picks):
    first = picks[picks["frame"] == 0]
    path = write_box(first, tmp_path / "mic_1.box", 64)
    assert path.read_text().splitlines()[0].split("\t")[2:] == ["64", "64"]
    again = read_picks(path, micrographs=NAMES)
    same(again, first.reset_index(drop=True), ("frame", "y", "x"), atol=0.5)
    assert again["score"].isna().all()
    assert again.attrs["box_px"] == 64


def test_a_folder_of_boxes_has_a_file_for_each_micrograph(tmp_path, picks):
    files = write_boxes(picks, tmp_path / "box", NAMES, 64)
    assert sorted(file.name for file in files) == ["mic_1.box", "mic_10.box"]
    again = read_picks(tmp_path / "box", micrographs=NAMES)
    expected = picks.sort_values("frame", kind="stable").reset_index(drop=True)
    same(again, expected, ("frame", "y", "x"), atol=0.5)
    assert list(read_picks(tmp_path / "box")["frame"]) == list(expected["frame"])


def test_micrographs_of_one_name_get_a_file_each(tmp_path, picks):
    files = write_boxes(picks, tmp_path, ["a/mic.mrc", "b/mic.mrc"], 64)
    assert [len(file.read_text().splitlines()) for file in files] == [2, 3]


def test_cbox_keeps_the_confidence_of_all_boxes(tmp_path, picks):
    path = write_cbox(picks, tmp_path / "mic_1.cbox", 65)
    again = read_picks(path)
    same(again, picks, ("y", "x", "score"))
    assert again.attrs["box_px"] == 65
    assert "_cbox_format_version" in path.read_text()


def test_topaz_text_and_csv_keep_names_and_scores(tmp_path, picks):
    coords = write_coords(picks, tmp_path / "coords.txt", NAMES)
    assert coords.read_text().splitlines()[0] == "image_name\tx_coord\ty_coord\tscore"
    same(read_picks(coords, micrographs=NAMES), picks)
    table = write_picks_csv(picks, tmp_path / "p.csv", NAMES)
    assert table.read_text().splitlines()[0] == "frame,y,x,score,micrograph"
    same(read_picks(table, micrographs=NAMES), picks)
    with pytest.raises(SciMLError, match="Topaz needs the name of each micrograph"):
        write_coords(picks.drop(columns="frame"), tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "y_px,x_px\n20,10\n40,30\n"),
        ("b.csv", "X-Coordinate;Y-Coordinate;Diameter\n10;20;180\n30;40;180\n"),
        ("c.csv", "X,score,Y\n10,0.5,20\n30,0.5,40\n"),
        ("d.csv", "index,axis-0,axis-1\n0,20,10\n1,40,30\n"),
        ("e.txt", "10 20\n30 40\n"),
        ("f.coords", "10\t20\t0.25\n30\t40\t0.5\n"),
        ("g.tsv", "image_name\tx_coord\ty_coord\nmic\t10\t20\nmic\t30\t40\n"),
    ],
)
def test_columns_are_found_by_name_whatever_their_order(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    table = read_picks(tmp_path / name)
    assert table[["x", "y"]].to_numpy().tolist() == [[10, 20], [30, 40]]
    assert list(table["frame"]) == [0, 0]


@pytest.mark.parametrize("write", [write_star, write_box, write_cbox])
def test_binned_and_flipped_coordinates_come_back(tmp_path, picks, write):
    grid = PickGrid(binning=4.0, flipped_rows=SHAPE[0])
    suffix = write.__name__.removeprefix("write_")
    path = tmp_path / f"p.{suffix}"
    write(picks, path, **({} if suffix == "star" else {"box_px": 64}), grid=grid)
    again = read_picks(path, shape=SHAPE, binning=4.0, flip_y=True)
    same(again, picks, ("y", "x"), atol=2.0 if suffix == "box" else 1e-6)
    assert again.attrs["box_px"] == (None if suffix == "star" else 64)
    plain = read_picks(path)
    assert plain["y"].max() < 110
    # The first row of the file is the last of the image.
    assert np.argmax(plain["y"]) == np.argmin(picks["y"])


def test_picks_outside_are_told_and_never_lost_silently(tmp_path, picks):
    far = pd.concat([picks, pd.DataFrame({"frame": [0, 0], "y": [500.0, 10.0], "x": [3.0, -0.6]})])
    path = write_picks_csv(far, tmp_path / "p.csv")
    kept = read_picks(path, shape=SHAPE)
    assert len(kept) == 7
    assert list(np.flatnonzero(outside_of(kept, SHAPE))) == [5, 6]
    (told,) = kept.attrs["notes"]
    assert told.startswith("2 of 7 picks in p.csv lie outside the image of 400 x 500 px and were kept;")
    dropped = read_picks(path, shape=SHAPE, outside="drop")
    same(dropped, picks)
    assert "were left out" in dropped.attrs["notes"][0]


def test_picks_of_other_micrographs_are_kept_and_told(tmp_path, picks):
    path = write_star(picks, tmp_path / "p.star", micrographs=["mic_1.mrc", "other.mrc"])
    table = read_picks(path, micrographs=NAMES)
    assert list(table["frame"]) == [-1, 0, -1, 0, 0]
    assert table.attrs["notes"] == ["2 of 5 picks in p.star belong to no open micrograph: other.mrc"]
    # Written again, they keep the name that they came with.
    write_star(table, tmp_path / "again.star", micrographs=NAMES)
    assert list(read_star(tmp_path / "again.star")[""]["rlnMicrographName"])[:2] == ["other.mrc", "mic_1.mrc"]


def test_no_picks_are_a_valid_result_in_every_form(tmp_path, picks):
    none = picks[:0]
    for optics in (None, OPTICS):
        path = write_star(none, tmp_path / "p.star", micrographs=NAMES, optics=optics)
        assert path.read_text().startswith("# 0 particles were picked\n")
        table = read_picks(path)
        assert len(table) == 0
        assert table.attrs["notes"] == ["p.star holds no picks"]
    for path in (
        write_cbox(none, tmp_path / "p.cbox", 64),
        write_box(none, tmp_path / "p.box", 64),
        write_coords(none, tmp_path / "p.txt", NAMES),
        write_picks_csv(none, tmp_path / "p.csv", NAMES),
    ):
        assert len(read_picks(path, micrographs=NAMES, shape=SHAPE)) == 0
    assert write_boxes(none, tmp_path / "box", NAMES, 64) == []


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "a.star",
            "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnAnglePsi #2\n1 2\n",
            r"a\.star lacks the column rlnCoordinateY; it has rlnCoordinateX, rlnAnglePsi",
        ),
        ("b.star", "beam time", r"b\.star is not a STAR file: it has no table"),
        (
            "c.star",
            f"{STAR_HEAD}1 2 3\n",
            "could not be read as STAR",
        ),
        (
            "d.star",
            f"{STAR_HEAD}1 2\n3 nan\n",
            "1 of 2 values of rlnCoordinateY in .*d.star are no finite numbers, the first in row 2",
        ),
        ("e.box", "1 2 64 64\n1 2\n", "Line 2 of .*e.box has 2 numbers, not 4"),
        ("f.box", "1 2 64 64\n1 x 64 64\n", "1 of 2 values of y .* the first in row 2"),
        ("g.csv", "10,20\n30,40\n", "has no column x and no y; it has 10, 20: name the columns"),
        ("h.csv", "x,y\n1,2\n3,hello\n", "1 of 2 values of y"),
        ("i.csv", "", "is empty"),
        ("j.pdf", "x", r"j\.pdf is not a file of picks"),
        (
            "k.cbox",
            "data_cryolo\n\nloop_\n_CoordinateX #1\n1\n",
            "lacks the columns CoordinateY, Width, Height",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text)
    with pytest.raises(SciMLError, match=sentence):
        read_picks(tmp_path / name)


def test_a_mended_file_is_read_anew(tmp_path):
    path = tmp_path / "a.star"
    path.write_text(f"{STAR_HEAD}1 2 3\n")
    with pytest.raises(SciMLError):
        read_picks(path)
    path.write_text(f"{STAR_HEAD}1 2\n")
    assert len(read_picks(path)) == 1


def test_calls_that_cannot_work_are_refused(tmp_path):
    with pytest.raises(SciMLError, match="There is no file or folder"):
        read_picks(tmp_path / "absent.star")
    with pytest.raises(SciMLError, match="Flipping y needs the height"):
        read_picks(tmp_path / "absent.star", flip_y=True)
    with pytest.raises(SciMLError, match="binning of 0"):
        read_picks(tmp_path / "absent.star", binning=0)
    with pytest.raises(SciMLError, match="holds no files of picks"):
        read_picks(tmp_path)
    (tmp_path / "a.box").touch()
    (tmp_path / "a.csv").write_text("x,y\n")
    with pytest.raises(SciMLError, match=r"holds picks in \.box and \.csv files"):
        read_picks(tmp_path)


def test_names_are_matched_by_what_is_left_of_them():
    against = ["Movies/mic_1.mrc", "mic_10.mrc", "mic.2021.05.mrc", "000002@stack.mrcs"]
    names = ["mic_1", "mic_10_autopick.star", "000123_mic_1_patch_aligned.mrc", "mic.2021.05"]
    assert match_names(names, against) == [0, 1, 0, 2]
    assert match_names(["000002@other/stack.mrcs", "mic_2", "mic"], against) == [3, -1, -1]
    assert match_names(["mic_10", "x_mic_10", "mic_101"], ["mic_1.mrc"]) == [-1, -1, -1]
    assert stem_of("C:\\data\\mic_1.mrc.gz") == "mic_1"


def test_the_real_picks_lie_where_the_particles_are(real_data):
    table = read_picks(real_data("cryoem/micrographs/Falcon_2012_06_12-14_33_35_0.csv"), shape=(4096, 4096))
    assert len(table) == 626
    assert not table.attrs["notes"]
    assert (table["y"][0], table["x"][0]) == (1436, 1552)
    folder = real_data("cryoem/micrographs/Falcon_2012_06_12-14_33_35_0.csv").parent
    images = sorted(file.name for file in folder.glob("*.jpg"))
    assert np.bincount(read_picks(folder, micrographs=images)["frame"]).tolist() == [626, 626, 688, 652]


def test_relions_own_picks_are_read(tmp_path, real_data):
    table = read_picks(real_data("cryoem/relion_golden/sample_relion_data.star"))
    assert len(table) == 17
    assert (table["x"][0], table["y"][0]) == (2158.111921, 3073.912046)
    write_star(table, tmp_path / "again.star")
    again = read_picks(tmp_path / "again.star")
    same(again, table)
    np.testing.assert_allclose(again["rlnDefocusU"], table["rlnDefocusU"])
