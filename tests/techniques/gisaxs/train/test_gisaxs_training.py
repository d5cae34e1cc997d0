"""Training from a seed to a card, and its figures: small, but the whole way."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.gisaxs.evaluate.card_figures import auroc, evaluate
from napari_sciml.techniques.gisaxs.evaluate.outliers import OUTLIERS
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train.dataset import NEGATIVE, DatasetSpec, build_dataset, images_of
from napari_sciml.techniques.gisaxs.train.negatives import NEGATIVES, negative
from napari_sciml.techniques.gisaxs.train.networks import NAMES, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drive(train(tmp_path_factory.mktemp("trained"), seed=0, quick=True, workers=1))


def test_both_models_are_written_with_all_that_a_run_needs(trained: Path) -> None:
    for protocol, name in NAMES.items():
        model = get_model(trained / name)
        assert model.classes == CLASSES
        assert model.input == (100, 100)
        record = model.card["training"]
        assert record["protocol"] == protocol
        assert 0 < record["outlier_limit"] <= 1
        assert record["temperature"] > 0
        assert model.card["command"].endswith("--quick")
        assert model.attachment("training.csv").read_text().startswith("epoch,loss")
        assert model.calibration_images().shape == (28, 100, 100)


def test_the_same_command_again_trains_nothing_new(trained: Path) -> None:
    before = [get_model(trained / name).variant("float32").read() for name in NAMES.values()]
    drive(train(trained, seed=0, quick=True, workers=1))
    after = [get_model(trained / name).variant("float32").read() for name in NAMES.values()]
    assert before == after


def test_a_sample_is_the_same_in_a_larger_set_and_no_side_shares_it(tmp_path: Path) -> None:
    small = drive(build_dataset(DatasetSpec("physical", "test", 1, 2, seed=3), tmp_path))
    assert small.images.shape == (14, 100, 100)
    assert small.labels.tolist() == [n // 2 for n in range(14)]
    again = images_of(DatasetSpec("physical", "test", 5, 2, seed=3), 0, 0)
    same = images_of(DatasetSpec("physical", "test", 1, 2, seed=3), 0, 0)
    assert all(np.array_equal(a, b) for a, b in zip(again, same, strict=True))
    other = images_of(DatasetSpec("physical", "train", 1, 2, seed=3), 0, 0)
    assert not np.array_equal(again[0], other[0])


def test_negatives_have_no_class_and_are_not_what_the_outlier_score_is_measured_on(tmp_path: Path) -> None:
    pool = drive(build_dataset(DatasetSpec("hipgisaxs", "validate-negatives", 1, 1), tmp_path))
    assert (pool.labels == NEGATIVE).all()
    assert not set(NEGATIVES) & set(OUTLIERS)
    square = np.random.default_rng(0).poisson(50, (100, 100)).astype(np.float32)
    for seed in range(12):
        image = negative(square, np.random.default_rng(seed))
        assert image.shape == (100, 100)
        assert np.isfinite(image).all()


@pytest.mark.parametrize("name", OUTLIERS)
def test_outliers_are_squares_that_hold_something(name: str) -> None:
    for seed in range(3):
        square = OUTLIERS[name](np.random.default_rng(seed))
        assert square.shape == (100, 100)
        assert square.max() > 0


def test_the_area_under_the_curve_is_one_half_for_alike_and_one_for_apart() -> None:
    rng = np.random.default_rng(0)
    alike = auroc(rng.random(2000), rng.random(2000))
    assert alike[1] < 0.5 < alike[2]
    assert auroc(np.zeros(5), np.ones(5))[0] == 1


def test_evaluation_gives_every_figure_that_the_card_needs(trained: Path, tmp_path: Path) -> None:
    from napari_sciml.techniques.gisaxs.evaluate import card_figures as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "OUTLIER_IMAGES", 4)
        patch.setattr(module, "SPOT_IMAGES", 3)
        patch.setattr(module, "paper_sets", partial(module.paper_sets, per_class=2))
        table = drive(evaluate(tmp_path, models=trained, samples=2, workers=1))
    assert (tmp_path / "evaluation.csv").is_file()
    for name in NAMES.values():
        rows = table[table["model"] == name]
        assert {"accuracy", "expected calibration error", *(f"recall {c}" for c in CLASSES)} <= set(
            rows["name"]
        )
        assert {"dataset 1", "dataset 2", "dataset 1 (noisy)"} <= set(rows["split"])
        assert ((rows["low"] <= rows["value"] + 1e-9) & (rows["value"] <= rows["high"] + 1e-9)).all()
        headline = get_model(trained / name).card["headline"]
        assert headline in set(rows["name"] + "/" + rows["split"])
    assert set(table.loc[table["name"] == "AUROC", "split"]) == set(OUTLIERS)
