"""Picks as RELION, cryoSPARC, Topaz and EMAN2 leave them."""

from __future__ import annotations

import gemmi
import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.picks.reading import read_picks
from napari_sciml.io.picks.writing import write_star_files

SHAPE = (400, 500)
COORDINATES = (
    "\n# version 30001\n\ndata_\n\nloop_ \n_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n_rlnClassNumber #3 \n"
)
NAMES = ["mic_1.mrc", "mic_2.mrc", "mic_10.mrc"]


def autopick(project, absent=(), folder="AutoPick/job007"):
    """Write what RELION's auto-picking leaves in a project."""
    job = project / folder
    (job / "Movies").mkdir(parents=True)
    rows = ""
    for number, name in enumerate(NAMES):
        entry = f"Movies/{name.removesuffix('.mrc')}_autopick.star"
        rows += f"MotionCorr/job002/Movies/{name} AutoPick/job007/{entry} \n"
        if name not in absent:
            (job / entry).write_text(f"{COORDINATES}{100 + number}.5  {200 + number}  1 \n")
    head = "\n# version 30001\n\ndata_coordinate_files\n\nloop_ \n"
    head += "_rlnMicrographName #1 \n_rlnMicrographCoordinates #2 \n"
    (job / "autopick.star").write_text(head + rows)
    return job / "autopick.star"


def test_relions_table_of_coordinate_files_is_followed(tmp_path):
    table = read_picks(autopick(tmp_path), micrographs=NAMES[::-1], shape=SHAPE)
    assert table[["frame", "x", "y"]].to_numpy().tolist() == [
        [2, 100.5, 200],
        [1, 101.5, 201],
        [0, 102.5, 202],
    ]
    assert list(table["micrograph"]) == [f"MotionCorr/job002/Movies/{name}" for name in NAMES]
    assert not table.attrs["notes"]
    # The folder of the job is as good.
    assert len(read_picks(tmp_path / "AutoPick" / "job007")) == 3


def test_files_that_are_not_there_are_told_and_frames_stay_right(tmp_path):
    path = autopick(tmp_path, absent=NAMES[1:2])
    table = read_picks(path, micrographs=NAMES)
    assert table["frame"].tolist() == [0, 2]
    assert table.attrs["notes"][0].startswith(
        "1 of 3 files that autopick.star lists are not there: AutoPick/job007"
    )
    # Without open micrographs, frames count the names that the file gives.
    assert read_picks(path)["frame"].tolist() == [0, 1]
    with pytest.raises(SciMLError, match=r"None of the 3 files that .* lists is there"):
        read_picks(autopick(tmp_path / "other", absent=NAMES))


def test_a_job_that_was_moved_keeps_its_files(tmp_path):
    assert len(read_picks(autopick(tmp_path, folder="copied"))) == 3


def test_a_table_that_lists_nothing_holds_no_picks(tmp_path):
    path = autopick(tmp_path)
    path.write_text(path.read_text().partition("MotionCorr")[0])
    table = read_picks(path, micrographs=NAMES)
    assert len(table) == 0
    assert table.attrs["notes"] == ["autopick.star holds no picks"]


def test_the_pointer_of_relion_3_says_what_to_choose(tmp_path):
    path = tmp_path / "coords_suffix_autopick.star"
    path.write_text("CtfFind/job003/micrographs_ctf.star\n")
    with pytest.raises(SciMLError, match="choose the folder that holds a STAR file for each micrograph"):
        read_picks(path)


@pytest.mark.parametrize("suffix", ["_autopick", "_manualpick", "_topaz", ""])
def test_the_name_of_a_file_tells_its_micrograph(tmp_path, suffix):
    for number, name in enumerate(NAMES):
        stem = name.removesuffix(".mrc")
        (tmp_path / f"{stem}{suffix}.star").write_text(f"{COORDINATES}{number} 7 1\n")
    table = read_picks(tmp_path, micrographs=NAMES)
    assert table[["frame", "x"]].to_numpy().tolist() == [[0, 0], [1, 1], [2, 2]]
    one = read_picks(tmp_path / f"mic_10{suffix}.star", micrographs=NAMES)
    assert one["frame"].tolist() == [2]


def test_a_list_named_after_another_micrograph_is_told(tmp_path):
    (tmp_path / "mic_1_autopick.star").write_text(f"{COORDINATES}1 2 1\n")
    assert not read_picks(tmp_path / "mic_1_autopick.star", micrographs=["mic_1.mrc"]).attrs["notes"]
    (note,) = read_picks(tmp_path / "mic_1_autopick.star", micrographs=["mic_10.mrc"]).attrs["notes"]
    assert (
        note == "mic_1_autopick.star names no micrograph and was taken for picks of mic_10.mrc, which is open"
    )


def test_a_table_and_a_file_for_each_micrograph_are_written_for_relion(tmp_path):
    picks = pd.DataFrame(
        {"frame": [2, 0, 2], "y": [1.0, 2.0, 3.0], "x": [4.0, 5.0, 6.0], "score": [0.5, 0.25, 1.0]}
    )
    table, *files = write_star_files(picks, tmp_path, NAMES)
    block = gemmi.cif.read(str(table)).find_block("coordinate_files")
    assert list(block.find_values("_rlnMicrographName")) == ["mic_10.mrc", "mic_1.mrc"]
    listed = list(block.find_values("_rlnMicrographCoordinates"))
    assert [tmp_path / entry for entry in listed] == files
    loop = gemmi.cif.read(str(files[0])).sole_block().find_loop("_rlnCoordinateX")
    assert list(loop) == ["4", "6"]
    again = read_picks(table, micrographs=NAMES)
    np.testing.assert_allclose(again[["frame", "y", "x", "score"]].sort_values("y"), picks.sort_values("y"))
    empty, *none = write_star_files(picks[:0], tmp_path / "none", NAMES)
    assert not none
    assert len(read_picks(empty)) == 0


def cs_file(path, shapes=((400, 500), (400, 500)), **further):
    """Write a table as cryosparc-tools does: numpy's own form, texts as bytes."""
    fields = [
        ("uid", "<u8"),
        ("location/micrograph_uid", "<u8"),
        ("location/micrograph_path", "S80"),
        ("location/micrograph_shape", "<u4", (2,)),
        ("location/micrograph_psize_A", "<f4"),
        ("location/center_x_frac", "<f4"),
        ("location/center_y_frac", "<f4"),
        ("pick_stats/ncc_score", "<f4"),
        ("ctf/df1_A", "<f4"),
    ]
    table = np.zeros(2, fields)
    table["location/micrograph_path"] = [
        b"J14/motioncorrected/008578565574161745010_mic_1_patch_aligned_doseweighted.mrc",
        b"J14/motioncorrected/013864605955862944880_mic_10_patch_aligned_doseweighted.mrc",
    ]
    table["location/micrograph_shape"] = shapes
    table["location/micrograph_psize_A"] = 1.77
    table["location/center_x_frac"] = [0.1, 0.5]
    table["location/center_y_frac"] = [0.25, 0.75]
    table["pick_stats/ncc_score"] = [0.5, 0.25]
    for name, values in further.items():
        table[f"location/{name}"] = values
    with path.open("wb") as stream:
        np.save(stream, table)
    return table


def test_cryosparcs_fractions_become_pixels(tmp_path):
    cs_file(tmp_path / "picked.cs")
    table = read_picks(tmp_path / "picked.cs", micrographs=NAMES, shape=SHAPE)
    np.testing.assert_allclose(table[["frame", "y", "x", "score"]], [[0, 100, 50, 0.5], [2, 300, 250, 0.25]])
    assert table.attrs["optics"][0]["rlnMicrographPixelSize"] == 1.77
    direction, unused = table.attrs["notes"]
    assert "programs disagree" in direction
    assert unused == "3 columns of picked.cs were not used: uid, location/micrograph_uid, ctf/df1_A"
    np.testing.assert_allclose(read_picks(tmp_path / "picked.cs")["y"], [100, 300])
    turned = read_picks(tmp_path / "picked.cs", micrographs=NAMES, shape=SHAPE, flip_y=True)
    np.testing.assert_allclose(turned["y"], [299, 99])


def test_cryosparcs_micrographs_of_another_size_are_scaled_and_told(tmp_path):
    cs_file(tmp_path / "picked.cs", shapes=((800, 1000), (800, 1000)))
    table = read_picks(tmp_path / "picked.cs", micrographs=NAMES, shape=SHAPE)
    np.testing.assert_allclose(table["y"], [100, 300])
    assert any(
        "of 800 x 1000 px; the picks were scaled to 400 x 500 px" in note for note in table.attrs["notes"]
    )


def test_cryosparcs_micrographs_of_no_size_need_the_image(tmp_path):
    cs_file(tmp_path / "a.cs", shapes=((0, 0), (0, 0)), micrograph_path=b"")
    np.testing.assert_allclose(
        read_picks(tmp_path / "a.cs", micrographs=NAMES[:1], shape=SHAPE)["y"], [100, 300]
    )
    with pytest.raises(
        SciMLError, match="does not say how large its micrographs are: open the micrographs first"
    ):
        read_picks(tmp_path / "a.cs")


def test_other_cs_files_are_refused_in_a_sentence(tmp_path):
    table = cs_file(tmp_path / "a.cs")
    cases = {
        "has no location/center_x_frac and no location/center_y_frac: choose the file of picked": table[
            ["uid", "ctf/df1_A"]
        ],
        "is not a .cs file": np.array([{"a": 1}], dtype=object),
        "1 of 2 values of location/center_x_frac": None,
    }
    table["location/center_x_frac"][1] = np.nan
    for sentence, content in cases.items():
        np.save(tmp_path / "b.npy", table if content is None else content, allow_pickle=True)
        (tmp_path / "b.npy").replace(tmp_path / "b.cs")
        with pytest.raises(SciMLError, match=sentence):
            read_picks(tmp_path / "b.cs")
    (tmp_path / "c.cs").write_bytes(b"\x94CSDAT....")
    with pytest.raises(SciMLError, match="is a packed cryoSPARC file: save it as a numpy table"):
        read_picks(tmp_path / "c.cs")
    (tmp_path / "d.cs").write_bytes(b"")
    with pytest.raises(SciMLError, match=r"is not a \.cs file"):
        read_picks(tmp_path / "d.cs")


@pytest.mark.parametrize("ending", ["txt", "tsv"])
def test_topaz_tables_are_read(tmp_path, ending):
    path = tmp_path / f"predicted.{ending}"
    path.write_text("image_name\tx_coord\ty_coord\tscore\nmic_10\t10\t20\t-1.5\nmic_1\t30\t40\tnan\n")
    table = read_picks(path, micrographs=NAMES, shape=SHAPE)
    np.testing.assert_array_equal(
        table[["frame", "x", "y", "score"]], [[2, 10, 20, -1.5], [0, 30, 40, np.nan]]
    )
    assert not table.attrs["notes"]


def test_names_of_topaz_that_look_like_remarks_or_gaps_stay(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("# made by hand\nimage_name\tx_coord\ty_coord\n#7\t1\t2\nNA\t3\t4\n0012\t5\t6\n")
    assert list(read_picks(path)["micrograph"]) == ["#7", "NA", "0012"]


def test_boxes_of_cryolo_before_its_star_form_are_read(tmp_path):
    path = tmp_path / "mic_1.cbox"
    path.write_text("10\t20\t64\t64\t0.75\t60\t61\n30\t40\t64\t64\t0.5\t60\t61\n")
    table = read_picks(path, micrographs=NAMES)
    np.testing.assert_allclose(table[["frame", "y", "x", "score"]], [[0, 52, 42, 0.75], [0, 72, 62, 0.5]])


def test_what_a_file_says_beyond_picks_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,diameter\n1,2,180\n")
    (tmp_path / "b.box").write_text("1\t2\t64\t64\t-3\n")
    (tmp_path / "c.star").write_text(f"{COORDINATES}1 2 3\n\ndata_job\n\n_rlnJobType 4\n")
    assert read_picks(tmp_path / "a.csv").attrs["notes"] == ["1 column was not used of a.csv: diameter"]
    assert read_picks(tmp_path / "b.box").attrs["notes"] == ["1 column was not used of b.box: 5"]
    assert read_picks(tmp_path / "c.star").attrs["notes"] == ["1 table was not used of c.star: job"]
