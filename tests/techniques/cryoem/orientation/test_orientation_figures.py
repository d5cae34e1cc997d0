"""The tables of figures: what they hold, and that chance and certainty come out as they must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.evaluate import orientation as module
from napari_sciml.techniques.cryoem.evaluate.orientation import (
    COLUMNS,
    Amounts,
    difference,
    evaluate_orientation,
)
from napari_sciml.techniques.cryoem.evaluate.orientation_baselines import cluster, nearest_reference
from napari_sciml.techniques.cryoem.orientation.references import reference_images
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import PaperSettings
from napari_sciml.techniques.cryoem.views.directions import taken_for_mirror
from napari_sciml.training.fit import FitSettings
from reproduce.table_iii import table_iii

pytestmark = pytest.mark.slow

PARTICLE = fit_box(built_in_map())


def test_the_evaluation_measures_both_models_and_their_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SNR_LADDER", (0.3,))
    table = drive(evaluate_orientation(amounts=Amounts(90, 10, 64, 100)))
    assert list(table.columns) == COLUMNS
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    found = table.set_index(["model", "name", "split"])["value"]
    paper, real = "cryoem-orientation", "cryoem-orientation-realistic"
    assert found[paper, "accuracy", "paper protocol"] > 0.97
    assert found[paper, "accuracy of PCA and K-means", "paper protocol"] < 0.97
    assert found[real, "accuracy", "SNR 0.3, CTF known"] > 0.85
    assert found[real, "called none of the 84", "pure noise, CTF known"] > 0.85
    assert found[real, "accuracy", "phase-randomised references, SNR 1"] < 0.3
    assert found[real, "particles per CPU second", "same run"] > 0


def test_table_iii_stands_beside_methods_without_training(tmp_path: Path) -> None:
    settings = PaperSettings(fit=FitSettings(1, 50, 2e-3, 5e-2, symmetric=False))
    table = drive(table_iii(PARTICLE, tmp_path, 1, settings, test_images=150)).set_index("method")
    assert table.loc["nearest reference, no training", "accuracy"] > 0.9
    assert table.loc["Table III as printed", "n"] == 150
    # A second call reads what the first one found.
    again = drive(table_iii(PARTICLE, tmp_path, 1, settings, test_images=150)).set_index("method")
    assert again.loc["Table III as printed", "accuracy"] == table.loc["Table III as printed", "accuracy"]


def test_nearest_reference_and_clusters_know_easy_images() -> None:
    images = paper_set(PARTICLE, 300, 1)
    right = nearest_reference(images.images, reference_images(PARTICLE)) == images.labels
    assert right.mean() > 0.9
    found = cluster(images.images, images.labels, starts=1)
    assert 0.4 < found.right.mean() < 1
    shuffled = np.random.default_rng(0).permutation(images.labels)
    assert cluster(images.images, shuffled, starts=1).adjusted_rand < 0.1


def test_mirrored_answers_are_counted_both_ways() -> None:
    said, truth = np.array([72, 83, 72, 5]), np.array([83, 72, 72, 83])
    np.testing.assert_array_equal(taken_for_mirror(said, truth), [True, True, False, False])


def test_the_interval_of_a_difference_holds_it() -> None:
    rng = np.random.default_rng(0)
    right, other = rng.random(1000) < 0.8, rng.random(1000) < 0.7
    low, high = difference(right, other, np.arange(1000) // 50)
    assert low < right.mean() - other.mean() < high
    assert low > 0
