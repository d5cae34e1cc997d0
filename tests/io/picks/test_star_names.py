"""Names of micrographs come back from STAR files by our reader, starfile and gemmi, or are refused."""

from __future__ import annotations

import gemmi
import numpy as np
import pandas as pd
import pytest
import starfile

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.reading import read_picks
from napari_sciml.io.picks.writing import file_names, write_coords, write_star, write_star_files
from napari_sciml.io.star import read_star, write_star_blocks

HELD = [
    "grid#3_0012.mrc",
    "#first.mrc",
    "two words.mrc",
    " blanks around .mrc",
    "tab\there.mrc",
    "größe_中.mrc",
    "no\u00a0break\u2028.mrc",
    "x" * 300 + ".mrc",
    "_under.mrc",
    "data_1.mrc",
    "loop_",
    "$price.mrc",
    "[1].mrc",
    ";half.mrc",
    "?",
    "NA",
    "007",
    "000001@a stack.mrcs",
    "back\\slash.mrc",
    "%u41;.mrc#",
    "%ufc;ü",
]
REFUSED = ["it's.mrc", 'say "x".mrc', "new\nline.mrc", "re\rturn.mrc", "bad\udcff.mrc", "nan"]


@pytest.mark.parametrize("name", HELD)
def test_three_readers_give_a_name_back(tmp_path, name):
    picks = pd.DataFrame({"frame": [0, 0], "y": [1.5, 2.5], "x": [3.0, 4.25], "score": [0.5, 0.25]})
    path = write_star(picks, tmp_path / "p.star", micrographs=[name])
    names = {
        "ours": list(read_picks(path)["micrograph"]),
        "starfile": list(starfile.read(path, parse_as_string=["rlnMicrographName"])["rlnMicrographName"]),
        "gemmi": [
            gemmi.cif.as_string(value)
            for value in gemmi.cif.read(str(path)).sole_block().find_values("_rlnMicrographName")
        ],
    }
    assert all(found == [name, name] for found in names.values()), names
    np.testing.assert_allclose(read_picks(path)[["y", "x"]], picks[["y", "x"]])
    autopick, *_ = write_star_files(picks, tmp_path / "relion", [name])
    assert set(read_picks(autopick)["micrograph"]) == {name}
    assert starfile.read(autopick, parse_as_string=["rlnMicrographName"])["rlnMicrographName"].item() == name
    coords = write_coords(picks, tmp_path / "coords.txt", [name])
    assert len(read_picks(coords)) == 2


def test_usual_names_stand_without_quotation_marks(tmp_path):
    names = ["Mics/FoilHole_12-3.frames.mrc", "000001@stack.mrcs", "mic_10.tif"]
    picks = pd.DataFrame({"frame": [0, 1, 2], "y": 1.0, "x": 2.0})
    text = write_star(picks, tmp_path / "p.star", micrographs=names).read_text()
    assert [line.split("\t")[2] for line in text.splitlines()[-4:-1]] == names


@pytest.mark.parametrize("name", REFUSED)
def test_other_names_are_refused(tmp_path, name):
    picks = pd.DataFrame({"frame": [0], "y": [1.5], "x": [3.0]})
    with pytest.raises(SciMLError, match="so STAR files cannot hold it: rename it"):
        write_star(picks, tmp_path / "p.star", micrographs=[name])
    assert not (tmp_path / "p.star").exists()


def test_foreign_files_with_a_hash_inside_a_word_are_read_whole(tmp_path):
    path = tmp_path / "relion.star"
    path.write_text(
        "# version 30001 # said RELION\n\ndata_particles\n\nloop_ \n_rlnMicrographName #1 \n"
        "_rlnCoordinateX #2 \n_rlnCoordinateY #3 \nMics/grid#3_größe.mrc  10.5  20.25 \n"
        "'a b.mrc' 1 2 # a remark\n \n",
        encoding="utf-8",
        newline="\r\n",
    )
    table = read_picks(path)
    assert list(table["micrograph"]) == ["Mics/grid#3_größe.mrc", "a b.mrc"]
    assert table[["x", "y"]].to_numpy().tolist() == [[10.5, 20.25], [1, 2]]


def test_names_in_an_old_encoding_are_read(tmp_path):
    head = "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnMicrographName\n1 2 "
    (tmp_path / "p.star").write_bytes(head.encode() + b"gr\xf6\xdfe.mrc\n")
    assert read_picks(tmp_path / "p.star", micrographs=["other.mrc", "größe.mrc"])["frame"].tolist() == [1]


def test_names_that_begin_like_a_keyword_are_read_as_relion_writes_them(tmp_path):
    head = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnMicrographName #3\n"
    path = tmp_path / "p.star"
    path.write_text(f"{head}1 2 data_1.mrc\n")
    assert list(read_picks(path)["micrograph"]) == ["data_1.mrc"]
    path.write_text(f"{head}1 2 data_1.mrc\n3 4 grid#1.mrc\n")
    with pytest.raises(SciMLError, match=r"'#' within a word \(grid#1.mrc\)"):
        read_picks(path)


def test_numbers_that_are_missing_keep_a_column_of_numbers(tmp_path):
    path = tmp_path / "p.star"
    path.write_text(
        "data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnAutopickFigureOfMerit\n_rlnDefocusU\n"
        "_rlnHelicalTubeID\n_rlnGroupName\n_rlnMicrographGain\n"
        "1 2 nan 1.5e-8 1 NA None\n3 4 inf NA 2 0012 None\n5 6 0.5 None <NA> nan None\n"
    )
    block = read_star(path)[""]
    np.testing.assert_array_equal(block["rlnDefocusU"], [1.5e-8, np.nan, np.nan])
    np.testing.assert_array_equal(block["rlnHelicalTubeID"], [1, 2, np.nan])
    assert list(block["rlnGroupName"]) == ["NA", "0012", "nan"]
    assert list(block["rlnMicrographGain"]) == ["None"] * 3
    table = read_picks(path)
    # A score without an end is none.
    np.testing.assert_array_equal(table["score"], [np.nan, np.nan, 0.5])
    again = write_star_blocks({"": block.drop(columns="rlnGroupName")}, tmp_path / "again.star")
    np.testing.assert_array_equal(starfile.read(again)["rlnDefocusU"], block["rlnDefocusU"])


def test_names_of_files_are_short_and_never_twice():
    long = "ü" * 200
    files = file_names([f"{long}1.mrc", f"{long}2.mrc", "a/Mic.mrc", "b/mic.mrc"], "_autopick.star")
    assert files[2:] == ["Mic_autopick.star", "mic_2_autopick.star"]
    assert len(set(files)) == 4
    assert max(len(file.encode()) for file in files) <= 240
