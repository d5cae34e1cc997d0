"""Clustering of single numbers, against every clustering there is and against scikit-learn."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fixtures.levels import first_centroids, mean_squared_error
from napari_sciml.networks.codebook import kmeans
from napari_sciml.networks.codebook.kmeans import (
    assign,
    lloyd,
    optimal,
    quantised,
    thresholds,
)


def best_of_all(values: np.ndarray, levels: int) -> float:
    """The least mean squared error over all ways to cut the sorted values into intervals."""
    ordered = np.sort(values.astype(np.float64))
    cuts = combinations(range(1, len(ordered)), levels - 1)
    return min(
        sum(float(((part - part.mean()) ** 2).sum()) for part in np.split(ordered, cut)) for cut in cuts
    ) / len(ordered)


@pytest.mark.parametrize("seed", range(8))
def test_no_clustering_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=11).astype(np.float32)
    # Some values occur several times.
    values[:3] = values[3]
    for levels in (1, 2, 3, 4):
        found = optimal(values, levels)
        assert mean_squared_error(values, found) == pytest.approx(best_of_all(values, levels), abs=1e-9)


def test_scikit_learn_finds_nothing_better() -> None:
    from sklearn.cluster import KMeans

    values = np.random.default_rng(0).laplace(size=3000).astype(np.float32)
    for levels in (3, 8):
        theirs = KMeans(levels, n_init=10, random_state=0).fit(values[:, np.newaxis]).cluster_centers_.ravel()
        ours = mean_squared_error(values, optimal(values, levels))
        assert ours <= mean_squared_error(values, np.sort(theirs)) * (1 + 1e-6)


def test_error_falls_with_levels_and_lloyd_is_never_better() -> None:
    values = np.random.default_rng(1).laplace(size=5000).astype(np.float32)
    errors = [mean_squared_error(values, optimal(values, levels)) for levels in range(1, 17)]
    assert (np.diff(errors) < 0).all()
    for start in ("linear", "quantile", "random"):
        found = lloyd(values, first_centroids(values, 6, start, seed=3))
        assert mean_squared_error(values, found) >= errors[5] * (1 - 1e-6)


def test_the_best_clustering_is_a_fixed_point_of_lloyd() -> None:
    values = np.random.default_rng(2).normal(size=4000).astype(np.float32)
    best = optimal(values, 5)
    np.testing.assert_allclose(lloyd(values, best), best, atol=1e-6)


def test_more_levels_than_values_gives_the_values() -> None:
    values = np.array([[3, 1], [1, 2]], np.float32)
    np.testing.assert_array_equal(optimal(values, 16), [1, 2, 3])
    np.testing.assert_array_equal(quantised(values, optimal(values, 16)), values)


def test_a_value_on_a_threshold_goes_up() -> None:
    centroids = np.array([-1, 1, 4], np.float32)
    np.testing.assert_array_equal(thresholds(centroids), [0, 2.5])
    np.testing.assert_array_equal(
        assign(np.array([-1e-9, 0, 2.5, 2.4999, -9, 9]), centroids), [0, 1, 2, 1, 0, 2]
    )


def test_one_level_is_the_mean_and_an_odd_number_keeps_zero() -> None:
    values = np.random.default_rng(3).normal(size=2001).astype(np.float32)
    assert optimal(values, 1)[0] == pytest.approx(values.mean(), abs=1e-6)
    symmetric = np.concatenate([values, -values])
    assert abs(optimal(symmetric, 3)[1]) < 1e-3
    assert np.abs(optimal(symmetric, 4)).min() > 0.1


def test_an_empty_cluster_keeps_its_centroid() -> None:
    values = np.array([0, 0.1, 0.2], np.float32)
    np.testing.assert_allclose(lloyd(values, [0.1, 50.0]), [0.1, 50.0])


def test_very_many_values_are_joined_first(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(size=20_000).astype(np.float32)
    exact = mean_squared_error(values, optimal(values, 7))
    monkeypatch.setattr(kmeans, "MOST_DISTINCT", 2_000)
    assert mean_squared_error(values, optimal(values, 7)) == pytest.approx(exact, rel=1e-4)
