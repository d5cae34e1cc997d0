"""The splits keep apart what they promise, and mining finds what a model gets wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sciml.core.progress import drive
from napari_sciml.techniques.microct.simulate.phantom import simulate_volume
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec
from napari_sciml.techniques.microct.train.dataset import DEGRADED_FROM, SPLITS, DatasetSpec, build_dataset
from napari_sciml.techniques.microct.train.mining import FIRST_SLAB, find_errors
from napari_sciml.techniques.microct.train.networks import DenseRecipe, PatchRecipe

TINY = DatasetSpec(seed=0, slabs=2, held_slabs=1, slices=1, patches=250, size_px=128)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six tiny specimens."""
    return drive(build_dataset(TINY, tmp_path_factory.mktemp("patches"), workers=1))


def test_held_out_specimens_and_fibres_are_never_trained_on(data):
    train = data.part("train", labelled=False)
    slabs, fibers = data.part("slab-held-out"), data.part("fibre-held-out")

    assert set(slabs.slab % DEGRADED_FROM) == {2}
    assert not set(slabs.slab) & set(train.slab)
    assert len(fibers) > 0
    assert not set(fibers.fiber) & set(train.fiber)
    assert not set(fibers.fiber) & set(data.part("random").fiber)


def test_the_random_split_does_share_fibres_as_the_paper_did(data):
    assert set(data.part("random").fiber) & set(data.part("train").fiber)


def test_every_patch_belongs_to_one_split_and_one_family(data):
    parts = [data.part(split, degraded, labelled=False) for split in SPLITS for degraded in (False, True)]

    assert sum(len(part) for part in parts) == len(data.patches)
    assert all(len(part) for part in parts)


def test_specimens_are_made_once_and_read_again(tmp_path):
    spec = DatasetSpec(seed=1, slabs=1, held_slabs=0, slices=1, patches=60, size_px=96)
    first = drive(build_dataset(spec, tmp_path, workers=1))
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")}

    again = drive(build_dataset(spec, tmp_path, workers=1))

    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")} == stamps
    assert np.array_equal(first.patches.images, again.patches.images)
    assert np.array_equal(first.split, again.split)


def test_numbers_of_specimens_never_meet():
    full = DatasetSpec()

    assert full.slabs + full.held_slabs < FIRST_SLAB < DEGRADED_FROM


def test_training_normalises_as_the_shipped_models_do(data):
    """The rule of the card, applied to raw patches, is what the network was trained on."""
    from napari_sciml.networks.normalise.rules import NORMALISATIONS

    part = data.part("train").take(np.arange(20))
    images = torch.from_numpy(part.images)
    rows = torch.arange(20)

    patchwise = PatchRecipe().normalise(part, images, rows)[:, 0].numpy()

    assert patchwise == pytest.approx(NORMALISATIONS["per-patch"].apply(part.images), abs=1e-4)
    dense = DenseRecipe(TINY, 1)
    whole = dense.normalise(part, images, rows)[:, 0].numpy()
    assert whole == pytest.approx((part.images - part.offset[:, None, None]) * part.gain[:, None, None])


def test_soft_labels_are_one_at_the_centre_and_one_half_where_promised(data):
    part = data.part("train", labelled=False)
    targets = DenseRecipe(TINY, 1).targets(part).numpy()

    order = np.argsort(part.distance_px)
    assert (np.diff(targets[order]) <= 1e-6).all()
    assert ((targets > 0.5) == (part.distance_px < 2.5)).all()


def test_mining_cuts_only_what_is_far_from_every_fibre():
    phantom = simulate_volume(PhantomSpec(size_px=128, slices=1, angles=120), seed=2)

    def eager(field: torch.Tensor, stride: int) -> torch.Tensor:
        """A model that likes whatever is bright in the middle of a window."""
        middle = field[:, :, 8:-7:stride, 8:-7:stride]
        return torch.cat([torch.zeros_like(middle), middle], dim=1)

    errors = find_errors(eager, phantom, 0, slab=7)

    truth = phantom.truth[["y", "x"]].to_numpy()
    assert len(errors) > 5
    for row, column, image in zip(errors.row, errors.column, errors.images, strict=True):
        assert np.hypot(*(truth - (row + 7.5, column + 7.5)).T).min() > 3.5
        assert np.array_equal(image, phantom.volume[0, row : row + 16, column : column + 16])
