"""The picker that ships: against the blob finder on fresh particles, and on real micrographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.evaluate.picker import labelled_micrographs, rank_real
from napari_sciml.techniques.cryoem.evaluate.ranked_picks import blob_picks, network_picks, rank_fields
from napari_sciml.techniques.cryoem.evaluate.scoring import pool
from napari_sciml.techniques.cryoem.picking.network import probability
from napari_sciml.techniques.cryoem.train.picker.dataset import EDGE_PX, make_set, target_maps
from napari_sciml.techniques.cryoem.train.picker.fields import Conditions
from napari_sciml.techniques.cryoem.train.picker.finetune import Labelled, crops

NOT_USED_ELSEWHERE = 77


def test_it_beats_blobs_on_particles_that_nobody_trained_on() -> None:
    model = get_model("cryoem-picker")
    module = model.build()
    hard = Conditions((0.1, 1.0), 0.5, 0.8, 0.2, 0.2)
    fresh = drive(make_set(NOT_USED_ELSEWHERE, 1, 16, maps=8, views=24, ranges=hard, keep_fields=True))
    ours = pool(rank_fields(lambda image: network_picks(module, image), fresh.fields))
    blobs = pool(rank_fields(blob_picks, fresh.fields))
    assert ours.average_precision > blobs.average_precision + 0.1


def test_the_score_says_how_often_a_pick_is_right() -> None:
    model = get_model("cryoem-picker")
    module = model.build()
    fresh = drive(make_set(NOT_USED_ELSEWHERE, 2, 40, maps=20, views=24, keep_fields=True))
    ours = pool(rank_fields(lambda image: network_picks(module, image), fresh.fields))
    chances = probability(ours.scores.astype(np.float32), model)
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 1.01)):
        those = (chances >= low) & (chances < high)
        assert ours.right[those].mean() == pytest.approx(chances[those].mean(), abs=0.12)


def test_it_beats_blobs_on_real_micrographs_without_seeing_any(real_data: Callable[[str], Path]) -> None:
    folder = real_data("cryoem/micrographs")
    module = get_model("cryoem-picker").build()
    micrographs = labelled_micrographs(folder).values()
    ours = pool([rank_real(lambda image: network_picks(module, image), one) for one in micrographs])
    blobs = pool([rank_real(blob_picks, one) for one in micrographs])
    upside_down = [
        rank_real(lambda image: network_picks(module, image), one, flipped=True) for one in micrographs
    ]
    assert ours.average_precision > blobs.average_precision + 0.03
    assert pool(upside_down).average_precision < 0.15


def test_crops_keep_picks_on_their_particles() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(400, 420)).astype(np.float32)
    places = rng.uniform(30, 370, (40, 2))
    for y, x in places.round().astype(int):
        image[y, x] = 100
    images, targets = crops([Labelled(image, places, (6.0, 6.0))], seed=0)
    assert images.shape[1:] == (EDGE_PX, EDGE_PX)
    marked = targets[:, 0] > 200
    bright = images[:, ::2, ::2] + images[:, 1::2, ::2] + images[:, ::2, 1::2] + images[:, 1::2, 1::2] > 50
    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert bright[inner].sum() > 50
    # Every bright pixel lies in the middle of a spot.
    assert marked[inner][bright[inner]].mean() > 0.95


def test_targets_mark_centres_and_spare_junk() -> None:
    from napari_sciml.techniques.cryoem.train.picker.fields import Field

    junk = np.zeros((64, 64), bool)
    junk[:, 40:] = True
    field = Field(np.zeros((64, 64), np.float32), np.array([[20.5, 10.5], [30.0, 50.0]]), junk, {})
    spots, mask = target_maps(field)
    assert spots[10, 5] == 255
    assert spots[:, 20:].max() == 0
    assert mask[:, 20:].all()
    assert not mask[:, :20].any()
