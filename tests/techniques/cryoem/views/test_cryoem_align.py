"""Turning images, and finding turn and shift of a particle whose view is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from fixtures.rotated import rotate_back
from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Images, Particles
from napari_sciml.techniques.cryoem.simulate.project import correlation, project
from napari_sciml.techniques.cryoem.views.align import align, peak
from napari_sciml.techniques.cryoem.views.directions import view_angles

COUNT = 24
Angles = npt.NDArray[np.float64]


def shifted(images: Images, shifts: Angles) -> Images:
    y, x = np.fft.fftfreq(64)[:, np.newaxis], np.fft.rfftfreq(64)
    phase = np.exp(-2j * np.pi * (shifts[:, 0, None, None] * y + shifts[:, 1, None, None] * x))
    moved: Images = np.fft.irfft2(np.fft.rfft2(images) * phase).astype(np.float32)
    return moved


@pytest.fixture(scope="module")
def scene() -> tuple[Images, Images, npt.NDArray[np.int64], Angles, Angles]:
    """References, particles somewhere off the centre, and their views, angles and shifts."""
    rng = np.random.default_rng(0)
    particle = fit_box(built_in_map())
    references = project(particle, np.c_[view_angles(), np.zeros(84)])
    view, psi = rng.integers(0, 84, COUNT), rng.uniform(0, 360, COUNT)
    shifts = rng.uniform(-3, 3, (COUNT, 2))
    images = shifted(project(particle, np.c_[view_angles()[view], psi]), shifts)
    return references, images, view, psi, shifts


def off(left: npt.NDArray[np.floating], right: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.abs((left - right + 180) % 360 - 180)


def test_turning_back_gives_the_projection_at_psi_zero(
    scene: tuple[Images, Images, npt.NDArray[np.int64], Angles, Angles],
) -> None:
    references, images, view, psi, shifts = scene
    assert correlation(rotate_back(images, psi, shifts), references[view]).min() > 0.999
    assert np.median(correlation(rotate_back(images, -psi, shifts), references[view])) < 0.9
    assert np.median(correlation(rotate_back(images, psi, -shifts), references[view])) < 0.9


@pytest.mark.parametrize(("snr", "angle", "pixels"), [(np.inf, 1.5, 0.25), (0.3, 4.0, 0.6)])
def test_angle_and_shift_are_found_between_the_steps(
    scene: tuple[Images, Images, npt.NDArray[np.int64], Angles, Angles],
    snr: float,
    angle: float,
    pixels: float,
) -> None:
    references, images, view, psi, shifts = scene
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(images.shape) * np.sqrt(images.var(axis=(1, 2), keepdims=True) / snr)
    table = pd.DataFrame({"frame": np.zeros(COUNT, np.int64)})
    found = drive(align(Particles((images + noise).astype(np.float32), table, 5.0), view, references))
    assert np.quantile(off(found[0], psi), 0.9) < angle
    assert np.quantile(np.abs(found[1] - shifts), 0.9) < pixels


def test_a_known_ctf_is_counted(
    scene: tuple[Images, Images, npt.NDArray[np.int64], Angles, Angles],
) -> None:
    references, images, view, psi, _ = scene
    ctf = Ctf(25_000.0, 25_000.0).values((64, 64), 5.3)[np.newaxis]
    seen = np.fft.irfft2(np.fft.rfft2(images) * ctf).astype(np.float32)
    table = pd.DataFrame({"frame": np.zeros(COUNT, np.int64)})
    known = drive(align(Particles(seen, table, 5.3, ctf), view, references))[0]
    assert np.quantile(off(known, psi), 0.9) < 2.0


def test_particles_of_no_view_are_left_as_they_are(
    scene: tuple[Images, Images, npt.NDArray[np.int64], Angles, Angles],
) -> None:
    references, images, view, _, _ = scene
    view = np.where(np.arange(COUNT) < 2, view, NO_VIEW)
    table = pd.DataFrame({"frame": np.zeros(COUNT, np.int64)})
    psi, shift = drive(align(Particles(images, table, 5.0), view, references))
    assert (psi[:2] != 0).all()
    assert (psi[2:] == 0).all()
    assert (shift[2:] == 0).all()


def test_a_parabola_peaks_between_its_points() -> None:
    points = np.array([-1.0, 0.0, 1.0])
    assert peak((3 - (points - 0.3) ** 2).astype(np.float32)) == pytest.approx(0.3, abs=1e-5)
    assert peak(np.array([1.0, 2.0], np.float32)) == 0
