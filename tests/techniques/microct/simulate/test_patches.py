"""Training patches: cut from reconstructions, labelled by distance, with the promised hard negatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import zoom

from napari_sciml.techniques.microct.evaluate.realism import profile_distance
from napari_sciml.techniques.microct.simulate.patches import KINDS, PATCH_PX, Patches, cut_patches
from napari_sciml.techniques.microct.simulate.phantom import simulate_volume
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec, random_spec


@pytest.fixture(scope="module")
def phantom():
    """A small scan."""
    return simulate_volume(PhantomSpec(size_px=160, slices=2, angles=160), seed=5)


@pytest.fixture(scope="module")
def patches(phantom) -> Patches:
    """Patches of it."""
    return cut_patches(phantom, 1200, 7, np.random.default_rng(0))


def test_every_patch_is_a_piece_of_the_reconstruction(phantom, patches):
    for number in range(0, len(patches), 37):
        row, column = patches.row[number], patches.column[number]
        piece = phantom.volume[patches.slice[number], row : row + PATCH_PX, column : column + PATCH_PX]
        assert np.array_equal(patches.images[number], piece)


def test_labels_follow_the_distance_to_the_nearest_true_centre(phantom, patches):
    for number in range(0, len(patches), 37):
        truth = phantom.truth[phantom.truth["z"] == patches.slice[number]]
        middle = patches.row[number] + 7.5, patches.column[number] + 7.5
        distance = np.hypot(truth["y"] - middle[0], truth["x"] - middle[1]).min()
        assert patches.distance_px[number] == pytest.approx(distance, abs=1e-4)
        assert patches.labels[number] == (distance <= 2)
        assert patches.labelled[number] == (distance <= 2 or distance >= 3)


def test_all_kinds_of_negatives_are_there(patches):
    counts = np.bincount(patches.kind, minlength=len(KINDS)) / len(patches)

    assert counts.min() > 0.01
    off_centre = patches.distance_px[patches.kind == KINDS.index("off-centre")]
    assert off_centre.min() >= 3.0
    assert off_centre.max() < 9.0
    assert 0.35 < patches.labels.mean() < 0.55


def test_simulated_fibres_have_the_profile_of_real_ones(real_data):
    """Rings of the wrong size and no rings at all are farther away, so the distance can tell."""
    with np.load(real_data("microct/pycbir_fiber_patches_dev.npz")) as stored:
        real = stored["images"][stored["labels"] == 1]
    parts = []
    for seed in range(4):
        spec = random_spec(np.random.default_rng(seed), size_px=192, slices=1, degraded=seed % 2 == 1)
        part = cut_patches(simulate_volume(spec, seed), 400, seed, np.random.default_rng(seed))
        parts.append(part.images[part.labels == 1])

    simulated = np.concatenate(parts)
    distance = profile_distance(simulated, real)
    assert distance < 0.28
    shrunk = zoom(simulated.astype(float), (1, 0.7, 0.7), order=1, mode="reflect")
    wrong_size = np.pad(shrunk, ((0, 0), (3, 2), (3, 2)), mode="edge")
    assert profile_distance(wrong_size, real) > 1.3 * distance
    flat = np.random.default_rng(0).normal(size=simulated.shape)
    assert profile_distance(flat, real) > 2 * distance
