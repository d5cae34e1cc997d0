"""The files of a run over micrographs, and what RELION wrote about CTFs and particles."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings, PointsOverlay, Product
from napari_sciml.core.progress import drive
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image
from napari_sciml.io.formats.mrc import write_mrc
from napari_sciml.io.picks.reading import read_picks
from napari_sciml.io.saving.tables import read_points_csv
from napari_sciml.io.star import read_star
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.input_checks import file_warnings, refuse_movie
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.optics.ctf_files import read_ctfs
from napari_sciml.techniques.cryoem.pick_scale import PickScale
from napari_sciml.techniques.cryoem.recipe import CryoEM
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.write import micrograph_names

SCALE = PickScale(diameter_px=20.0, pixel_size_A=2.0)
PIXELS = np.random.default_rng(0).normal(size=(3, 120, 150)).astype(np.float32)


@pytest.fixture
def series(tmp_path) -> ImageSource:
    folder = tmp_path / "micrographs"
    folder.mkdir()
    for number, image in enumerate(PIXELS):
        write_mrc(folder / f"mic_{number}.mrc", image, 2.0)
    return open_image(folder, independent_frames=True)


def findings_of(source: ImageSource, table: pd.DataFrame, **others) -> Findings:
    columns = ("frame", "y", "x") if source.ndim == 3 else ("y", "x")
    return Findings(
        tables={"particles": table, **others.pop("tables", {})},
        main="particles",
        candidates=table,
        overlays=(PointsOverlay("particles", columns, "particle", SCALE.diameter_px),),
        provenance=Provenance(
            technique="cryoem",
            model="cryoem-picker",
            weights_sha256="",
            backend="float32",
            runtime="torch",
            normalisation="none",
            settings={"threshold": 0.5},
            source=SourceRecord.of(source),
            units_done=3,
            units_total=3,
            what="micrographs",
            seconds=1.0,
        ),
        settings=CryoEMSettings(),
        context=CryoEMContext(SCALE.diameter_px, SCALE.pixel_size_A),
        source=source,
        **others,
    )


def picks(frames: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "frame": np.arange(12) % frames if frames != 3 else np.r_[np.zeros(3, int), np.full(9, 2)],
            "y": random.uniform(5, 110, 12),
            "x": random.uniform(5, 140, 12),
            "score": random.uniform(0.5, 1, 12),
        }
    )


def names_of(paths: list[Path], folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)).replace("\\", "/") for path in paths)


def test_picks_are_written_for_every_program(series, tmp_path):
    out = tmp_path / "out"
    written = findings_of(series, picks()).save(out)
    assert names_of(written, out) == [
        *("autopick.star", "box/mic_0.box", "box/mic_2.box", "coords.txt", "findings.csv", "overlay.png"),
        *("picks.star", "points.csv", "run.json", "star/mic_0_autopick.star", "star/mic_2_autopick.star"),
    ]
    assert all(path.is_file() for path in written)
    names = ["mic_0.mrc", "mic_1.mrc", "mic_2.mrc"]
    for name in ("autopick.star", "picks.star", "coords.txt", "findings.csv"):
        again = read_picks(out / name, micrographs=names)
        for column in ("frame", "y", "x", "score"):
            np.testing.assert_allclose(again[column], picks()[column], rtol=1e-8, err_msg=name)
    boxes = read_picks(out / "box", micrographs=names)
    np.testing.assert_allclose(boxes[["frame", "y", "x"]], picks()[["frame", "y", "x"]], atol=0.5)
    assert boxes.attrs["box_px"] == SCALE.box_px
    optics = read_star(out / "picks.star")["optics"].iloc[0]
    assert optics["rlnMicrographOriginalPixelSize"] == 2.0
    positions, features = read_points_csv(out / "points.csv")
    assert positions.shape == (12, 3)
    assert list(features) == ["score"]


def test_the_picture_shows_the_most_crowded_micrograph_and_skips_a_damaged_one(series, tmp_path):
    from PIL import Image

    found = findings_of(series, picks())
    found.save(tmp_path / "out")
    with Image.open(tmp_path / "out" / "overlay.png") as picture:
        assert picture.info["Description"].startswith(
            "micrographs · cryoem-picker · threshold 0.5 · diameter 40 Å"
        )
        assert picture.info["Title"] == "mic_2.mrc: 9 particles"
    (tmp_path / "micrographs" / "mic_2.mrc").write_bytes(b"")
    found.save(tmp_path / "again")
    with Image.open(tmp_path / "again" / "overlay.png") as picture:
        assert picture.info["Title"] == "mic_0.mrc: 3 particles"


def test_no_picks_are_written_and_said(series, tmp_path):
    written = findings_of(series, picks()[:0]).save(tmp_path / "out")
    assert "box" not in {path.parent.name for path in written}
    assert (tmp_path / "out" / "picks.star").read_text().startswith("# 0 particles were picked")
    assert len(read_picks(tmp_path / "out" / "picks.star")) == 0


def test_a_flat_micrograph_has_flat_points(tmp_path):
    source = open_image(write_mrc(tmp_path / "one.mrc", PIXELS[0], 2.0))
    table = picks().assign(frame=0)
    written = findings_of(source, table).save(tmp_path / "out")
    assert (tmp_path / "out" / "box" / "one.box") in written
    assert read_points_csv(tmp_path / "out" / "points.csv")[0].shape == (12, 2)
    assert set(read_star(tmp_path / "out" / "picks.star")["particles"]["rlnMicrographName"]) == {"one.mrc"}


def test_frames_of_one_file_are_named_by_number(tmp_path):
    source = open_image(write_mrc(tmp_path / "all.mrcs", PIXELS, 2.0))
    assert micrograph_names(source) == [f"{n:06d}@all.mrcs" for n in (1, 2, 3)]
    written = findings_of(source, picks()).save(tmp_path / "out")
    assert {"1_all.box", "3_all.box"} < {path.name for path in written}
    again = read_picks(tmp_path / "out" / "picks.star", micrographs=micrograph_names(source))
    assert list(again["frame"]) == list(picks()["frame"])
    sample = ImageSource.from_array(PIXELS, name="grid square")
    assert micrograph_names(sample)[2] == "000003@grid square"


def test_a_series_shown_in_a_window_still_knows_its_files(series):
    shown = replace(series, place=None)
    assert micrograph_names(shown) == ["mic_0.mrc", "mic_1.mrc", "mic_2.mrc"]


def test_views_and_map_are_written_with_their_pixel_size(series, tmp_path):
    table = picks().assign(
        view=[0, 5, -1, 83, 5, 5, 5, 5, 5, 5, 5, -1],
        view_probability=0.75,
        psi_deg=np.arange(12.0),
        shift_y=1.5,
        shift_x=-0.5,
    )
    stack = np.zeros((84, 16, 16), np.float32)
    cube = np.random.default_rng(2).normal(size=(16, 16, 16)).astype(np.float32)
    found = findings_of(
        series,
        table,
        tables={"views": pd.DataFrame({"view": range(84)}), "fsc": pd.DataFrame({"resolution_A": [10.0]})},
        products={
            "averages": Product(stack, ("view", "y", "x"), 4.0),
            "references": Product(stack, ("view", "y", "x"), 4.0),
            "map": Product(cube, ("z", "y", "x"), 4.0),
        },
    )
    out = tmp_path / "out"
    written = names_of(found.save(out), out)
    expected = {"averages.mrcs", "references.mrcs", "map.mrc", "views.csv", "fsc.csv", "particles.star"}
    assert expected < set(written)
    for name, is_stack in (("averages.mrcs", True), ("map.mrc", False)):
        assert mrcfile.validate(out / name)
        with mrcfile.open(out / name) as file:
            assert file.is_image_stack() == is_stack
            assert float(file.voxel_size.x) == 4.0
    rows = read_star(out / "particles.star")["particles"]
    assert len(rows) == 10
    assert list(rows["rlnClassNumber"][:3]) == [1, 6, 84]
    np.testing.assert_allclose(rows[["rlnAngleRot", "rlnAngleTilt"]].iloc[2], view_angles()[83], rtol=1e-6)
    assert list(rows["rlnAnglePsi"][:3]) == [0, 1, 3]
    # A particle that lies 1.5 pixels below the middle is moved up by 6 Å.
    assert set(rows["rlnOriginYAngst"]) == {-6}
    assert set(rows["rlnOriginXAngst"]) == {2}
    # The main table keeps the particles that are in none of the views.
    assert len(pd.read_csv(out / "findings.csv")) == 12


@pytest.mark.parametrize("name", ["it's one.mrc", *(["line\nend.mrc"] if os.name == "posix" else [])])
def test_a_name_that_star_files_cannot_hold_is_refused_before_the_run(tmp_path, name):
    folder = tmp_path / "micrographs"
    folder.mkdir()
    for each in ("plain #1.mrc", name):
        write_mrc(folder / each, PIXELS[0], 2.0)
    assert CryoEM().refusal(open_image(folder / "plain #1.mrc")) == ""
    for path in (folder / name, folder):
        refusal = CryoEM().refusal(open_image(path, independent_frames=True))
        assert refusal.startswith(f"The micrograph {name!r} has a ")
        assert refusal.endswith("in it, which STAR files cannot hold. Rename it.")


def test_a_run_over_a_tiff_counts_as_relion_does(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "one.tif", PIXELS[0], photometric="minisblack")
    source = open_image(tmp_path / "one.tif")
    out, table, height = tmp_path / "out", picks(1), PIXELS.shape[1]
    findings_of(source, table).save(out)
    rows = read_star(out / "picks.star")["particles" if "optics" in read_star(out / "picks.star") else ""]
    np.testing.assert_allclose(rows["rlnCoordinateY"], height - 1 - table["y"])
    for name, atol in (("picks.star", 1e-6), ("autopick.star", 1e-6), ("box", 0.5), ("coords.txt", 1e-6)):
        again = read_picks(out / name, shape=PIXELS.shape[1:], micrographs=["one.tif"])
        np.testing.assert_allclose(again["y"], table["y"], atol=atol, err_msg=name)


CTFS_31 = """# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnVoltage #2
_rlnSphericalAberration #3
_rlnAmplitudeContrast #4
1 300 2.7 0.1
2 200 1.4 0.07

# version 30001

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnDefocusU #3
_rlnDefocusV #4
_rlnDefocusAngle #5
_rlnPhaseShift #6
Mics/b.mrc 2 10000 10500 45 90
Mics/a.mrc 1 20000 19000 -30 0
"""
CTFS_30 = """
data_

loop_
_rlnMicrographName #1
_rlnDefocusU #2
_rlnDefocusV #3
_rlnDefocusAngle #4
_rlnVoltage #5
_rlnSphericalAberration #6
_rlnAmplitudeContrast #7
Mics/a.mrc 20000 19000 -30 300 2.7 0.1
"""


def test_ctfs_are_matched_by_name_and_optics_group(tmp_path):
    (tmp_path / "c.star").write_text(CTFS_31)
    found = read_ctfs(tmp_path / "c.star", ["a.tif", "other.mrc", "x/b.mrc"])
    assert found == [
        # RELION turns the rows of a TIFF, and so the angle.
        Ctf(20000, 19000, 30, 300, 2.7, 0.1),
        None,
        Ctf(10000, 10500, 45, 200, 1.4, 0.07, phase_shift_deg=90),
    ]
    (tmp_path / "old.star").write_text(CTFS_30)
    assert read_ctfs(tmp_path / "old.star", ["a.mrc"]) == [Ctf(20000, 19000, -30, 300, 2.7, 0.1)]


def test_ctfs_without_their_columns_are_refused(tmp_path):
    path = tmp_path / "c.star"
    path.write_text(CTFS_30.replace("rlnDefocusV", "rlnFigure"))
    with pytest.raises(SciMLError, match="lacks the column rlnDefocusV; it has rlnMicrographName"):
        read_ctfs(path, ["a"])
    path.write_text(CTFS_30.replace("rlnVoltage", "rlnFigure"))
    with pytest.raises(SciMLError, match="lacks the column rlnVoltage"):
        read_ctfs(path, ["a"])
    path.write_text(CTFS_30.replace("20000", "unknown"))
    with pytest.raises(SciMLError, match="1 of 1 values of rlnDefocusU"):
        read_ctfs(path, ["a"])


def test_a_movie_is_refused_and_a_stack_of_micrographs_is_not(tmp_path):
    random = np.random.default_rng(4)
    scene = np.kron(random.normal(size=(32, 32)), np.ones((32, 32)))
    frames = np.stack([random.poisson(np.clip(3 + scene, 0, None)) for _ in range(2)]).astype(np.int8)
    movie = open_image(write_mrc(tmp_path / "movie.mrc", frames, 1.0))
    with pytest.raises(
        SciMLError, match=r"movie\.mrc holds 2 frames .*show one place: align and sum it first"
    ):
        refuse_movie(movie)
    with pytest.raises(SciMLError, match="show one place"):
        drive(CryoEM().run(movie, CryoEMSettings(particle_diameter_px=40)))
    frames[1] = frames[1].T
    refuse_movie(open_image(write_mrc(tmp_path / "two.mrcs", frames, 1.0)))


def test_headers_that_cannot_be_true_are_told(series, tmp_path):
    assert file_warnings(series) == ()
    for number in range(3):
        path = tmp_path / "micrographs" / f"mic_{number}.mrc"
        content = bytearray(path.read_bytes())
        content[212:214] = b"\x11\x11"
        path.write_bytes(content + b"tail")
    cautions = file_warnings(series)
    assert len(cautions) == 4
    assert "mic_0.mrc has a wrong machine stamp" in cautions[0]
    assert cautions[-1] == "3 more faults of this kind"
    np.testing.assert_array_equal(series.read((1, slice(None), slice(None))), PIXELS[1])
    assert file_warnings(ImageSource.from_array(PIXELS)) == ()
