"""The frozen data sets: reproducible, split without leaks, and not to be told by scale or brightness."""

from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.gisaxs.evaluate.hog_baseline import hog_answers, hog_rows
from napari_sciml.techniques.gisaxs.evaluate.paper_sets import (
    PAPER_SETS,
    PaperSet,
    build_set,
    draw_image,
    fingerprint,
    noisy,
    split,
)
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train.dataset import Protocol
from reproduce.table_v import log_grey

FROZEN = {
    "hipgisaxs": {1: "212601ae5113", 2: "4bd0866f355a"},
    "physical": {1: "0aa9c8d45ff6", 2: "bcf2e592f4a6"},
}
"""Networks were trained on these; a change of any range would make their figures wrong."""

PROTOCOLS: tuple[Protocol, ...] = ("hipgisaxs", "physical")


@pytest.fixture(scope="module")
def small() -> PaperSet:
    return drive(build_set(PAPER_SETS["physical"][1].quick(24)))


def test_the_sets_are_still_the_ones_that_the_figures_are_of() -> None:
    now = {name: {n: fingerprint(spec) for n, spec in sets.items()} for name, sets in PAPER_SETS.items()}
    assert now == FROZEN


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_frozen_sets_are_what_table_v_asks_for(protocol: Protocol) -> None:
    for number, spec in PAPER_SETS[protocol].items():
        assert (spec.protocol, spec.number, spec.per_class) == (protocol, number, 1000)
        assert spec.ranges.protocol == protocol
        assert spec.ranges.radius_nm == (10.0, 20.0)
    one, two = PAPER_SETS[protocol].values()
    assert one.ranges != two.ranges
    assert one.seed != two.seed


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_image_is_the_same_in_a_smaller_set_and_its_shape_is_right(protocol: Protocol) -> None:
    spec = PAPER_SETS[protocol][2]
    image = draw_image(spec, 3, 5)
    assert np.array_equal(image, draw_image(spec.quick(6), 3, 5))
    assert image.shape == (100, 100)
    assert image.max() == 1


def test_a_stored_set_is_read_again_and_a_changed_one_is_not(tmp_path: Path) -> None:
    spec = PAPER_SETS["physical"][1].quick(1)
    first = drive(build_set(spec, tmp_path))
    assert np.array_equal(first.images, drive(build_set(spec, tmp_path)).images)
    wider = spec.model_copy(update={"ranges": spec.ranges.model_copy(update={"mosaic_deg": (0.0, 0.1)})})
    assert fingerprint(wider) != fingerprint(spec)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_split_holds_out_the_same_share_of_every_class(small: PaperSet) -> None:
    train, test = split(small)
    assert not set(train) & set(test)
    assert len(train) + len(test) == len(small.labels)
    assert np.all(np.bincount(small.labels[test]) == 7)
    # A noisy copy lies on the side of its original.
    assert np.array_equal(split(noisy(small, 100.0))[1], test)


def test_neither_brightness_nor_scale_tells_the_class(small: PaperSet) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    # Nearest neighbours, in the logarithms of mean and brightest pixel: no monotonic dependence escapes them.
    light = np.log(np.stack([small.images.mean(axis=(1, 2)), small.images.max(axis=(1, 2))], axis=1) + 1e-12)
    train, test = split(small)
    machine = KNeighborsClassifier(25).fit(light[train], small.labels[train])
    # One in seven by chance; 49 test images have a standard error of 5 points.
    assert machine.score(light[test], small.labels[test]) < 1 / 7 + 0.15
    drawn = [PAPER_SETS["physical"][1].ranges.draw(CLASSES[0], np.random.default_rng(n)) for n in range(3)]
    other = [PAPER_SETS["physical"][1].ranges.draw(CLASSES[6], np.random.default_rng(n)) for n in range(3)]
    assert [a.spacing_nm for a in drawn] == [b.spacing_nm for b in other]  # type: ignore[union-attr]


def test_the_baseline_learns_what_can_be_seen(small: PaperSet) -> None:
    train, test = split(small)
    rows = hog_rows(log_grey(image, 2.0**20) for image in small.images)
    assert (hog_answers(rows[train], small.labels[train], rows[test]) == small.labels[test]).mean() > 0.5


def test_the_grey_scale_tells_one_count_from_none_and_ends_at_one() -> None:
    image = np.array([[0.0, 1.0], [10.0, 1000.0]])
    grey = log_grey(image, 1000.0)
    assert grey[0, 0] == 0
    assert grey[0, 1] == pytest.approx(np.log(2) / np.log(1001))
    assert grey.max() == pytest.approx(1)
    assert log_grey(np.zeros((2, 2)), 10.0).max() == 0
