"""Picks of a TIFF are where RELION, EMAN2 and Topaz see the particle, and come back to where it is."""

from __future__ import annotations

import json

import gemmi
import numpy as np
import pandas as pd
import pytest
import starfile
import tifffile

from fixtures.pick_files import write_cbox
from napari_sciml.io.picks.reading import read_picks
from napari_sciml.io.picks.rows import TOP_MARK, TURNED_MARK
from napari_sciml.io.picks.writing import write_box, write_boxes, write_coords, write_star, write_star_files

SHAPE = (90, 120)
PLACES = np.array([[10, 20], [33, 100], [71, 5]])
NAMES = ["mic_a.tif", "mic_b.mrc"]


@pytest.fixture
def picks() -> pd.DataFrame:
    return pd.DataFrame({"frame": [0, 0, 1], "y": PLACES[:, 0] * 1.0, "x": PLACES[:, 1] * 1.0, "score": 0.5})


def as_relion_sees(folder) -> dict[str, np.ndarray]:
    """Dots at the places; the TIFF with its rows turned, as ``readTIFF`` of RELION and EMAN2 leave them."""
    dots = np.zeros(SHAPE, np.uint8)
    dots[tuple(PLACES.T)] = 1
    tifffile.imwrite(folder / "mic_a.tif", dots, photometric="minisblack")
    return {"mic_a.tif": tifffile.imread(folder / "mic_a.tif")[::-1], "mic_b.mrc": dots}


def test_each_program_finds_the_particle_in_the_micrograph_as_it_reads_it(tmp_path, picks):
    seen = as_relion_sees(tmp_path)
    heights = [SHAPE[0]] * 2
    star = write_star(picks, tmp_path / "p.star", micrographs=NAMES, heights=heights)
    assert TURNED_MARK in star.read_text().splitlines()[0]
    table = starfile.read(star)
    block = gemmi.cif.read(str(star)).sole_block()
    for column in ("rlnCoordinateX", "rlnCoordinateY"):
        assert [float(value) for value in block.find_values(f"_{column}")] == list(table[column])
    for _, row in table.iterrows():
        assert seen[row["rlnMicrographName"]][int(row["rlnCoordinateY"]), int(row["rlnCoordinateX"])] == 1
    for box in write_boxes(picks, tmp_path / "box", NAMES, 8, heights=heights):
        name = next(name for name in NAMES if name.startswith(box.stem))
        for left, top, width, height in np.loadtxt(box, dtype=int, ndmin=2):
            assert seen[name][top + height // 2, left + width // 2] == 1
    topaz = pd.read_csv(write_coords(picks, tmp_path / "coords.txt", NAMES), sep="\t")
    # Topaz reads a TIFF from the top, as Pillow gives it.
    assert topaz["y_coord"].tolist() == PLACES[:, 0].tolist()


@pytest.mark.parametrize("kind", ["star", "box", "cbox", "folder", "autopick", "coords"])
def test_picks_come_back_to_where_they_were(tmp_path, picks, kind):
    heights = [SHAPE[0]] * 2
    one = picks[:2]
    if kind == "star":
        path = write_star(picks, tmp_path / "p.star", micrographs=NAMES, heights=heights)
    elif kind == "coords":
        path = write_coords(picks, tmp_path / "c.txt", NAMES)
    elif kind == "folder":
        path = write_boxes(picks, tmp_path / "boxes", NAMES, 8, heights=heights)[0].parent
    elif kind == "autopick":
        path = write_star_files(picks, tmp_path, NAMES, heights=heights)[0]
    else:
        from napari_sciml.io.picks.rows import PickGrid

        writer = write_box if kind == "box" else write_cbox
        path = writer(one, tmp_path / f"mic_a.{kind}", 8, grid=PickGrid(flipped_rows=SHAPE[0]))
    again = read_picks(path, shape=SHAPE, micrographs=NAMES)
    expected = one if kind in ("box", "cbox") else picks
    np.testing.assert_allclose(again[["frame", "y", "x"]], expected[["frame", "y", "x"]])
    turned = [note for note in again.attrs["notes"] if "was turned" in note]
    assert bool(turned) is (kind != "coords")


def test_relions_own_picks_over_a_tiff_are_turned_and_over_its_mrc_not(tmp_path):
    path = tmp_path / "mic_autopick.star"
    path.write_text("data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n20 79\n")
    assert read_picks(path, shape=SHAPE, micrographs=["mic.tif"])["y"].tolist() == [10]
    # What RELION makes of a TIFF has the rows as RELION read them.
    assert read_picks(path, shape=SHAPE, micrographs=["mic.mrc"])["y"].tolist() == [79]
    assert read_picks(path, shape=SHAPE, micrographs=["mic.tif"], flip_y=False)["y"].tolist() == [79]


def test_another_file_of_the_same_stem_is_told(tmp_path):
    path = tmp_path / "p.star"
    path.write_text(
        "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnMicrographName #3\n20 79 M/mic.mrc\n"
    )
    table = read_picks(path, shape=SHAPE, micrographs=["mic.tif"])
    assert table["y"].tolist() == [10]
    assert table.attrs["notes"][1].startswith("p.star was made on mic.mrc and mic.tif is open")


def test_runs_of_before_are_told_from_other_programs(tmp_path, picks):
    old = tmp_path / "picks.star"
    text = write_star(picks, old, micrographs=NAMES).read_text()
    assert TOP_MARK in text
    np.testing.assert_allclose(read_picks(old, shape=SHAPE, micrographs=NAMES)["y"], picks["y"])
    # Earlier files say nothing.
    old.write_text(text.partition("\n")[2])
    assert read_picks(old, shape=SHAPE, micrographs=NAMES)["y"].tolist() == [79, 56, 71]
    (tmp_path / "run.json").write_text(json.dumps({"technique": "cryoem"}))
    np.testing.assert_allclose(read_picks(old, shape=SHAPE, micrographs=NAMES)["y"], picks["y"])
    views = tmp_path / "particles.star"
    views.write_text(old.read_text())
    np.testing.assert_allclose(read_picks(views, shape=SHAPE, micrographs=NAMES)["y"], picks["y"])
    box = write_boxes(picks, tmp_path / "box", NAMES, 8)[0]
    np.testing.assert_allclose(read_picks(box, shape=SHAPE, micrographs=NAMES[:1])["y"], picks["y"][:2])
    # In rows as RELION has them, y of the MRC that was made of the TIFF is the other way round.
    assert read_picks(old, shape=SHAPE, micrographs=["mic_a.mrc", "mic_b.mrc"])["y"].tolist() == [79, 56, 71]


def test_what_could_not_be_turned_is_told_and_written_as_it_was(tmp_path, picks):
    path = write_star(picks, tmp_path / "p.star", micrographs=NAMES, heights=[SHAPE[0]] * 2)
    table = read_picks(path)
    assert table["y"].tolist() == [79, 56, 71]
    assert "was not turned, since these are not open" in table.attrs["notes"][0]
    height = table.attrs["height"]
    again = write_star(table, tmp_path / "again.star", micrographs=NAMES, heights=[height] * 2)
    np.testing.assert_allclose(read_picks(again, shape=SHAPE, micrographs=NAMES)["y"], picks["y"])


def test_each_micrograph_has_its_own_height(tmp_path, picks):
    path = write_star(picks, tmp_path / "p.star", micrographs=["a.tif", "b.tiff"], heights=[90, 200])
    assert starfile.read(path)["rlnCoordinateY"].tolist() == [79, 56, 128]


def test_what_was_read_over_a_tiff_is_written_for_relion_again(tmp_path, picks):
    path = write_star(picks, tmp_path / "p.star", micrographs=NAMES, heights=[SHAPE[0]] * 2)
    table = read_picks(path, shape=SHAPE, micrographs=NAMES)
    again = write_star(table, tmp_path / "again.star", micrographs=NAMES)
    assert starfile.read(again)["rlnCoordinateY"].tolist() == [79, 56, 71]


def test_a_layer_without_its_image_counts_from_the_top_and_says_so(tmp_path, picks):
    path = write_star(picks[:2], tmp_path / "mine.star", micrographs=["mine"])
    assert TOP_MARK in path.read_text()
    np.testing.assert_allclose(read_picks(path, shape=SHAPE, micrographs=["mine.tif"])["y"], picks["y"][:2])
