"""The convention of angles and projection, against RELION's own projections and against geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from napari_sciml.techniques.cryoem.density.density_map import (
    BOX_PX,
    DensityMap,
    blobs,
    built_in_map,
    even,
    fit_box,
)
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.views.directions import (
    MIRROR_PAIR,
    directions,
    rotation_matrices,
    view_angles,
)


def golden(
    real_data: Callable[[str], Path],
) -> tuple[DensityMap, npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    import mrcfile
    import starfile

    with mrcfile.open(real_data("cryoem/map70s/clean70SRibosome_vol_65p.mrc"), permissive=True) as file:
        density = file.data.astype(np.float32)
    with mrcfile.open(real_data("cryoem/relion_golden/rln_proj_64.mrcs"), permissive=True) as file:
        images = file.data.astype(np.float32)
    table = starfile.read(real_data("cryoem/relion_golden/rln_proj_64.star"))
    angles = table[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    return DensityMap(even(density), 5.0 * 65 / 64, "70S"), angles, images


def test_projections_are_those_of_relion(real_data: Callable[[str], Path]) -> None:
    particle, angles, images = golden(real_data)
    assert correlation(project(particle, angles), images).min() >= 0.99


def test_wrong_conventions_are_told_apart_from_the_right_one(real_data: Callable[[str], Path]) -> None:
    particle, angles, images = golden(real_data)
    mirrored = DensityMap(particle.density[:, :, ::-1].copy(), particle.pixel_size_A, "mirrored")
    reversed_axes = DensityMap(np.ascontiguousarray(particle.density.transpose(2, 1, 0)), 5.0, "reversed")
    turned_back = -angles[:, ::-1]
    assert correlation(project(mirrored, angles), images).min() < 0.96
    assert correlation(project(reversed_axes, angles), images).min() < 0.96
    assert correlation(project(particle, turned_back), images).min() < 0.96


def test_there_are_84_views_and_nine_of_table_ii() -> None:
    angles = view_angles()
    assert Counter(angles[:, 1]) == {0: 1, 15: 5, 30: 10, 45: 15, 60: 19, 75: 22, 90: 12}
    table_ii = [(0, 0), (0, 45), (89.975, 45), (179.95, 45), (269.925, 45)]
    table_ii += [(0, 90), (59.983333, 90), (119.966667, 90), (179.95, 90)]
    np.testing.assert_allclose(view_angles(45), table_ii, atol=1e-6)


def test_views_are_about_15_degrees_apart() -> None:
    towards = directions(view_angles())
    cosines = np.abs(towards @ towards.T)
    cosines[MIRROR_PAIR, MIRROR_PAIR[::-1]] = 0
    np.fill_diagonal(cosines, 0)
    nearest = np.degrees(np.arccos(cosines.max(axis=1)))
    assert 14.9 < nearest.min() <= nearest.max() < 16.7


def test_a_view_looks_along_its_direction() -> None:
    angles = np.c_[view_angles(), np.full(84, 30.0)]
    # The image's third axis, in the map's coordinates, is the last row of the matrix.
    np.testing.assert_allclose(rotation_matrices(angles)[:, 2], directions(angles[:, :2]), atol=1e-12)


def test_a_blob_falls_where_the_matrix_says() -> None:
    place = np.array([[60.0, 25.0, -40.0]])
    particle = DensityMap(blobs(place, np.array([12.0]), np.ones(1), BOX_PX, 5.0), 5.0, "blob")
    angles = np.array([[20.0, 35.0, 50.0], [200.0, 80.0, -15.0]])
    rows, columns = np.mgrid[:BOX_PX, :BOX_PX]
    for image, matrix in zip(project(particle, angles), rotation_matrices(angles), strict=True):
        x, y, _ = matrix @ place[0] / 5.0 + BOX_PX // 2
        # Slicing interpolates, which leaves a faint haze over the whole box.
        weight = np.clip(image - image.max() / 20, 0, None)
        weight /= weight.sum()
        assert (weight * columns).sum() == pytest.approx(x, abs=0.05)
        assert (weight * rows).sum() == pytest.approx(y, abs=0.05)


def test_the_mirror_pair_shows_mirror_images() -> None:
    angles = np.c_[view_angles()[list(MIRROR_PAIR)], np.zeros(2)]
    first, second = project(built_in_map(), angles)
    flipped = np.roll(first[::-1], 1, axis=0)
    assert correlation(flipped[np.newaxis], second[np.newaxis])[0] > 0.999
    assert correlation(first[np.newaxis], second[np.newaxis])[0] < 0.9


def test_every_projection_has_the_mass_of_the_map() -> None:
    particle = built_in_map()
    images = project(particle, np.c_[view_angles(), np.zeros(84)])
    np.testing.assert_allclose(images.sum(axis=(1, 2)), particle.density.sum(), rtol=0.04)


def test_fitting_a_box_keeps_the_particle_in_its_middle() -> None:
    particle = built_in_map(box_px=96, pixel_size_A=3.0)
    fitted = fit_box(particle)
    assert fitted.box_px == BOX_PX
    assert fitted.diameter_A == pytest.approx(particle.diameter_A, rel=0.06)
    weight = fitted.density / fitted.density.sum()
    middle = [(weight.sum(axis=other) * np.arange(BOX_PX)).sum() for other in ((1, 2), (0, 2), (0, 1))]
    np.testing.assert_allclose(middle, BOX_PX // 2, atol=0.1)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0])
def test_ctf_follows_the_formula(angle: float) -> None:
    shape, size = (64, 64), 2.0
    ctf = Ctf(16_000.0, 15_200.0, angle, 300.0, 2.7, 0.1)
    k_y, k_x = np.meshgrid(np.fft.fftfreq(64, size), np.fft.rfftfreq(64, size), indexing="ij")
    wavelength = 12.2643 / np.sqrt(3e5 * (1 + 0.978466e-6 * 3e5))
    azimuth = np.arctan2(k_y, k_x) - np.radians(angle)
    defocus = 15_600.0 + 400.0 * np.cos(2 * azimuth)
    squared = k_x**2 + k_y**2
    gamma = (
        np.pi / 2 * 2.7e7 * wavelength**3 * squared**2
        - np.pi * wavelength * defocus * squared
        - np.arcsin(0.1)
    )
    inner = squared < (0.4 / size) ** 2
    np.testing.assert_allclose(ctf.values(shape, size)[inner], -np.sin(gamma)[inner], atol=2e-3)
    assert ctf.values(shape, size)[0, 0] == pytest.approx(0.1, abs=1e-4)
