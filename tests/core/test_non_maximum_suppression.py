from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.non_maximum_suppression import suppress


def suppress_by_hand(points, scores, min_distance):
    """The greedy rule as one would write it down, point by point."""
    order = sorted(range(len(points)), key=lambda i: (-scores[i], *points[i]))
    kept: list[int] = []
    for i in order:
        if all(np.linalg.norm(points[i] - points[j]) >= min_distance for j in kept):
            kept.append(i)
    return sorted(kept)


@pytest.mark.parametrize("distance", [0.5, 3.0, 9.0, 200.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_same_as_the_rule_written_point_by_point(distance, dimensions):
    generator = np.random.default_rng(dimensions)
    points = generator.uniform(0, 60, (400, dimensions))
    # Few levels, so that ties are common.
    scores = generator.integers(0, 12, 400) / 12
    kept = suppress(points, scores, distance)
    assert kept.tolist() == suppress_by_hand(points, scores, distance)


def test_chain_keeps_both_ends():
    points = np.array([[0.0, 0], [0, 2], [0, 4]])
    assert suppress(points, np.array([3.0, 2, 1]), 2.5).tolist() == [0, 2]
    assert suppress(points, np.array([1.0, 2, 1]), 2.5).tolist() == [1]


def test_exactly_the_least_distance_is_allowed():
    points = np.array([[0.0, 0], [3, 4]])
    assert len(suppress(points, np.ones(2), 5.0)) == 2
    assert len(suppress(points, np.ones(2), 5.0001)) == 1


def test_order_of_rows_does_not_matter():
    generator = np.random.default_rng(3)
    points = generator.integers(0, 40, (500, 2)).astype(float)
    points = np.unique(points, axis=0)
    scores = generator.integers(0, 3, len(points)).astype(float)
    kept = points[suppress(points, scores, 4.0)]
    shuffled = generator.permutation(len(points))
    again = points[shuffled][suppress(points[shuffled], scores[shuffled], 4.0)]
    np.testing.assert_array_equal(kept, np.unique(again, axis=0))


def test_groups_never_compete():
    points = np.zeros((4, 2))
    groups = np.array([5, 5, 2, 9])
    assert suppress(points, np.array([1.0, 2, 1, 1]), 3.0, groups).tolist() == [1, 2, 3]


def test_nothing_to_do():
    assert suppress(np.empty((0, 2)), np.empty(0), 3.0).tolist() == []
    assert suppress(np.zeros((3, 2)), np.ones(3), 0.0).tolist() == [0, 1, 2]


def test_many_points():
    generator = np.random.default_rng(4)
    points = generator.uniform(0, 3000, (200_000, 2))
    scores = generator.uniform(size=len(points))
    kept = suppress(points, scores, 8.0)
    from scipy.spatial import cKDTree

    nearest, _ = cKDTree(points[kept]).query(points[kept], k=2)
    assert nearest[:, 1].min() >= 8.0
    # Nothing was dropped without a better point within reach.
    reach, winner = cKDTree(points[kept]).query(points)
    assert reach.max() < 8.0
    assert np.isin(np.argmax(scores), kept)
    assert len(winner) == len(points)
