"""What the four techniques find on small inputs does not move, whatever is rebuilt around them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SPEC = importlib.util.spec_from_file_location("freeze", Path(__file__).with_name("freeze.py"))
assert SPEC is not None
assert SPEC.loader is not None
freeze = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(freeze)

TOLERANCE = 2e-3
"""Of scores and pixels: processors round differently in the last bits."""


@pytest.mark.parametrize("backend", sorted(freeze.BACKENDS))
@pytest.mark.parametrize("technique", sorted(freeze.CUTS))
def test_the_same_input_gives_the_same_tables(technique: str, backend: str) -> None:
    pytest.importorskip(
        freeze.BACKENDS[backend]["runtime"], reason="the optional extra fast is not installed"
    )
    tables = freeze.tables_of(freeze.run(technique, backend))
    frozen = sorted((freeze.HERE / technique).glob(f"{backend}-*.csv"))
    assert {freeze.file_of(technique, backend, name) for name in tables} == set(frozen)
    for name, table in tables.items():
        before = pd.read_csv(freeze.file_of(technique, backend, name), keep_default_na=False, na_values="")
        same(table, before, f"{technique}, {backend}, {name}")


def same(table: pd.DataFrame, before: pd.DataFrame, what: str) -> None:
    """Compare a table with its frozen file, column by column."""
    assert list(table.columns) == list(before.columns), what
    assert len(table) == len(before), what
    for column in table:
        now, then = table[column], before[column]
        if now.dtype.kind == "f":
            found, wanted = now.to_numpy(float), then.to_numpy(float)
            np.testing.assert_allclose(
                found, wanted, rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"{what}, {column}"
            )
        elif now.dtype.kind in "iub":
            assert (now.to_numpy() == then.to_numpy()).all(), f"{what}, {column}"
        else:
            assert [str(word) for word in now] == ["" if pd.isna(word) else str(word) for word in then], (
                f"{what}, {column}"
            )


def test_the_comparison_would_notice() -> None:
    table = pd.DataFrame({"frame": [0, 1], "score": [0.5, np.nan], "label": ["", "HCP"]})
    same(table, table.copy(), "the same")
    for column, value in (("frame", 2), ("score", 0.6), ("label", "FCC111")):
        moved = table.copy()
        moved.loc[1, column] = value
        with pytest.raises(AssertionError):
            same(table, moved, column)
