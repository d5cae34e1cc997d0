"""Decisions: what is unknown, what stays when the threshold moves, what a failed frame says."""

import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.techniques.gisaxs.context import GisaxsContext
from napari_sciml.techniques.gisaxs.decide import (
    EXPLAINED_COLUMNS,
    FAILED,
    MAIN,
    PROBABILITIES,
    SPOT_COLUMNS,
    SPOTS,
    candidates,
    decide,
    joined,
)
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES


def chances(label: int, best: float) -> np.ndarray:
    row = np.full(7, (1 - best) / 6)
    row[label] = best
    return row


@pytest.fixture
def table() -> pd.DataFrame:
    return candidates(range(4), {0: chances(5, 0.95), 1: chances(6, 0.55), 2: np.full(7, 1 / 7)})


@pytest.fixture
def spots() -> pd.DataFrame:
    rows = pd.DataFrame({name: [0.0, 0.0, 0.0] for name in SPOT_COLUMNS})
    return rows.assign(frame=[0, 1, 2], found=[True, True, False])


def run(spots: pd.DataFrame, limit: float = 0.9) -> GisaxsContext:
    explained = pd.DataFrame({name: np.empty(0) for name in EXPLAINED_COLUMNS})
    return GisaxsContext(spots, explained, None, None, limit)


def test_the_columns_are_those_of_the_contract(table: pd.DataFrame, spots: pd.DataFrame) -> None:
    frames = decide(table, 0.5, run(spots))[MAIN]
    wanted = ["frame", "label", "probability", "unknown", *(f"p_{name}" for name in CLASSES)]
    assert list(frames.columns)[: len(wanted)] == wanted


def test_the_threshold_and_the_limit_make_frames_unknown(table: pd.DataFrame, spots: pd.DataFrame) -> None:
    assert decide(table, 0.5, run(spots))[MAIN]["unknown"].tolist() == [False, False, True, True]
    assert decide(table, 0.6, run(spots))[MAIN]["unknown"].tolist() == [False, True, True, True]
    strict = decide(table, 0.1, run(spots, 0.5))[MAIN]
    assert strict["unknown"].tolist() == [False, True, True, True]


def test_a_name_without_a_single_spot_must_be_very_sure(spots: pd.DataFrame) -> None:
    explained = pd.DataFrame({"frame": [0, 1, 2], "agreement": [0.0, 0.0, 0.8]})
    table = candidates(range(3), {0: chances(5, 0.99), 1: chances(6, 0.8), 2: chances(6, 0.8)}, explained)
    assert decide(table, 0.5, run(spots))[MAIN]["unknown"].tolist() == [False, True, False]


def test_a_threshold_of_zero_names_every_usable_frame(table: pd.DataFrame, spots: pd.DataFrame) -> None:
    decided = decide(table, 0.0, run(spots, 0.1))
    assert decided[MAIN]["unknown"].tolist() == [False, False, False, True]
    assert decided[SPOTS]["frame"].tolist() == [0, 1, 2]


def test_spots_of_unknown_frames_are_not_shown(table: pd.DataFrame, spots: pd.DataFrame) -> None:
    assert decide(table, 0.6, run(spots))[SPOTS]["frame"].tolist() == [0]


def test_a_frame_without_answer_says_that_it_failed(table: pd.DataFrame, spots: pd.DataFrame) -> None:
    row = decide(table, 0.5, run(spots))[MAIN].iloc[3]
    assert row["label"] == FAILED
    assert np.isnan(row["probability"])
    assert row[list(PROBABILITIES)].isna().all()


def test_the_outlier_score_is_least_for_one_class_and_most_for_all_alike() -> None:
    shared = np.zeros(7)
    shared[[5, 6]] = 0.5
    score = outlier_score(np.stack([np.eye(7)[0], shared, np.full(7, 1 / 7)]))
    assert score == pytest.approx([0, np.log(2) / np.log(7), 1], abs=1e-6)


def test_joining_nothing_keeps_the_columns() -> None:
    assert list(joined([], SPOT_COLUMNS).columns) == list(SPOT_COLUMNS)
