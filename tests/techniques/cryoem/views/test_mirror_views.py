"""Particles seen from the opposite side are the mirror images of the views."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map
from napari_sciml.techniques.cryoem.particles.background import flatten
from napari_sciml.techniques.cryoem.particles.particles import Particles
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.views.directions import directions, view_angles
from napari_sciml.techniques.cryoem.views.mirror_views import mirror_directions, mirrored
from napari_sciml.techniques.cryoem.views.sorting import sort_into_views
from napari_sciml.techniques.cryoem.write import sorted_picks


def test_the_projection_from_behind_is_the_mirror_image() -> None:
    particle = built_in_map()
    angles = np.array([[10.0, 30.0, 0.0], [200.0, 75.0, 40.0], [77.0, 90.0, 300.0], [0.0, 0.0, 15.0]])
    assert (
        correlation(project(particle, mirror_directions(angles)), mirrored(project(particle, angles))).min()
        > 0.9999
    )


def test_it_looks_from_the_opposite_end() -> None:
    angles = np.c_[view_angles(), np.full(84, 33.0)]
    mirror = mirror_directions(angles)
    np.testing.assert_allclose(directions(mirror[:, :2]), -directions(angles[:, :2]), atol=1e-9)
    np.testing.assert_allclose(
        directions(mirror_directions(mirror)[:, :2]), directions(angles[:, :2]), atol=1e-9
    )


def test_mirroring_twice_changes_nothing() -> None:
    images = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(mirrored(images)), images)
    np.testing.assert_array_equal(mirrored(images)[:, 8], images[:, 8])


def test_sorting_turns_over_what_is_seen_from_behind() -> None:
    particle = built_in_map()
    rng = np.random.default_rng(3)
    views = rng.choice(84, 40)
    mirror = np.arange(40) % 2 == 1
    angles = np.c_[view_angles()[views], rng.uniform(0, 360, 40)]
    angles[mirror] = mirror_directions(angles[mirror])
    images = project(particle, angles)
    bare = images.copy()
    images += rng.normal(0, images.std() / 2, images.shape).astype(np.float32)
    table = pd.DataFrame({"frame": 0, "y": 0.0, "x": np.arange(40.0), "score": 1.0})
    particles = Particles(flatten(images), table, particle.pixel_size_A)
    both = drive(sort_into_views(particles, particle, method="correlation"))
    assert (both.table["view"] == views).mean() > 0.9
    right = both.table["view"] == views
    # What RELION would project at the angles and shifts of the file is what was seen.
    star = sorted_picks(both.table, particle.pixel_size_A)
    predicted = project(particle, star[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy())
    assert (-star["rlnOriginXAngst"] / particle.pixel_size_A).abs().max() < 2
    assert np.median(correlation(predicted, bare)) > 0.93
    assert (both.table["mirrored"] == mirror)[right].mean() > 0.9
    half = drive(sort_into_views(particles, particle, method="correlation", both_sides=False))
    assert (half.table["view"] == views)[~mirror].mean() > 0.9
    assert (half.table["view"] == views)[mirror].mean() < 0.6
    # The averages of turned images resemble the projections of the map, not their mirror images.
    likeness = [one.views.loc[one.views["count"] > 0, "correlation"].median() for one in (both, half)]
    assert likeness[0] > likeness[1]


def test_files_say_from_where_a_particle_was_seen() -> None:
    rows = pd.DataFrame(
        {"frame": 0, "y": 0.0, "x": 0.0, "score": 1.0, "view": [30, 30], "psi_deg": [40.0, 40.0]}
        | {"shift_y": [1.0, 1.0], "shift_x": [2.0, 2.0], "mirrored": [False, True]}
    )
    star = sorted_picks(rows, 5.0)
    angles = star[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    particle = built_in_map()
    first, second = project(particle, angles)
    assert correlation(mirrored(first[None]), second[None])[0] > 0.9999
    assert star["rlnOriginYAngst"].tolist() == [-5.0, 5.0]
    assert star["rlnOriginXAngst"].tolist() == [-10.0, -10.0]


def test_relion_sees_the_mirror_image_of_a_tiff():
    rows = pd.DataFrame(
        {"frame": 0, "y": [3.0, 4.0], "x": 5.0, "score": 0.5, "view": [9, 40], "psi_deg": [10.0, 200.0]}
        | {"shift_y": 1.0, "shift_x": 2.0, "mirrored": [False, True]}
    )
    turned = sorted_picks(rows, 5.0, [True, True])
    pd.testing.assert_frame_equal(turned, sorted_picks(rows.assign(mirrored=~rows["mirrored"]), 5.0))
    assert turned["rlnOriginYAngst"].tolist() == [5.0, -5.0]
    # Without an angle in the plane, the direction is still the one from the other side.
    bare = sorted_picks(rows.drop(columns=["psi_deg", "mirrored"]), 5.0, [True, False])
    assert bare["rlnAngleTilt"][0] == pytest.approx(180 - sorted_picks(rows, 5.0)["rlnAngleTilt"][0])
