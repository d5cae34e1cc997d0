"""A run over GISAXS images: names, spots, files, unknown frames, and what is left when a frame is bad."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sciml as sciml
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.gisaxs.decide import FAILED, PROBABILITIES
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.recipe import Gisaxs
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate

REACH = 0.8
RANGES = {"qy_range": (-REACH, REACH), "qz_range": (0.0, REACH)}
BEAM = {"energy_kev": 10.0, "incidence_deg": 0.15}
SPACING = 26.0


def film(lattice: str, seed: int = 0, **changes: object) -> np.ndarray:
    """Counts of a well-ordered film, 100 x 160 px."""
    spec = GisaxsSpec.model_validate(
        {"lattice": lattice, "spacing_nm": SPACING, "radius_nm": 11, "displacement": 0.02, "layers": 6,
         "qy_range": RANGES["qy_range"], "qz_range": RANGES["qz_range"], "columns": 160,
         "peak_counts": 2.0**18, **changes}
    )  # fmt: skip
    return simulate(spec, seed).image.astype(np.int32)


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    return np.stack([film(name, seed) for seed, name in enumerate(CLASSES)])


@pytest.fixture(scope="module")
def found(films: np.ndarray) -> Findings:
    return sciml.run("gisaxs", films, **RANGES, **BEAM)


def test_every_lattice_is_named(found: Findings) -> None:
    assert found.table["label"].tolist() == list(CLASSES)
    assert not found.table["unknown"].any()
    assert (found.table["probability"] > 0.6).all()
    assert found.table[list(PROBABILITIES)].sum(axis=1).to_numpy() == pytest.approx(np.ones(7), abs=1e-5)


def test_the_spots_are_fitted_to_the_true_distance_and_angle(found: Findings) -> None:
    explained = found.tables["explained"]
    off = (explained["spacing_nm"] / SPACING - 1).abs()
    assert off.median() < 0.015
    assert (explained["incidence_deg"] - 0.15).abs().median() < 0.01
    assert (explained["agreement"] > 0.3).sum() >= 5
    spots = found.tables["spots"]
    assert set(spots["frame"]) == set(range(7))
    assert spots["found"].mean() > 0.5
    # The rows of the picture fall with q_z, its columns rise with q_y.
    row = (REACH - spots["q_z"]) / REACH * 99
    column = (spots["q_y"] + REACH) / (2 * REACH) * 159
    assert np.allclose(spots["y"], row, atol=1e-6)
    assert np.allclose(spots["x"], column, atol=1e-6)


def test_classify_gives_what_run_gives(films: np.ndarray, found: Findings) -> None:
    answers = sciml.classify("gisaxs-lattice", films, **RANGES)
    assert answers.shape == (7, 7)
    assert answers.dtype == np.float32
    assert np.allclose(answers, found.table[list(PROBABILITIES)].to_numpy(), atol=1e-5)


@pytest.mark.parametrize("how", ["half", "log", "intensity", "angstrom", "fine"])
def test_the_same_film_is_named_however_it_is_shown(films: np.ndarray, how: str) -> None:
    images, settings = films.astype(np.float32), dict(RANGES)
    if how == "half":
        images, settings = images[:, :, 80:], {"qy_range": (0.005, REACH), "qz_range": (0.0, REACH)}
    elif how == "log":
        images = np.log10(images + 1)
        settings["intensity"] = "log"
    elif how == "intensity":
        images = images / images.max() * 1e-3
    elif how == "angstrom":
        # Relative ranges: the lattices differ by ratios only.
        settings = {name: (low * 1.7, high * 1.7) for name, (low, high) in RANGES.items()}
    else:
        images = images.repeat(2, axis=1).repeat(2, axis=2)
    answers = sciml.classify("gisaxs-lattice", images, **settings)
    assert (answers.argmax(axis=1) == np.arange(7)).sum() >= 6


def test_a_hundred_by_hundred_image_needs_no_ranges(films: np.ndarray) -> None:
    answers = sciml.classify("gisaxs-lattice", np.random.default_rng(0).poisson(3.0, (2, 100, 100)))
    assert answers.shape == (2, 7)
    # Noise is no lattice.
    assert answers.max() < 0.5


def test_what_is_no_lattice_is_called_unknown() -> None:
    images = np.stack([film("FCC111", seed, disordered=1.0) for seed in range(4)])
    table = sciml.run("gisaxs", images, **RANGES, **BEAM).table
    assert table["unknown"].sum() >= 3


def test_a_bad_frame_costs_only_itself(films: np.ndarray) -> None:
    images = films[:4].astype(np.float32)
    images[1] = -50 * np.random.default_rng(0).random(images[1].shape)
    images[2] = np.nan
    found = sciml.run("gisaxs", images, **RANGES, **BEAM)
    assert found.table["label"].tolist() == [CLASSES[0], FAILED, FAILED, CLASSES[3]]
    assert found.table["unknown"].tolist() == [False, True, True, False]
    assert len(found.provenance.problems) == 2
    assert all("was left out" in sentence for sentence in found.provenance.problems)
    assert "negative" in found.provenance.problems[0]


def test_nothing_usable_is_one_sentence(films: np.ndarray) -> None:
    with pytest.raises(SciMLError, match="cannot be used"):
        sciml.run("gisaxs", np.full((2, 100, 100), np.nan), **RANGES)


def test_a_run_needs_to_know_where_q_is() -> None:
    source = ImageSource.from_array(np.zeros((50, 60)))
    plan = Gisaxs().plan(source, GisaxsSettings())
    assert "q" in plan.problem
    with pytest.raises(SciMLError):
        sciml.run("gisaxs", np.ones((50, 60)))


def test_the_source_may_state_its_ranges_and_a_caller_goes_first(films: np.ndarray) -> None:
    source = ImageSource.from_array(films[:1], known={**RANGES, **BEAM})
    stated = sciml.run("gisaxs", source)
    assert stated.tables["explained"]["spacing_nm"][0] == pytest.approx(SPACING, rel=0.03)
    wider = {name: (2 * low, 2 * high) for name, (low, high) in RANGES.items()}
    assert sciml.run("gisaxs", source, **wider).tables["explained"]["spacing_nm"][0] < 0.7 * SPACING


def test_the_files_say_all_and_the_threshold_moves_them(
    films: np.ndarray, found: Findings, tmp_path: Path
) -> None:
    files = sorted(path.name for path in found.save(tmp_path / "all"))
    assert files == ["explained.csv", "findings.csv", "overlay.png", "points.csv", "run.json"]
    table = pd.read_csv(tmp_path / "all" / "findings.csv")
    assert list(table.columns)[:4] == ["frame", "label", "probability", "unknown"]
    strict = found.at_threshold(1.0)
    assert strict.table["unknown"].all()
    assert strict.tables["spots"].empty
    strict.save(tmp_path / "none")
    assert (tmp_path / "none" / "overlay.png").is_file()
    assert "unknown" in strict.summary


def test_exploring_lists_peaks_with_their_place_and_width(films: np.ndarray, tmp_path: Path) -> None:
    found = sciml.run("gisaxs", films[:1], **RANGES, **BEAM, explore=True)
    features = found.tables["features"]
    peaks = features[features["kind"] == "peak"]
    assert len(peaks) >= 4
    assert (peaks["width"] > 0).all()
    assert np.allclose(np.hypot(features["q_y"], features["q_z"]), features["q"], rtol=0.05)
    assert set(found.tables["feature_lines"]["feature"]) <= set(features.index)
    assert "features.csv" in {path.name for path in found.save(tmp_path)}


def test_stopping_keeps_what_was_named(films: np.ndarray) -> None:
    token = CancelToken()
    found = sciml.run(
        "gisaxs",
        films,
        **RANGES,
        cancel=token,
        on_progress=lambda step: token.cancel() if step.done == 2 else None,
    )
    assert found.partial
    assert found.table["frame"].tolist() == [0, 1]


def test_the_twin_predicts_no_spots_and_says_why(films: np.ndarray) -> None:
    found = sciml.run("gisaxs", films[:1, :, 80:], qy_range=(0, REACH), qz_range=(0, REACH),
                      model="gisaxs-lattice-hipgisaxs")  # fmt: skip
    assert found.tables["spots"].empty
    assert any("no spots" in note for note in found.provenance.notes)
    assert math.isnan(found.table["agreement"][0])
