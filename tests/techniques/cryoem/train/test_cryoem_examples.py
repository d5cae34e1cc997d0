"""Training images of the cryo-EM models, made again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fixtures.training_images import labels, make, modest, same_again
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.techniques.cryoem.train.picker.dataset import TRAIN, make_set

QUICK = {"per_view": 2, "other_maps": 1, "per_map": 8, "empty": 16}


def test_fields_are_those_that_the_picker_learnt() -> None:
    model = modest("cryoem-picker", fields=3, particles=4)
    made = make(model, 3)
    learnt = drive(make_set(TRAIN, 0, 3, maps=4)).images.float().numpy()
    for field in made.images:
        assert min(float(np.abs(field - other).max()) for other in learnt) < 0.01
    assert set(labels(model, made.images)) >= {0, 1}
    assert made.vary is not None
    varied = made.vary(torch.from_numpy(made.images))
    assert varied.shape == (3, 256, 256)
    same_again(modest("cryoem-picker", particles=4), 2)


def test_projections_are_those_that_the_papers_network_learnt() -> None:
    model = modest("cryoem-orientation", images=200, learnt=160)
    made = make(model, 100)
    every = model.normalise(paper_set(fit_box(built_in_map()), 200, 0).images)
    place = {image.tobytes(): number for number, image in enumerate(every)}
    found = [place[image.tobytes()] for image in made.images]
    assert len(set(found)) == 100
    assert max(found) < 160, "what was only watched is left out"
    assert len(set(labels(model, made.images))) > 60
    assert len(make(model, 170).images) == 170
    assert made.vary is not None
    np.testing.assert_allclose(made.vary(torch.from_numpy(made.images)).std((1, 2)), 1, atol=0.01)


def test_particles_are_rendered_anew_with_other_maps_and_nothing_among_them() -> None:
    model = modest("cryoem-orientation-realistic", fit=QUICK)
    before = torch.random.get_rng_state()
    made = make(model, 60)
    assert torch.equal(torch.random.get_rng_state(), before), "the caller's random numbers stay as they are"
    np.testing.assert_allclose(made.images.mean(axis=(1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(made.images.std(axis=(1, 2)), 1, atol=1e-3)
    assert made.vary is None
    assert len(set(labels(model, made.images))) > 20
    same_again(model, 10)


def test_a_card_without_a_known_protocol_is_one_sentence() -> None:
    with pytest.raises(SciMLError, match="knows no protocol 'dreamt'"):
        make(modest("cryoem-orientation", protocol="dreamt"), 3)
