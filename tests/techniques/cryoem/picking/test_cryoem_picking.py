"""The parts of picking: size, contrast, blobs, peaks, dead rims, and the scores that judge it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.techniques.cryoem.contrast import majority, vote
from napari_sciml.techniques.cryoem.evaluate.scoring import IOU_HALF, inside, pool, rank
from napari_sciml.techniques.cryoem.picking.dead_edges import dead_edges
from napari_sciml.techniques.cryoem.picking.laplacian import BLOB, blob_peaks, blob_response, blob_scores
from napari_sciml.techniques.cryoem.picking.local_maxima import find_peaks
from napari_sciml.techniques.cryoem.picking.network import centred, probability
from napari_sciml.techniques.cryoem.prepare import shrink


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) <= radius**2).astype(np.float32)


@pytest.mark.parametrize("factor", [6.0, 2.2, 0.8])
def test_places_survive_shrinking(factor: float) -> None:
    centre = (211.0, 334.0)
    frame = disc((480, 600), centre, 9 * factor)
    shrunk = shrink(frame, factor, bright=True)
    weight = shrunk.image - shrunk.image.min()
    rows, columns = np.mgrid[: weight.shape[0], : weight.shape[1]]
    middle = np.array([[(weight * rows).sum(), (weight * columns).sum()]]) / weight.sum()
    np.testing.assert_allclose(shrunk.to_micrograph(middle)[0], centre, atol=0.2)


def test_dark_particles_turn_bright() -> None:
    frame = 100 - 50 * disc((200, 200), (100, 100), 40)
    assert shrink(frame, 4, bright=False).image[25, 25] > 0
    assert shrink(frame, 4, bright=True).image[25, 25] < 0


def test_few_broken_pixels_are_mended_and_many_are_refused() -> None:
    frame = np.random.default_rng(0).normal(100, 5, (200, 200))
    frame[3, 5] = np.nan
    assert np.isfinite(shrink(frame, 4, bright=True).image).all()
    frame[:20] = np.inf
    with pytest.raises(SciMLError, match="NaN or infinity"):
        shrink(frame, 4, bright=True)
    with pytest.raises(SciMLError, match="same value everywhere"):
        shrink(np.full((200, 200), 7), 4, bright=True)


def discs(count: int, height: float, seed: int = 1, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return noise of spread 1 with discs 18 px across that do not overlap, and their centres."""
    rng = np.random.default_rng(seed)
    image, places = rng.normal(size=(size, size)), np.empty((0, 2))
    while len(places) < count:
        place = rng.uniform(12, size - 12, 2)
        if not len(places) or np.hypot(*(places - place).T).min() > 20:
            places = np.vstack([places, place])
            image += height * disc(image.shape, (place[0], place[1]), 9)
    return image.astype(np.float32), places


def seen(image: np.ndarray) -> np.ndarray:
    return blob_response(Micrograph().apply(image[None])[0])


@pytest.mark.parametrize("count", [6, 40, 150])
@pytest.mark.parametrize("height", [1.5, 3, 6, 10, 30])
def test_contrast_is_found_from_discs_of_any_strength(count: int, height: float) -> None:
    image, _ = discs(count, height)
    assert vote(seen(image)).kind == "light"
    assert vote(seen(-image)).kind == "dark"
    assert "found" in majority([vote(seen(image))]).reason


def test_contrast_without_evidence_is_dark_and_says_so() -> None:
    noise = np.random.default_rng(0).normal(size=(400, 400)).astype(np.float32)
    said = majority([vote(blob_response(noise))])
    assert said.kind == "dark"
    assert "does not tell" in said.reason


def test_a_series_goes_by_its_majority() -> None:
    light, dark, none = (vote(seen(sign * discs(40, 3)[0])) for sign in (1, -1, 0))
    assert none.kind is None
    said = majority([dark, light, none, light, none])
    assert said.kind == "light"
    assert said.reason.endswith("5 micrographs: 1 dark, 2 light, 2 did not tell")
    assert majority([none, none]).reason == "taken as dark, since the 2 micrographs looked at do not tell"


@pytest.mark.parametrize("height", [3, 10, 30])
def test_picks_of_strong_discs_lie_on_them_and_their_scores_differ(height: float) -> None:
    image, places = discs(40, height)
    found, scores = blob_peaks(seen(image), 10.8, 0.5)
    assert len(found) == len(places)
    offsets = np.array([place - found[np.hypot(*(found - place).T).argmin()] for place in places])
    assert np.hypot(*offsets.T).max() < 4
    assert np.abs(offsets.mean(axis=0)).max() < 0.6
    assert scores.max() < 1
    assert len(np.unique(scores)) == len(scores)


def test_a_flat_top_is_picked_in_its_middle() -> None:
    scores = np.zeros((40, 40), np.float32)
    scores[10:17, 20:25] = 1
    places, values = find_peaks(scores, 5.0, 0.5)
    assert places.tolist() == [[13, 22]]
    assert values.tolist() == [1]


def test_a_blob_of_its_size_answers_most() -> None:
    # A disc of BLOB times the diameter is what the filter is made for (Lindeberg: sigma = r / sqrt 2).
    answers = {r: blob_response(disc((120, 120), (60, 60), r))[60, 60] for r in (3, 4.5, BLOB * 9, 8, 11)}
    assert max(answers, key=lambda r: answers[r]) == pytest.approx(BLOB * 9)


def test_blob_scores_are_from_0_to_1_and_half_at_three_deviations() -> None:
    away = np.linspace(-50, 200, 2500).astype(np.float32)
    scores = blob_scores(away)
    assert 0 <= scores.min() < scores.max() < 1
    assert away[scores > 0.5].min() == pytest.approx(3, abs=0.15)
    assert (np.diff(scores[away > -10]) > 0).all()


def test_peaks_lie_between_pixels_and_apart() -> None:
    rows, columns = np.mgrid[:60, :60]
    scores = np.exp(-((rows - 20.3) ** 2 + (columns - 30.6) ** 2) / 18)
    scores += 0.8 * np.exp(-((rows - 24.0) ** 2 + (columns - 34.0) ** 2) / 4)
    scores += 0.5 * np.exp(-((rows - 50.0) ** 2 + (columns - 10.0) ** 2) / 18)
    places, values = find_peaks(scores.astype(np.float32), 9.0, 0.1)
    assert len(places) == 2
    assert values[0] > values[1]
    np.testing.assert_allclose(places[1], (50, 10), atol=0.05)
    masked = np.zeros(scores.shape, bool)
    masked[40:] = True
    assert len(find_peaks(scores.astype(np.float32), 9.0, 0.1, masked)[0]) == 1


def test_dead_rims_are_measured() -> None:
    image = np.random.default_rng(0).normal(size=(400, 500))
    image[:30] = image[30]
    image[:, 480:] = image[:, [479]]
    top, bottom, left, right = dead_edges(image)
    assert (top, bottom, left) == (31, 0, 0)
    assert right == 21
    assert dead_edges(np.random.default_rng(0).normal(size=(400, 500))) == (0, 0, 0, 0)


def test_average_precision_by_hand() -> None:
    true = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0], [30.0, 0.0]])
    found = np.array([[0.5, 0.0], [50.0, 0.0], [10.0, 0.0], [0.0, 0.5]])
    ranked = rank(found, np.array([0.9, 0.8, 0.7, 0.6]), true, 2.0)
    # Right, wrong, right, and a second pick of a particle that is taken.
    assert ranked.right.tolist() == [True, False, True, False]
    assert ranked.average_precision == pytest.approx((1 / 1 + 2 / 3) / 4)
    assert ranked.at(0.75) == (0.5, 0.25)
    assert ranked.best_f1() == (pytest.approx(2 * 2 / (3 + 4)), 0.7)


def test_perfect_picks_score_one_and_none_score_zero() -> None:
    true = np.random.default_rng(0).uniform(0, 100, (30, 2))
    assert rank(true, np.ones(30), true, 1.0).average_precision == pytest.approx(1)
    assert rank(np.empty((0, 2)), np.empty(0), true, 1.0).average_precision == 0
    both = pool([rank(true, np.ones(30), true, 1.0), rank(np.empty((0, 2)), np.empty(0), true, 1.0)])
    assert both.average_precision == pytest.approx(0.5)


def test_discs_at_the_tolerance_overlap_by_half() -> None:
    n = 2000
    first, second = disc((n, n), (1000, 700), 500), disc((n, n), (1000, 700 + IOU_HALF * 1000), 500)
    both, either = (first * second).sum(), np.maximum(first, second).sum()
    assert both / either == pytest.approx(0.5, abs=0.005)


def test_points_near_the_edge_do_not_count() -> None:
    points = np.array([[5.0, 50.0], [50.0, 50.0], [50.0, 96.0]])
    assert inside(points, (100, 100), 5).tolist() == [True, True, False]


@pytest.mark.parametrize("size", [(64, 64), (97, 98), (300, 211), (18, 18)])
def test_the_middle_of_a_window_is_the_middle_of_the_image(size: tuple[int, int]) -> None:
    window = centred(np.stack([np.arange(size[0])[:, None] + np.zeros(size)]))[0]
    assert window.shape[0] % 4 == 2
    element = (window.shape[0] // 2) // 2
    assert element * 2 + 0.5 == (window.shape[0] - 1) / 2
    # Half a pixel at most is lost to the parity of the image.
    assert abs(window[:, 0].mean() - (size[0] - 1) / 2) <= 0.5


def test_the_rule_is_blind_to_grey_scale_and_slow_background() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(300, 300))
    rule = Micrograph()
    plain = rule.apply(image[None])[0]
    np.testing.assert_allclose(rule.apply((1000 + 250 * image)[None])[0], plain, atol=1e-3)
    ramp = np.linspace(0, 8, 300)[:, None]
    tilted = rule.apply((image + ramp)[None])[0]
    assert np.abs(tilted - plain)[60:-60, 60:-60].max() < 0.1
    assert np.median(np.abs(plain)) * 1.4826 == pytest.approx(1, abs=0.02)
    assert (rule.apply(np.full((1, 50, 50), 3.0)) == 0).all()


def test_calibration_is_monotonic() -> None:
    from napari_sciml.networks.registry import get_model

    model = get_model("cryoem-picker")
    raw = np.linspace(0, 1, 50).astype(np.float32)
    assert (np.diff(probability(raw, model)) >= 0).all()
