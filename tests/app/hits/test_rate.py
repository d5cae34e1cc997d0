from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_sciml as sciml
from fixtures.frames import FRAMES, HITS, small_run
from napari_sciml.app.hits.rate import hit_table, rate_window, running_rate


def test_the_table_has_a_row_for_each_frame_and_counts_its_spots():
    findings = sciml.run("diffraction", small_run())
    table = hit_table(findings)
    assert list(table) == ["frame", "hit", "tiles", "score", "suspects", "spots"]
    assert table.loc[table["hit"], "frame"].tolist() == HITS
    assert len(table) == FRAMES
    assert table["spots"].sum() == len(findings.tables["spots"])
    assert (table["spots"] >= table["tiles"]).all()


def test_the_rate_is_the_mean_of_the_window():
    hits = np.array([1, 0, 0, 1, 1, 0, 1, 0, 0, 1], bool)
    used = np.ones(10, bool)
    expected = pd.Series(hits.astype(float)).rolling(5, center=True, min_periods=1).mean()
    np.testing.assert_allclose(running_rate(hits, used, 5), expected)


def test_failed_frames_count_neither_as_hit_nor_as_miss():
    hits = np.array([1, 0, 0, 1], bool)
    used = np.array([1, 0, 0, 0], bool)
    rate = running_rate(hits, used, 3)
    np.testing.assert_allclose(rate[:2], [1.0, 1.0])
    assert np.isnan(rate[2:]).all()


@pytest.mark.parametrize(("frames", "window"), [(1, 1), (12, 1), (200, 21), (100_000, 1001)])
def test_the_window_grows_with_the_run_and_has_a_middle(frames, window):
    assert rate_window(frames) == window
