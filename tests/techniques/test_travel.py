"""Findings of all four techniques travel to another process and into a folder, and come back the same."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_sciml as sciml
from napari_sciml.core.corrections import Corrections
from napari_sciml.core.findings import Findings
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image
from napari_sciml.techniques.registry import sample_of

FROZEN = Path(__file__).parents[1] / "frozen"
SETTINGS = {
    "cryoem": {"particle_diameter_px": 40.0},
    "diffraction": {"min_tiles": 2},
    "gisaxs": {"qy_range": (-0.8, 0.8), "qz_range": (0.0, 0.8), "explore": True},
    "microct": {"fiber_diameter_px": 13.5},
}
TECHNIQUES = sorted(SETTINGS)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """The frozen inputs as files."""
    folder = tmp_path_factory.mktemp("files")
    for name in TECHNIQUES:
        with np.load(FROZEN / f"{name}.npz") as file:
            tifffile.imwrite(folder / f"{name}.tif", file["pixels"], photometric="minisblack")
    return {name: folder / f"{name}.tif" for name in TECHNIQUES}


@pytest.fixture(scope="module")
def found(files) -> dict[str, Findings]:
    return {name: sciml.run(name, files[name], **SETTINGS[name]) for name in TECHNIQUES}


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """One process that knows nothing of this one."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


def assert_same(one: Findings, other: Findings) -> None:
    """Compare to the last bit."""
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[name], check_exact=True)
    pd.testing.assert_frame_equal(one.candidates, other.candidates, check_exact=True)
    assert one.main == other.main
    assert one.context == other.context
    assert one.settings == other.settings
    assert one.provenance == other.provenance
    assert (one.overlays, one.tiles, one.paths) == (other.overlays, other.tiles, other.paths)
    assert one.corrections == other.corrections
    assert set(one.maps) == set(other.maps)
    for name, lazy in one.maps.items():
        there = other.maps[name]
        assert (lazy.scale, lazy.translate, lazy.shape) == (there.scale, there.translate, there.shape)
    for name, product in one.products.items():
        np.testing.assert_array_equal(product.array, other.products[name].array)
    assert SourceRecord.of(one.source) == SourceRecord.of(other.source)


def again(findings: Findings) -> Findings:
    """Decide in another process."""
    return findings.at_threshold(0.7)


def pixels_of(source: ImageSource) -> np.ndarray:
    return np.asarray(source.data)


def first_frame(source: ImageSource) -> np.ndarray:
    return source.read((0, slice(None), slice(None)))


@pytest.mark.parametrize("name", TECHNIQUES)
def test_findings_are_the_same_after_pickling(found, name):
    back = pickle.loads(pickle.dumps(found[name]))
    assert_same(back, found[name])
    assert_same(back.at_threshold(0.7), found[name].at_threshold(0.7))


@pytest.mark.parametrize("name", TECHNIQUES)
def test_findings_source_and_settings_go_through_a_process_pool(found, pool, name):
    assert_same(pool.submit(again, found[name]).result(120), found[name].at_threshold(0.7))
    pixels = pool.submit(pixels_of, found[name].source).result(120)
    np.testing.assert_array_equal(pixels, pixels_of(found[name].source))
    settings = pool.submit(pickle.loads, pickle.dumps(found[name].settings)).result(120)
    assert settings == found[name].settings


def test_a_map_is_computed_where_it_is_looked_at(found):
    lazy = found["microct"].maps["fiber"]
    there = pickle.loads(pickle.dumps(lazy))
    np.testing.assert_array_equal(np.asarray(there[0]), np.asarray(lazy[0]))


def test_a_run_closes_what_it_opened_and_nothing_else(files):
    opened = open_image(files["microct"])
    own = sciml.run("microct", files["microct"], **SETTINGS["microct"])
    given = sciml.run("microct", opened, **SETTINGS["microct"])
    assert not own.source.data.is_open
    assert given.source.data.is_open
    opened.close()


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_saved_run_is_the_run(found, name, tmp_path):
    findings = found[name].at_threshold(0.6)
    written = findings.save(tmp_path / "out")
    assert tmp_path / "out" / "run.json" in written
    for place in (tmp_path / "out", tmp_path / "out" / "run.json"):
        back = sciml.open_run(place)
        assert not back.source.data.is_open
        assert_same(back, findings)
        assert not back.source.absent
        assert_same(back.at_threshold(0.3), findings.at_threshold(0.3))
        np.testing.assert_array_equal(pixels_of(back.source), pixels_of(findings.source))


@pytest.mark.parametrize("name", TECHNIQUES)
def test_without_its_image_a_run_opens_and_says_so(found, name, tmp_path):
    path = tmp_path / "gone.tif"
    path.write_bytes(Path(found[name].source.path).read_bytes())
    findings = sciml.run(name, path, **SETTINGS[name])
    findings.save(tmp_path / "out")
    path.unlink()
    back = sciml.open_run(tmp_path / "out")
    assert "not there any more" in back.source.absent
    pd.testing.assert_frame_equal(back.table, findings.table, check_exact=True)
    stricter = back.at_threshold(0.8)
    stricter.save(tmp_path / "again")
    pd.testing.assert_frame_equal(sciml.open_run(tmp_path / "again").table, stricter.table, check_exact=True)
    with pytest.raises(sciml.SciMLError, match="not there any more"):
        back.source.read((0,))


@pytest.mark.parametrize("beside", ["in the folder", "beside it", "where it lay from there"])
def test_image_and_run_that_are_copied_elsewhere_find_each_other(found, tmp_path, beside):
    home, away = tmp_path / "home", tmp_path / "away"
    (home / "scans").mkdir(parents=True)
    (home / "results").mkdir()
    path = home / "scans" / "scan.tif"
    path.write_bytes(Path(found["microct"].source.path).read_bytes())
    findings = sciml.run("microct", path, **SETTINGS["microct"])
    findings.save(home / "results" / "out")
    home.rename(away)
    run, scan = away / "results" / "out", away / "scans" / "scan.tif"
    if beside != "where it lay from there":
        scan.rename((run if beside == "in the folder" else run.parent) / "scan.tif")
    back = sciml.open_run(run)
    assert not back.source.absent
    np.testing.assert_array_equal(pixels_of(back.source), pixels_of(found["microct"].source))
    assert "fiber" in back.maps


def test_a_run_that_knows_independent_frames_as_apart_opens(found, tmp_path):
    """Records of version 0.1 use that name; one of independent frames that is damaged keeps its place."""
    pixels = np.squeeze(pixels_of(found["microct"].source))
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(3):
        tifffile.imwrite(scans / f"{number}.tif", pixels, photometric="minisblack")
    cut(scans / "2.tif")
    source = open_image(scans, independent_frames=True)
    sciml.run("microct", source, **SETTINGS["microct"]).save(tmp_path / "out")
    path = tmp_path / "out" / "run.json"
    record = json.loads(path.read_text())
    record["source"]["opened"]["apart"] = record["source"]["opened"].pop("independent_frames")
    path.write_text(json.dumps(record))
    back = sciml.open_run(tmp_path / "out")
    assert not back.source.absent
    assert back.source.opened == {"independent_frames": True}
    np.testing.assert_array_equal(first_frame(back.source), pixels)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda out: cut(out / "run.json"), "not a record"),
        (lambda out: (out / "run.json").write_text("{}"), "not a run record"),
        (lambda out: cut(next(out.glob("run-data/*/findings.npz"))), "no run that can be read"),
        (lambda out: cut(next(out.glob("run-data/*/findings.json"))), "no run that can be read"),
        (lambda out: next(out.glob("run-data/*/findings.npz")).unlink(), "no run that can be read"),
        (lambda out: (out / "run.json").unlink(), "no file or folder"),
        (lambda out: newer(out / "run.json"), "newer version"),
    ],
)
def test_a_damaged_run_is_one_sentence(found, tmp_path, damage, says):
    found["microct"].save(tmp_path / "out")
    damage(tmp_path / "out")
    with pytest.raises(sciml.SciMLError, match=says):
        sciml.open_run(tmp_path / "out")


def newer(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 99}))


def test_a_file_that_belongs_to_no_run_is_one_sentence(files):
    with pytest.raises(sciml.SciMLError, match="belongs to no saved run"):
        sciml.open_run(files["microct"])


def test_another_image_in_its_place_is_noticed(found, tmp_path):
    path = tmp_path / "scan.tif"
    volume = pixels_of(found["microct"].source)
    tifffile.imwrite(path, volume)
    sciml.run("microct", path, **SETTINGS["microct"]).save(tmp_path / "out")
    tifffile.imwrite(path, volume[:, ::-1])
    assert "pixels are others" in sciml.open_run(tmp_path / "out").source.absent


def test_what_the_image_stated_itself_comes_back(files, tmp_path):
    known = {"qy_range": (-0.8, 0.8), "qz_range": (0.0, 0.8)}
    stated = replace(open_image(files["gisaxs"]), known=known)
    findings = sciml.run("gisaxs", stated)
    findings.save(tmp_path / "out")
    back = sciml.open_run(tmp_path / "out")
    assert back.source.known == known
    assert tmp_path / "again" / "overlay.png" in back.save(tmp_path / "again")


def test_a_run_with_nothing_found_opens(tmp_path):
    image = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    np.save(tmp_path / "noise.npy", image)
    nothing = sciml.run("microct", tmp_path / "noise.npy", threshold=1.0)
    assert not len(nothing.table)
    nothing.save(tmp_path / "out")
    assert_same(sciml.open_run(tmp_path / "out"), nothing)


def test_a_painted_mask_is_saved_and_comes_back(found, tmp_path):
    frames = pixels_of(found["diffraction"].source)
    mask = np.zeros(frames.shape[1:], bool)
    mask[100:200, 50:80] = True
    findings = sciml.run("diffraction", frames, mask=mask)
    written = findings.save(tmp_path / "out")
    assert tmp_path / "out" / "mask.npy" in written
    back = sciml.open_run(tmp_path / "out")
    np.testing.assert_array_equal(back.settings.mask, mask)
    again = sciml.run("diffraction", frames, mask=str(tmp_path / "out" / "mask.npy"))
    pd.testing.assert_frame_equal(again.table, findings.table)


def test_corrections_come_back(found, tmp_path):
    features = pd.DataFrame(
        {
            "score": [0.9, np.nan],
            "label": ["broken", "fiber"],
            "source": ["model", "manual"],
            "mine": [1.0, np.nan],
        }
    )
    corrections = Corrections(np.array([[0, 5.5, 6.25], [1, 7, 8]]), features, np.array([[0.0, 1.0, 2.0]]))
    findings = replace(found["microct"], corrections={"fibers": corrections})
    findings.save(tmp_path / "out")
    assert sciml.open_run(tmp_path / "out").corrections["fibers"] == corrections


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_sample_travels_as_the_recipe_that_makes_it(pool, name):
    from napari_sciml.techniques import spec_of

    source = spec_of(name).sample.open()
    small = pickle.dumps(source)
    assert len(small) < 10_000
    assert sciml.fingerprint(pickle.loads(small)) == sciml.fingerprint(source)
    first = pool.submit(first_frame, source).result(120)
    np.testing.assert_array_equal(first, first_frame(source))


def test_the_record_states_the_start(found):
    for findings in found.values():
        started = pd.Timestamp(findings.provenance.started)
        assert (pd.Timestamp.now("UTC") - started).total_seconds() >= int(findings.provenance.seconds)


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_folder_of_version_1_opens(found, name, tmp_path):
    from napari_sciml.techniques import get_technique

    findings = found[name]
    get_technique(name).write(findings, tmp_path)
    record = findings.provenance.model_dump(mode="json")
    (tmp_path / "run.json").write_text(json.dumps({**record, "format_version": 1, "partial": False}))
    back = sciml.open_run(tmp_path)
    assert len(back.table) == len(findings.table)
    assert list(back.table.columns) == list(findings.table.columns)
    points = findings.overlays[0]
    assert len(back.tables[points.table]) == len(findings.tables[points.table])
    assert back.overlays[0].columns == points.columns
    assert len(back.at_threshold(0.9).tables[points.table]) == len(
        findings.at_threshold(0.9).tables[points.table]
    )
    # It can be saved again, with its picture.
    before = {path.name for path in tmp_path.iterdir() if path.suffix not in ("", ".json")}
    assert before <= {path.name for path in back.save(tmp_path / "again")}


def test_views_and_map_of_picks_travel_and_come_back(tmp_path):
    from fixtures.cryoem_findings import findings, micrographs, reconstruction, views_result
    from napari_sciml.techniques.cryoem.particles_to_map import merged
    from napari_sciml.techniques.cryoem.settings import CryoEMSettings

    picked = findings(micrographs(), CryoEMSettings(particle_diameter_A=120.0))
    views = views_result(picked.table)
    whole = merged(picked, views, reconstruction(views, range(20)))
    assert {"averages", "references", "map"} == set(whole.products)
    assert {"particles", "views", "fsc"} == set(whole.tables)
    assert_same(pickle.loads(pickle.dumps(whole)), whole)
    whole.save(tmp_path / "out")
    back = sciml.open_run(tmp_path / "out")
    assert_same(replace(back, source=whole.source), whole)
    assert "was no file" in back.source.absent
    assert_same(back.at_threshold(0.8), replace(whole, source=back.source).at_threshold(0.8))


def test_a_second_run_leaves_no_file_of_the_first(found, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    found["cryoem"].save(tmp_path)
    found["microct"].save(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"findings.csv", "points.csv", "overlay.png", "run.json", "run-data", "notes.txt"}
    assert sciml.open_run(tmp_path).provenance.technique == "microct"


def test_a_simulated_sample_is_made_again(found, tmp_path):
    sample = sample_of("diffraction").open()
    findings = found["diffraction"]
    record = findings.provenance.model_copy(update={"source": SourceRecord.of(sample)})
    replace(findings, source=sample, provenance=record).at_threshold(1.0).save(tmp_path / "out")
    back = sciml.open_run(tmp_path / "out").source
    assert not back.absent
    assert back.fingerprint == sample.fingerprint
    np.testing.assert_array_equal(back.read((3, slice(9), slice(9))), sample.read((3, slice(9), slice(9))))
