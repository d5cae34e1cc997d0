"""Particles seen from behind are the mirror images of the views."""

from __future__ import annotations

import numpy as np

from napari_sciml.techniques.cryoem.behind import mirrored, seen_from_behind
from napari_sciml.techniques.cryoem.maps import built_in_map
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.views import directions, view_angles


def test_the_projection_from_behind_is_the_mirror_image() -> None:
    particle = built_in_map()
    angles = np.array([[10.0, 30.0, 0.0], [200.0, 75.0, 40.0], [77.0, 90.0, 300.0], [0.0, 0.0, 15.0]])
    assert (
        correlation(project(particle, seen_from_behind(angles)), mirrored(project(particle, angles))).min()
        > 0.9999
    )


def test_it_looks_from_the_opposite_end() -> None:
    angles = np.c_[view_angles(), np.full(84, 33.0)]
    behind = seen_from_behind(angles)
    np.testing.assert_allclose(directions(behind[:, :2]), -directions(angles[:, :2]), atol=1e-9)
    np.testing.assert_allclose(
        directions(seen_from_behind(behind)[:, :2]), directions(angles[:, :2]), atol=1e-9
    )


def test_mirroring_twice_changes_nothing() -> None:
    images = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(mirrored(images)), images)
    np.testing.assert_array_equal(mirrored(images)[:, 8], images[:, 8])
