"""One switch chooses what computes: low-bit weights and integers, every model that ships, every technique."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="the optional extra fast is not installed")
pytest.importorskip("torch")

import napari_sciml as sciml
from napari_sciml.backends import open_for, open_predictor
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import get_model, model_names
from napari_sciml.techniques.registry import sample_names, sample_of
from napari_sciml.training.quantisation.integers import answers

pytestmark = pytest.mark.slow

BACKENDS = ("codebook", "int8")
TIE_MARGIN = 0.1
"""In float32 the two best classes are nearer than this."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", model_names())
def test_every_shipped_model(name: str, backend: str) -> None:
    model = get_model(name)
    images = model.calibration_images()[:48]
    if model.dense:
        images = images[:2, :160, :160]
    exact = answers(open_predictor(model), images)
    with closing(open_for(model, RunSettings(backend=backend, model=name))) as predictor:
        rounded = answers(predictor, images)
        assert (predictor.backend, predictor.notes) == (backend, ())
    assert not np.array_equal(rounded, exact), "float32 has run instead"
    best = np.sort(exact, axis=1)
    sure = best[:, -1] - best[:, -2] > TIE_MARGIN
    same = exact.argmax(axis=1) == rounded.argmax(axis=1)
    # As near as the card says, but for chance among so few.
    spec = CodebookSpec.of(RunSettings(), model.normalisation) if backend == "codebook" else None
    variant = next(v for v in model.variants if (v.kind, v.spec) == (backend, spec))
    record = next(r for r in model.card["variants"].values() if r["sha256"] == variant.sha256)
    said = {metric["name"]: metric["value"] for metric in record["metrics"]}
    chance = 3 * np.sqrt(0.25 / len(images))
    assert same.mean() > said["agreement with float32"] - chance
    assert same[sure].mean() > said["agreement with float32, where it is sure"] - chance


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("technique", sorted(sample_names()))
def test_every_technique(technique: str, backend: str) -> None:
    with closing(sample_of(technique).open()) as source:
        # A GISAXS frame is one answer; the other techniques give many in each.
        frames = 24 if technique == "gisaxs" else 2
        pixels = np.asarray(source.read((slice(0, frames),) + (slice(None),) * (source.ndim - 1)))
        found = sciml.run(technique, replace(source, data=pixels), backend=backend)
    record = found.provenance
    assert (record.backend, record.problems) == (backend, ())
    assert record.network is not None
    assert record.network.agreement is not None
    assert record.network.agreement >= 0.8
