"""A run's network is timed, counted and compared with float32, from a bounded sample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fixtures.by_hand import ByHand
from napari_sciml.backends import open_for, recorded
from napari_sciml.backends.answer_sample import Sample
from napari_sciml.backends.energy import energy_mj, multiply_adds
from napari_sciml.backends.float32_agreement import CORNER_PX, Agreement, compare, corner_of
from napari_sciml.backends.metered import MOST_FIELDS, MOST_IMAGES, Metered
from napari_sciml.backends.torch_float import TorchFloat
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.architectures import ARCHITECTURES
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model


class Shifted(TorchFloat):
    """Float32 with every score a little off, as another backend's are."""

    backend, runtime = "int8", "by hand"

    def classify(self, images):
        return super().classify(images) + np.array([0.01, -0.01], np.float32)

    def field(self, tile, stride):
        found = super().field(tile, stride)
        return type(found)(found.scores + np.array([0.01, -0.01], np.float32), found.stride, found.offset)


def test_images_are_counted_and_compared(random_patch_model: Model) -> None:
    predictor = Metered(Shifted(random_patch_model), notes=("told",), choice="the only one")
    images = np.random.default_rng(0).normal(size=(300, 16, 16)).astype(np.float32)
    first = predictor.classify(images)
    for _ in range(3):
        predictor.classify(images)
    predictor.close()
    record = predictor.record(run_seconds=1e6)
    assert first.shape == (300, 2)
    assert predictor.notes == ("told",)
    assert record.compared <= MOST_IMAGES
    assert record.compared > MOST_IMAGES / 2
    assert record.agreement is not None
    assert record.agreement > 0.95
    assert record.difference == pytest.approx(0.01, abs=1e-4)
    assert record.milliseconds > 0
    assert record.multiply_adds == 1200 * multiply_adds("table-vii", 16, 16)
    assert record.label == "int8"
    assert record.choice == "the only one"
    assert record.float_bytes == random_patch_model.variant("float32").size_bytes


def test_fields_are_compared_by_corners(random_dense_model: Model) -> None:
    predictor = Metered(Shifted(random_dense_model))
    for seed in range(5):
        predictor.field(np.random.default_rng(seed).normal(size=(240, 100)).astype(np.float32), 2)
    assert len(predictor._corners.kept) <= MOST_FIELDS
    record = predictor.record(run_seconds=1e6)
    # Rows that do not look beyond the cut, and all columns.
    assert record.compared % (68 * 43) == 0
    assert record.difference == pytest.approx(0.01, abs=1e-4)


@pytest.mark.parametrize("name", ["microct-fiber-dense", "cryoem-picker"])
def test_the_corner_of_a_tile_has_the_scores_of_the_whole(name: str) -> None:
    model = get_model(name)
    exact = TorchFloat(model)
    tile = np.random.default_rng(1).normal(size=(300, 264)).astype(np.float32)
    corner = corner_of(tile, exact.field(tile, 2))
    assert corner.field.shape == (CORNER_PX, CORNER_PX)
    near = compare(model, [], [corner], 0.0)
    assert near.same.all()
    assert near.difference < 1e-4


def test_labels_that_are_rare_are_counted_apart() -> None:
    """A network that calls everything background agrees in nearly all answers, and in none that matter."""
    same = np.array([True] * 98 + [False] * 2)
    near = Agreement(same, 0.5, ~same)
    assert (near.agreement, near.unusual_agreement) == (0.98, 0.0)
    assert Agreement(same, 0.5, np.zeros(100, bool)).unusual_agreement is None


def test_a_blind_network_shows_in_its_record() -> None:
    """Scores that are all background, on the picker's own training images, where particles are rare."""
    model = get_model("cryoem-picker")
    field = model.calibration_images()[0]
    exact = open_for(model, RunSettings(runtime="torch")).field(field, 2)
    corner = corner_of(field, exact)
    blind = np.zeros_like(corner.scores)
    blind[..., int(np.bincount(exact.scores.argmax(-1).ravel()).argmax())] = 1
    near = compare(model, [], [replace(corner, scores=blind)], 0.0)
    assert near.unusual.any()
    assert near.unusual_agreement == 0.0
    assert near.agreement is not None
    assert near.agreement > 0.75


def test_plain_torch_is_not_compared_with_itself(random_patch_model: Model) -> None:
    predictor = open_for(random_patch_model, RunSettings(runtime="torch"))
    predictor.classify(np.zeros((3, 16, 16), np.float32))
    record = predictor.record(1.0)
    assert (record.compared, record.agreement, record.difference) == (0, None, None)


def test_the_record_of_a_run_tells_of_its_network(random_patch_model: Model) -> None:
    predictor = open_for(random_patch_model, RunSettings(backend="int8"))
    predictor.classify(np.zeros((3, 16, 16), np.float32))
    facts = {
        "technique": "microct",
        "model": "m",
        "normalisation": "none",
        "settings": {},
        "source": SourceRecord.of(ImageSource.from_array(np.zeros((9, 9)))),
        "units_done": 1,
        "units_total": 1,
        "seconds": 1.0,
    }
    provenance = recorded(predictor, problems=("A slice is missing.",), **facts)
    assert provenance.backend == "float32"
    assert provenance.problems[0].endswith("float32 was used instead of integers.")
    assert provenance.problems[1] == "A slice is missing."
    assert provenance.network is not None
    assert provenance.network.label == "float32"
    assert recorded(ByHand(random_patch_model), **facts).network is None
    assert recorded(None, **facts).backend == "none"


def test_a_sample_is_spread_evenly() -> None:
    sample: Sample[int] = Sample(4)
    for number in range(100):
        if sample.wants():
            sample.keep(number)
    assert sample.kept == [0, 32, 64, 96]


def test_multiply_adds_are_counted() -> None:
    # conv 16 x 16 x 64 x 25, conv 8 x 8 x 64 x 64 x 25, dense 1024 x 384, 384 x 192, head 192 x 2.
    by_hand = 16 * 16 * 64 * 25 + 8 * 8 * 64 * 64 * 25 + 1024 * 384 + 384 * 192 + 192 * 2
    assert multiply_adds("table-vii", 16, 16) == by_hand
    assert multiply_adds("table-vii-dense", 272, 272, 1) > 3 * multiply_adds("table-vii-dense", 272, 272, 2)
    assert multiply_adds("picker-net", 64, 64, 2) == multiply_adds("picker-net", 64, 64)


def test_the_share_in_integers_is_that_of_the_layers() -> None:
    first = 50 * 50 * 16 * 25 * 3
    assert ARCHITECTURES.of("lattice-net").in_integers == pytest.approx(
        1 - first / multiply_adds("lattice-net", 100, 100), abs=0.01
    )
    first = 268 * 268 * 64 * 25 * 2
    whole = multiply_adds("table-vii-dense", 272, 272, 2)
    assert ARCHITECTURES.of("table-vii-dense").in_integers == pytest.approx(1 - first / whole, abs=0.02)
    from napari_sciml.networks.ours.orientation import OrientationNet

    net = OrientationNet()
    rings = net.cosines.numel() + net.sines.numel()
    whole = multiply_adds("orientation-net", 64, 64)
    assert ARCHITECTURES.of("orientation-net").in_integers == pytest.approx(rings / whole, abs=0.02)


def test_energy_is_an_estimate_by_the_number_of_operations() -> None:
    assert energy_mj("table-vii", "float32", 1e9) == pytest.approx(4.6)
    assert energy_mj("table-vii", "int8", 1e9) == pytest.approx(0.3)
    part = energy_mj("orientation-net", "int8", 1e9)
    assert energy_mj("table-vii", "int8", 1e9) < part < 4.6
