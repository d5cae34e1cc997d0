"""Bright fibres and dark gaps are told apart, and a clear majority decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_sciml.techniques.microct.decide import MAIN, decide
from napari_sciml.techniques.microct.polarity import core_contrast, of_one_kind


def candidates(bright: int, dark: int) -> pd.DataFrame:
    """So many bright and dark candidates, all sure."""
    count = bright + dark
    contrast = np.repeat([0.7, -0.7], [bright, dark])
    place = np.arange(count, dtype=float)
    return pd.DataFrame({"z": 0.0, "y": place, "x": place, "score": 0.9, "contrast": contrast})


def test_a_bright_disc_has_positive_and_a_dark_one_negative_contrast():
    ticks = np.arange(64)
    field = np.zeros((64, 64), np.float32)
    for row, column, value in ((20.0, 20.0, 1.0), (44.0, 40.0, -1.0)):
        field += value * (np.hypot(ticks[:, None] - row, ticks[None, :] - column) < 5)

    contrast = core_contrast(field, np.array([20.0, 44.0]), np.array([20.0, 40.0]))

    assert contrast * field.std() == pytest.approx([1.0, -1.0], abs=1e-6)


@pytest.mark.parametrize(
    ("wish", "bright", "dark", "kept"),
    [
        ("auto", 9, 3, 9),
        ("auto", 3, 9, 9),
        ("auto", 6, 5, 11),
        ("any", 9, 3, 12),
        ("bright", 3, 9, 3),
        ("dark", 9, 3, 3),
        ("auto", 0, 0, 0),
        ("auto", 4, 0, 4),
        ("auto", 0, 4, 4),
    ],
)
def test_the_wish_or_a_clear_majority_decides(wish, bright, dark, kept):
    assert of_one_kind(candidates(bright, dark), wish).sum() == kept


def test_unsure_candidates_have_no_say():
    table = candidates(4, 20)
    table.loc[table["contrast"] < 0, "score"] = 0.3

    assert of_one_kind(table, "auto").sum() == 4


def test_a_threshold_of_zero_gives_every_candidate_unless_a_contrast_was_asked_for():
    assert len(decide(candidates(9, 3), 0.0)[MAIN]) == 12
    assert len(decide(candidates(9, 3), 0.0, "bright")[MAIN]) == 9
    assert len(decide(candidates(9, 3), 0.5)[MAIN]) == 9


def test_auto_keeps_fibres_as_grey_as_their_matrix():
    table = candidates(9, 0)
    table.loc[0, "contrast"] = -0.1

    assert of_one_kind(table, "auto").all()
    assert not of_one_kind(table, "bright").all()
