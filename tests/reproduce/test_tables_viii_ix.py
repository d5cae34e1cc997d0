"""Tables VIII and IX, on a tiny set: their cells, their comparisons and the paper's numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import PaperSettings
from reproduce.low_bit_cells import FLOAT, METHODS
from reproduce.low_bit_tables import (
    PAPER_IX,
    PAPER_VIII,
    Tally,
    neighbours,
    paper_of,
    picture,
)
from reproduce.tables_viii_ix import tally

CELLS = ((1, 1), (2, 2), (8, 8), (2, 1))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    settings = PaperSettings()
    return drive(
        tally(
            fit_box(built_in_map()),
            tmp_path_factory.mktemp("levels"),
            seeds=2,
            test_images=60,
            images=250,
            settings=replace(settings, fit=replace(settings.fit, epochs=3)),
            epochs=1,
            cells=CELLS,
        )
    )


def test_the_papers_tables_share_their_diagonal() -> None:
    assert {k: PAPER_IX[k, k] for k in (1, 2, 4, 8)} == {k: PAPER_VIII[k] for k in (1, 2, 4, 8)}
    # Every printed rate fits 500 images, none of them fits the 200 that are stated.
    rates = {*PAPER_VIII.values(), *PAPER_IX.values()}
    assert all(abs(rate * 5 - round(rate * 5)) < 1e-9 for rate in rates)
    assert sum(abs(rate * 2 - round(rate * 2)) < 1e-9 for rate in rates) < len(rates)


def test_each_cell_has_every_method_and_seed(found: Tally) -> None:
    table = found.table(CELLS)
    assert len(table) == 1 + len(METHODS) * len(CELLS)
    assert table["method"].iloc[0] == FLOAT
    assert (table["n"] == 120).all()
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()


def test_one_level_of_weights_gives_one_class(found: Tally) -> None:
    """Then no answer depends on the image, whatever the data: the rate is how often that class occurs."""
    for method in METHODS:
        if METHODS[method].targets == "biases":
            # Then the layers agree too, and the image can still tell where it is bright.
            continue
        for one, other in zip(found.right(method, (1, 1)), found.right(method, (2, 1)), strict=True):
            assert one.mean() < 0.1
            np.testing.assert_array_equal(one, other)


def test_an_answer_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reproduce import low_bit_cells

    settings = PaperSettings()
    plan = {
        "seeds": 1,
        "test_images": 30,
        "images": 200,
        "settings": replace(settings, fit=replace(settings.fit, epochs=1)),
        "cells": ((4, 2),),
        "epochs": 1,
    }
    first = drive(tally(fit_box(built_in_map()), tmp_path, **plan))
    monkeypatch.setattr(low_bit_cells, "quantise_network", None)
    again = drive(tally(fit_box(built_in_map()), tmp_path, **plan))
    for method in METHODS:
        np.testing.assert_array_equal(first.right(method, (4, 2))[0], again.right(method, (4, 2))[0])


def made(rates: dict[int, float], images: int = 1000) -> Tally:
    tally_ = Tally("made")
    rng = np.random.default_rng(0)
    for seed in range(3):
        tally_.add(FLOAT, None, seed, np.ones(images, bool))
        for method in METHODS:
            for levels, rate in rates.items():
                tally_.add(method, (levels, levels), seed, rng.random(images) < rate)
    return tally_


def test_a_wiggle_is_no_finding_and_a_step_is() -> None:
    steps = neighbours(made({2: 0.5, 3: 0.9, 4: 0.9}), ((2, 2), (3, 3), (4, 4)))
    real, chance = steps.iloc[0], steps.iloc[1]
    assert real["p"] < 1e-6
    assert real["seeds_better"] == 3
    assert chance["p"] > 0.01


def test_what_is_lost_is_in_points_against_float() -> None:
    table = made({2: 0.5}).table(((2, 2),))
    row = table.iloc[1]
    assert row["lost"] == pytest.approx(100 * (1 - row["accuracy"]))
    assert row["lost_plus_minus"] < 10
    assert row["paper"] == 78.6


def test_tables_are_written_beside_the_papers(found: Tally, tmp_path: Path) -> None:
    diagonal = found.table(((1, 1), (2, 2), (8, 8)))
    nine = made({1: 0.01, 2: 0.5}).table(((1, 1), (2, 2)))
    assert "| paper | 2.2 | 78.6 | 98.8 |" in paper_of(diagonal, nine.iloc[:0])
    picture(diagonal, tmp_path / "t.png")
    assert (tmp_path / "t.png").stat().st_size > 10_000
