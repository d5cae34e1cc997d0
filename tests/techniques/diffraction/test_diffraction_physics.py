"""The simulator against crystallography: moments, absences, counts, radii, spacings and noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.techniques.diffraction.evaluate.classical import RadialFinder
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun
from napari_sciml.techniques.diffraction.simulate.crystals import (
    FORMS,
    TRAINING_FORMS,
    UNSEEN_FORMS,
    intensities,
)
from napari_sciml.techniques.diffraction.simulate.detectors import Detector, blur, make_detector, read_out
from napari_sciml.techniques.diffraction.simulate.still import (
    Beam,
    Crystal,
    DetectorGeometry,
    excitation_width,
    random_rotation,
    recorded,
)


@pytest.mark.parametrize("name", ["lysozyme", "drop-on-tape"])
def test_intensities_have_wilsons_moments(name: str) -> None:
    table = intensities(FORMS[name])
    for centric, expected, tolerance in ((False, 2.0, 0.1), (True, 3.0, 0.35)):
        chosen = table.centric == centric
        # Epsilon raises whole zones; the moments hold for reflections of one kind.
        _, first = np.unique(table.unique[chosen], return_index=True)
        e2 = table.e2[chosen][first].astype(float)
        ordinary = e2[(table.hkl[chosen][first] != 0).all(axis=1) | centric]
        assert np.mean(ordinary**2) / np.mean(ordinary) ** 2 == pytest.approx(expected, abs=tolerance)


def test_friedel_mates_and_equivalents_are_equal() -> None:
    table = intensities(FORMS["drop-on-tape"])
    known = {tuple(index): e2 for index, e2 in zip(table.hkl.astype(int).tolist(), table.e2, strict=True)}
    for h, k, m in [(3, 4, 5), (1, 2, 7), (0, 4, 6)]:
        group = [known[a * h, b * k, c * m] for a in (1, -1) for b in (1, -1) for c in (1, -1)]
        assert len(set(group)) == 1


def test_screw_axes_leave_out_odd_reflections() -> None:
    hkl = intensities(FORMS["drop-on-tape"]).hkl
    for axis in range(3):
        others = [n for n in range(3) if n != axis]
        row = hkl[(hkl[:, others] == 0).all(axis=1)][:, axis]
        assert len(row)
        assert (row % 2 == 0).all()


def test_training_and_test_forms_differ() -> None:
    assert not set(TRAINING_FORMS) & set(UNSEEN_FORMS)
    assert "photosystem-ii" in TRAINING_FORMS


def test_spot_count_is_the_integral_over_the_ewald_sphere() -> None:
    form = FORMS["drop-on-tape"]
    table, beam = intensities(form), Beam(1.30, 3e-3 / 2.355)
    rng = np.random.default_rng(0)
    d_min = 2.2
    sums = []
    for _ in range(40):
        crystal = Crystal(4426, 8e-4, 50, 1000, random_rotation(rng))
        _, q, fraction = recorded(form, table, crystal, beam)
        sums.append(fraction[np.linalg.norm(q, axis=1) < 1 / d_min].sum())
    q = np.linspace(1e-4, 1 / d_min, 4000)
    width = excitation_width(q, crystal, beam)
    allowed = len(table.hkl) / (4 / 3 * np.pi * form.volume_A3 / form.d_min_A**3)
    expected = form.volume_A3 * np.sqrt(2 * np.pi) * np.trapezoid(2 * np.pi * q * width, q) * allowed
    assert np.mean(sums) == pytest.approx(expected, rel=0.05)


def test_ring_radii_are_those_of_the_real_geometry() -> None:
    geometry = DetectorGeometry(123.545, 0.1770833, (960, 960))
    radii = geometry.radius_px([3.90, 3.67, 3.44, 2.67, 2.25, 1.72], 1.30033)
    np.testing.assert_allclose(radii, [242.9, 259.6, 278.9, 373.9, 463.4, 683.7], atol=0.1)


def test_reflections_lie_on_a_lattice_of_the_right_spacing() -> None:
    """Spots of one zone, projected on a cell axis, repeat at 1/a."""
    form = FORMS["drop-on-tape"]
    table = intensities(form)
    crystal = Crystal(4426, 8e-4, 50, 1000, random_rotation(np.random.default_rng(3)))
    index, q, _ = recorded(form, table, crystal, Beam())
    axis = crystal.rotation @ np.linalg.inv(form.reciprocal).T[:, 0]
    np.testing.assert_allclose(q @ axis, table.hkl[index, 0], atol=1e-6)
    phase = np.abs(np.exp(2j * np.pi * (q @ axis)).mean())
    assert phase == pytest.approx(1.0)


def flat_noise(levels: np.ndarray) -> tuple[float, float, float]:
    """Variance over mean, correlation of neighbours, and variance over mean of sums of 8 x 8 px."""
    from scipy.ndimage import uniform_filter

    image = levels.astype(float)
    high = image - uniform_filter(image, 15)
    inner = high[16:-16, 16:-16]
    ratio = inner.var() / image.mean()
    lag = (inner[:, 1:] * inner[:, :-1]).mean() / inner.var()
    sums = (
        image[: len(image) // 8 * 8, : len(image) // 8 * 8]
        .reshape(len(image) // 8, 8, -1, 8)
        .sum(axis=(1, 3))
    )
    smooth = sums - uniform_filter(sums, 5)
    # Taking the mean of 25 away takes 1/25 of the variance with it.
    return ratio, lag, smooth.var() / (1 - 1 / 25) / sums.mean()


def rayonix(size: int) -> Detector:
    drawn = make_detector("rayonix", size, np.random.default_rng(0), 0)
    gain = 1 + 0.004 * np.random.default_rng(1).standard_normal((size, size)).astype(np.float32)
    return Detector(**{**vars(drawn), "adu": 0.95, "read": 1.0, "gain": gain})


def test_rayonix_noise_is_that_of_the_real_frame() -> None:
    """The bands are those measured in six flat regions of the real frame."""
    photons = np.full((480, 480), 260.0, np.float32)
    ratio, lag, sums = flat_noise(read_out(photons, rayonix(480), np.random.default_rng(2)))
    assert 0.27 <= ratio <= 0.36
    assert 0.34 <= lag <= 0.41
    assert 0.75 <= sums <= 1.06


def test_real_frame_has_the_noise_that_the_simulator_makes(real_data: Callable[[str], Path]) -> None:
    import h5py

    with h5py.File(next(real_data("diffraction").glob("*.h5"))) as file:
        frame = file["/entry/data"][()]
    edges = (60, 840, 1620)
    corners = [(y, x) for y in edges for x in edges if (y, x) != (840, 840)]
    noise = [flat_noise(frame[y : y + 240, x : x + 240])[:2] for y, x in corners]
    ratio, lag = np.median(noise, axis=0)
    # The very bands that the simulated noise must lie in; single regions scatter, the middle of eight less.
    assert 0.27 <= ratio <= 0.36
    assert 0.34 <= lag <= 0.41


def test_blur_keeps_every_photon() -> None:
    image = np.random.default_rng(0).random((50, 60)).astype(np.float32)
    assert blur(image).sum() == pytest.approx(image.sum(), rel=1e-5)


def test_clean_blank_frames_hold_no_peaks_for_a_classical_finder() -> None:
    from napari_sciml.techniques.diffraction.simulate.background import Polar, random_backdrop, scatter

    geometry, beam = DetectorGeometry(123.5, 0.1770833, (480.0, 482.0)), Beam()
    backdrop = random_backdrop(np.random.default_rng(5))
    field = scatter(
        type(backdrop)(**{**vars(backdrop), "level": 1000.0, "low": 0.0}),
        beam,
        geometry,
        Polar.around(geometry.center, 960),
    )
    dead = np.zeros(field.shape, bool)
    levels = np.rint(read_out(field, rayonix(960), np.random.default_rng(6)))
    assert len(RadialFinder(geometry.center).find(levels, dead)) == 0


def test_frames_do_not_depend_on_the_order_in_which_they_are_read() -> None:
    spec = RunSpec(frames=3, size_px=320, hit_share=1.0, crystal="lysozyme", strength=40)
    forward, backward = SimulatedRun(spec, 5), SimulatedRun(spec, 5)
    first = [forward.frame(n).image for n in range(3)]
    for n in (2, 1, 0):
        np.testing.assert_array_equal(backward[n], first[n])
    assert forward[1:3, 10:20, ::2].shape == (2, 10, 160)
    assert any((forward.frame(n).spots["snr"] > 5).any() for n in range(3))
