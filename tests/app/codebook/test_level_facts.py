from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fixtures.levels import mean_squared_error
from napari_sciml.app.codebook.level_facts import (
    BINS,
    SHARED,
    Spread,
    editable_names,
    facts,
    moved,
    places_at,
    rows_of,
    table_at,
    title_of,
    weights_at,
    with_table_at,
)
from napari_sciml.networks.codebook.constrained import Coded, constrain
from napari_sciml.networks.codebook.spec import CodebookSpec


@pytest.fixture
def weights():
    random = np.random.default_rng(3)
    return {
        "conv.weight": random.normal(0, 1, (4, 1, 3, 3)).astype(np.float32),
        "head.weight": random.normal(0, 0.1, (2, 6)).astype(np.float32),
        "head.bias": random.normal(0, 0.1, 2).astype(np.float32),
    }


def made(weights, scope="layer", levels=3):
    return constrain(
        weights, CodebookSpec(levels=levels, data_levels=None, scope=scope, method="constrain"), None
    )


def test_the_error_is_that_of_rounding_every_weight(weights):
    values = weights["conv.weight"]
    for table in ([0.0], [-1.0, 0.3], [-3.0, -0.5, 0.0, 0.7, 9.0]):
        expected = mean_squared_error(values, np.array(table, np.float32))
        assert Spread.of(values).error(table) == pytest.approx(expected, rel=1e-6)


def test_the_histogram_counts_every_weight_once(weights):
    values = weights["conv.weight"]
    counts, edges = Spread.of(values).histogram()
    expected, _ = np.histogram(values, bins=BINS)
    assert counts.sum() == values.size
    assert np.abs(counts - expected).sum() <= 2
    assert (edges[0], edges[-1]) == (values.min(), values.max())


def test_equal_weights_have_a_histogram_too():
    counts, edges = Spread.of(np.full(5, 0.25, np.float32)).histogram()
    assert counts.sum() == 5
    assert (np.diff(edges) > 0).all()


def test_each_quantised_layer_can_be_edited_and_a_shared_table_once(weights):
    assert editable_names(made(weights)) == ["conv.weight", "head.weight"]
    assert editable_names(made(weights, "global")) == [SHARED]
    assert title_of("conv.weight", weights, made(weights)) == "conv, 36 weights"
    assert title_of(SHARED, weights, made(weights, "global")) == "all layers, 48 weights"
    assert weights_at(SHARED, 0, weights, made(weights, "global")).size == 48


def test_another_table_goes_to_its_layer_only(weights):
    before = made(weights)
    after = with_table_at("head.weight", 0, np.array([-0.1, 0.0, 0.1], np.float32), weights, before)
    assert set(np.unique(after.expand()["head.weight"])) <= {np.float32(v) for v in (-0.1, 0.0, 0.1)}
    np.testing.assert_array_equal(after.expand()["conv.weight"], before.expand()["conv.weight"])


def test_a_shared_table_goes_to_all(weights):
    after = with_table_at(SHARED, 0, np.array([-1, 0, 1], np.float32), weights, made(weights, "global"))
    for name in ("conv.weight", "head.weight"):
        assert set(np.unique(after.expand()[name])) <= {-1, 0, 1}


def test_a_channel_has_a_table_of_its_own(weights):
    before = made(weights, "channel")
    assert rows_of("conv.weight", before) == 4
    assert rows_of("conv.weight", made(weights)) == 0
    after = with_table_at("conv.weight", 2, np.array([-1, 0, 1], np.float32), weights, before)
    np.testing.assert_array_equal(table_at("conv.weight", 2, after), [-1, 0, 1])
    assert set(np.unique(after.expand()["conv.weight"][2])) <= {-1, 0, 1}
    np.testing.assert_array_equal(after.expand()["conv.weight"][1], before.expand()["conv.weight"][1])
    assert weights_at("conv.weight", 2, weights, before).shape == (1, 3, 3)


@pytest.mark.parametrize("scope", ["layer", "channel", "global"])
def test_weights_that_keep_their_places_move_with_their_value_and_no_others_do(weights, scope):
    before = made(weights, scope)
    name = editable_names(before)[0]
    table = table_at(name, 1 if scope == "channel" else 0, before).copy()
    row = 1 if rows_of(name, before) else 0
    # Farther than its neighbour's weights: the nearest value would be another one for many.
    table[1] = table[2]
    after = with_table_at(name, row, table, None, before)
    for one, coded in before.coded.items():
        here = one == name or scope == "global"
        old, new = coded.expand(), after.coded[one].expand()
        expected = old.copy()
        if here:
            part = (slice(row, row + 1),) if rows_of(name, before) else (slice(None),)
            mine = np.zeros(old.shape, bool)
            mine[part] = (coded.indices == 1)[part]
            assert mine.any()
            expected[mine] = table[1]
        np.testing.assert_array_equal(new, expected)
        np.testing.assert_array_equal(after.coded[one].indices, coded.indices)


def test_the_distance_of_kept_places_is_that_of_every_weight(weights):
    constrained = made(weights)
    random = np.random.default_rng(1)
    places = random.integers(0, 3, weights["conv.weight"].shape).astype(np.uint8)
    held = Coded(places, table_at("conv.weight", 0, constrained))
    constrained = replace(constrained, coded={**constrained.coded, "conv.weight": held})
    spread = Spread.of(weights["conv.weight"], places_at("conv.weight", 0, constrained), 3)
    for table in ([-1.0, 0.0, 2.0], [0.5, 0.5, 0.5]):
        far = weights["conv.weight"] - np.array(table)[places]
        assert spread.error(table) == pytest.approx(float(np.mean(far**2)))
    first = held.table
    assert "Mean squared distance from the float32 weights" in facts(spread, first, first, constrained)
    moved_on = facts(spread, first + 0.1, first, constrained)
    assert f"; at the start {spread.error(first):.2g})" in moved_on
    assert "K-means" not in moved_on


def test_the_axis_reaches_to_values_beyond_the_weights(weights):
    values = weights["conv.weight"]
    counts, edges = Spread.of(values).histogram((-9.0, 0.0, 11.0))
    assert (edges[0], edges[-1]) == (-9, 11)
    assert counts.sum() == values.size


def test_values_keep_their_order():
    table = np.array([-1.0, 0.0, 1.0], np.float32)
    np.testing.assert_array_equal(moved(table, 1, 5.0), [-1, 1, 1])
    np.testing.assert_array_equal(moved(table, 1, -5.0), [-1, -1, 1])
    np.testing.assert_array_equal(moved(table, 2, 5.0), [-1, 0, 5])
    np.testing.assert_array_equal(table, [-1, 0, 1])


def test_the_facts_tell_error_and_size_and_compare_with_k_means(weights):
    constrained = made(weights)
    spread, best = Spread.of(weights["conv.weight"]), table_at("conv.weight", 0, constrained)
    said = facts(spread, best, best, constrained)
    assert f"Mean squared error {spread.error(best):.2g} (" in said
    assert "K-means" not in said
    assert "% of the spread" in said
    size = constrained.payload_bytes
    assert f"Quantised weights: {size} B, {48 * 4 / size:.1f} times smaller" in said
    assert f"; K-means {spread.error(best):.2g})" in facts(spread, best + 0.1, best, constrained)
