"""The correlation finds view, angle and shift that are known, and nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.orientation.correlate import correlate_views
from napari_sciml.techniques.cryoem.orientation.references import (
    coefficients_of,
    make_references,
    reference_images,
)
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.train.orientation.dataset import noise_set, random_map, realistic_set
from napari_sciml.techniques.cryoem.views.directions import view_angles

PARTICLE = fit_box(built_in_map())


def test_turned_references_are_projections_at_that_angle() -> None:
    images = reference_images(PARTICLE)
    turned = make_references(images[40:42], step_deg=45.0)
    view = view_angles()[40]
    for number, psi in enumerate((0.0, 45.0, 90.0, 135.0)):
        seen = coefficients_of(project(PARTICLE, [[*view, psi]]), turned)[0]
        np.testing.assert_allclose(turned.coefficients[:, 0, number], seen, atol=0.02 * np.abs(seen).max())


def test_it_finds_view_angle_and_shift() -> None:
    test = realistic_set(PARTICLE, 24, seed=11, snr=1.0)
    chances, psi, shift = drive(correlate_views(test.particles, PARTICLE))
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-4)
    right = chances.argmax(axis=1) == test.labels
    assert right.mean() > 0.8
    off = np.abs((psi - test.angles_deg[:, 2] + 180) % 360 - 180)[right]
    assert np.median(off) < 4
    assert np.abs(shift - test.shifts_px)[right].max() < 1.5


def test_it_works_in_noise_with_and_without_a_known_ctf() -> None:
    test = realistic_set(PARTICLE, 24, seed=12, snr=0.1)
    known = drive(correlate_views(test.particles, PARTICLE))[0].argmax(axis=1) == test.labels
    bare = replace(test.particles, ctf=None)
    unknown = drive(correlate_views(bare, PARTICLE))[0].argmax(axis=1) == test.labels
    assert known.mean() > 0.5
    assert unknown.mean() > 0.5


@pytest.mark.parametrize("what", ["ice", "another map"])
def test_it_does_not_name_what_is_not_there(what: str) -> None:
    if what == "ice":
        chances = drive(correlate_views(noise_set(PARTICLE, 16, 13), PARTICLE))[0]
        assert chances.max(axis=1).mean() < 0.5
    else:
        test = realistic_set(random_map(14), 24, 14, 0.3)
        chances = drive(correlate_views(test.particles, PARTICLE))[0]
        assert (chances.argmax(axis=1) == test.labels).mean() < 0.2


def test_no_particles_and_a_stop_are_answers_too() -> None:
    test = realistic_set(PARTICLE, 3, 15, 1.0).particles
    none = replace(test, images=test.images[:0], table=test.table[:0])
    assert drive(correlate_views(none, PARTICLE))[0].shape == (0, 84)
    token = CancelToken()
    token.cancel()
    chances, psi, _ = drive(correlate_views(test, PARTICLE, token))
    np.testing.assert_allclose(chances, 1 / 84)
    assert np.isnan(psi).all()
