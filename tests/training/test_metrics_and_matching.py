"""Figures and intervals against hand-computed and analytic cases."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.training.baseline import PixelSVM, drawn_ring_accuracy
from napari_sciml.training.matching import match_points
from napari_sciml.training.metrics import accuracy_metric, bootstrap_by_group, calibration_error, wilson


def test_wilson_interval_of_a_known_case():
    """Wilson's interval for 204 errors in 96,510 cases, worked out by hand from his formula."""
    low, high = wilson(96_510 - 204, 96_510)

    assert (low, high) == pytest.approx((0.997576, 0.998157), abs=2e-6)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[0] == pytest.approx(0.0)


def test_the_interval_over_groups_is_wider_when_groups_differ():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 100)
    correct = rng.random(2000) < np.repeat(rng.choice([0.5, 1.0], 20), 100)

    low, high = bootstrap_by_group(correct, groups)
    naive = wilson(int(correct.sum()), len(correct))

    assert high - low > 2 * (naive[1] - naive[0])
    assert low < correct.mean() < high


def test_accuracy_counts_scores_above_one_half():
    metric = accuracy_metric(np.array([0.9, 0.2, 0.6, 0.4]), np.array([1, 0, 0, 1]), "random")

    assert (metric.value, metric.n) == (0.5, 4)


def test_calibration_error_is_zero_for_honest_and_large_for_boastful_scores():
    rng = np.random.default_rng(0)
    honest = rng.random(200_000)
    labels = (rng.random(200_000) < honest).astype(int)

    assert calibration_error(honest, labels) < 0.005
    boastful = np.where(honest > 0.5, 0.999, 0.001)
    assert calibration_error(boastful, labels) == pytest.approx(0.249, abs=0.01)


def test_matching_is_one_to_one_and_nearest_first():
    found = np.array([[0.0, 0.0], [0.0, 1.0], [10.0, 10.0]])
    true = np.array([[0.0, 0.9], [30.0, 30.0]])

    matching = match_points(found, true, radius=4.0)

    assert matching.pairs.tolist() == [[1, 0]]
    assert matching.distances == pytest.approx([0.1])
    assert (matching.precision, matching.recall, matching.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))


@pytest.mark.parametrize(("found", "true"), [(0, 3), (3, 0), (0, 0)])
def test_matching_nothing_is_no_error(found, true):
    matching = match_points(np.zeros((found, 2)), np.zeros((true, 2)), 1.0)

    assert matching.f1 == 0.0


def ring_patches(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noisy patches, every second one with a dark ring."""
    ticks = np.arange(16) - 7.5
    distance = np.hypot(ticks[:, None], ticks[None, :])
    ring = -np.exp(-(((distance - 6.25) / 1.2) ** 2)) + np.exp(-((distance / 3.75) ** 2))
    labels = np.arange(count) % 2
    return rng.normal(size=(count, 16, 16)) + 2.0 * labels[:, None, None] * ring, labels


def test_a_drawn_ring_finds_rings_and_nothing_in_noise():
    rng = np.random.default_rng(0)
    images, labels = ring_patches(300, rng)

    assert drawn_ring_accuracy(images, labels) > 0.97
    assert drawn_ring_accuracy(rng.normal(size=(300, 16, 16)), labels) < 0.65


def test_the_support_vector_machine_learns_rings():
    images, labels = ring_patches(400, np.random.default_rng(0))

    machine = PixelSVM(limit=200).fit(images[:300], labels[:300])

    assert machine.accuracy(images[300:], labels[300:]) > 0.9
    assert PixelSVM().cross_validated(images, labels, np.arange(400) // 40) > 0.9
