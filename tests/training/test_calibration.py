"""Temperature, calibration error and reliability on answers whose true chances are known."""

import numpy as np
import pytest

from napari_sciml.training.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability,
    softmax,
)


def answers(count: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are three times too sure, and labels drawn from the true chances."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (count, 7))
    true = softmax(logits)
    labels = (true.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return 3 * logits, labels


def test_the_temperature_of_too_sure_answers_is_found() -> None:
    logits, labels = answers()
    assert fit_temperature(logits, labels) == pytest.approx(3, rel=0.03)


def test_cooled_answers_are_calibrated_and_raw_ones_are_not() -> None:
    logits, labels = answers()
    assert expected_calibration_error(softmax(logits, 3.0), labels) < 0.01
    assert expected_calibration_error(softmax(logits), labels) > 0.15


def test_the_curve_counts_every_answer_and_leaves_empty_bins_open() -> None:
    logits, labels = answers(500)
    said, true, count = reliability(softmax(logits, 3.0), labels, bins=10)
    assert count.sum() == 500
    # Seven classes cannot all be below one in seven.
    assert count[0] == 0
    assert np.isnan(said[0])
    filled = count > 0
    assert ((said[filled] * 10).astype(int) == np.flatnonzero(filled)).all()
    assert ((true[filled] >= 0) & (true[filled] <= 1)).all()
