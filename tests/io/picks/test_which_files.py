"""Files of picks are told from others by name and first lines."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.io.picks.reading import READERS
from napari_sciml.io.picks.which_files import PICK_SUFFIXES, is_pick_file

STAR = "data_\n\nloop_\n_rlnMicrographName #1\n{} #2\na.mrc 1\n"


@pytest.mark.parametrize(
    ("name", "text", "picks"),
    [
        ("a.star", STAR.format("_rlnCoordinateX"), True),
        ("autopick.star", STAR.format("_rlnMicrographCoordinates"), True),
        ("ctf.star", STAR.format("_rlnDefocusU"), False),
        ("a.box", "", True),
        ("a.cbox", "", True),
        ("coords.txt", "image_name\tx_coord\ty_coord\tscore\nmic\t1\t2\t3\n", True),
        ("topaz.tsv", "image_name\tx_coord\ty_coord\nmic\t1\t2\n", True),
        ("plain.txt", "10 20\n30 40\n", True),
        ("a.coords", "10\t20.5\n", True),
        ("p.csv", "y_px,x_px\n20,10\n", True),
        ("q.csv", "X-Coordinate;Y-Coordinate\n10;20\n", True),
        ("points.csv", "index,axis-0,axis-1\n0,1,2\n", False),
        ("readme.txt", "Taken on the old microscope.\n", False),
        ("angles.txt", "-60\n-58\n", False),
        ("empty.txt", "", False),
        ("a.mrc", "x y", False),
    ],
)
def test_first_lines_tell(tmp_path, name, text, picks):
    (tmp_path / name).write_text(text)
    assert is_pick_file(tmp_path / name) is picks


def test_cs_files_need_locations(tmp_path):
    for field, picks in (("location/center_x_frac", True), ("ctf/df1_A", False)):
        with (tmp_path / "a.cs").open("wb") as stream:
            np.save(stream, np.zeros(2, dtype=[("uid", "<u8"), (field, "<f4")]))
        assert is_pick_file(tmp_path / "a.cs") is picks
    assert not is_pick_file(tmp_path / "absent.cs")
    assert not is_pick_file(tmp_path)


def test_each_kind_has_a_reader():
    assert set(READERS) == set(PICK_SUFFIXES)
