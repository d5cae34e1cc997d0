"""The simulator of micrographs against physics: counts, signal over noise, CTF, truth."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.simulate.compose import compose, shift
from napari_sciml.techniques.cryoem.simulate.imaging import Exposure, blur, dead_border, expose
from napari_sciml.techniques.cryoem.simulate.micrograph import particle_of, simulate_micrograph
from napari_sciml.techniques.cryoem.simulate.run import SimulatedMicrographs
from napari_sciml.techniques.cryoem.simulate.scene import no_junk, place_particles
from napari_sciml.techniques.cryoem.simulate.shapes import random_map, symmetry
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec
from napari_sciml.techniques.cryoem.train.picker.fields import Conditions, Library, simulate_field

CTF = Ctf(15_000.0, 15_000.0)
CLEAN = {"carbon": 0.0, "contaminants": 0, "gradient": 0.0, "size_px": 512}


def test_counts_of_empty_ice_are_poisson() -> None:
    shape = (256, 256)
    nothing = np.zeros(shape, np.float32)
    exposure = Exposure(CTF, 5.0, 1.0, ice_share=0.0, dose_e_per_A2=30.0)
    _, parts = expose(
        np.random.default_rng(0),
        nothing,
        np.zeros(shape, bool),
        no_junk(shape),
        np.ones(shape, np.float32),
        exposure,
    )
    assert parts.counts.mean() == pytest.approx(750, rel=0.01)
    assert parts.counts.var() == pytest.approx(parts.counts.mean(), rel=0.02)


@pytest.mark.parametrize("snr", [0.05, 0.3, 2.0])
def test_the_snr_that_was_asked_for_is_there(snr: float) -> None:
    spec = MicrographSpec.model_validate({**CLEAN, "snr": snr, "particles": 40})
    clean = MicrographSpec.model_validate({**CLEAN, "snr": float("inf"), "particles": 40})
    noisy, bare = simulate_micrograph(spec, 3, 0), simulate_micrograph(clean, 3, 0)
    # The same particles; the noise is what the clean one explains nothing of.
    assert noisy.truth.equals(bare.truth)
    mean = spec.dose_e_per_A2 * spec.pixel_size_A**2
    inside = np.abs(bare.parts.signal) > 0.3 * np.abs(bare.parts.signal).max()
    signal = noisy.parts.signal
    noise = (mean * (1 - signal) - noisy.parts.counts) / mean
    ratio = np.polyfit(bare.parts.signal[inside], signal[inside], 1)[0] ** 2
    # A signal of SNR 1 was asked for without noise, so the amplitudes squared are in the ratio of the SNR.
    counting = 1 / mean
    total = counting / (1 - spec.ice_share)
    assert noise.var() == pytest.approx(total, rel=0.05)
    assert ratio == pytest.approx(snr * total / counting, rel=0.05)


def test_particles_are_dark_in_underfocus() -> None:
    spec = MicrographSpec.model_validate({**CLEAN, "snr": 5.0, "particles": 30, "clustering": 0.0})
    made = simulate_micrograph(spec, 0, 0)
    rows, columns = (made.truth[c].round().astype(int).clip(6, 505) for c in ("y", "x"))
    middle = np.mean(
        [made.image[y - 6 : y + 7, x - 6 : x + 7].mean() for y, x in zip(rows, columns, strict=True)]
    )
    assert middle < made.image.mean() - 0.2 * made.image.std()


def test_the_blur_keeps_electrons() -> None:
    counts = np.random.default_rng(0).poisson(20, (64, 64)).astype(float)
    assert blur(counts, 0.7).sum() == pytest.approx(counts.sum(), rel=1e-9)


def test_shifted_projections_keep_mass_and_move_their_centre() -> None:
    axis = np.arange(32) - 16
    spot = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / 18).astype(np.float32)
    moved = shift(np.stack([spot, spot]), np.array([[0.3, -0.4], [0.0, 0.5]]))
    rows, columns = np.mgrid[:32, :32]
    for image, (down, right) in zip(moved, [(0.3, -0.4), (0.0, 0.5)], strict=True):
        assert image.sum() == pytest.approx(spot.sum(), rel=1e-4)
        assert (image * rows).sum() / image.sum() == pytest.approx(16 + down, abs=1e-3)
        assert (image * columns).sum() / image.sum() == pytest.approx(16 + right, abs=1e-3)


def test_composed_particles_lie_where_the_truth_says() -> None:
    axis = np.arange(32) - 16
    spot = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / 8).astype(np.float32)
    density, outlines = compose(spot[None], np.array([[40.25, 71.5]]), (96, 128))
    rows, columns = np.mgrid[:96, :128]
    assert (density * rows).sum() / density.sum() == pytest.approx(40.25, abs=0.01)
    assert (density * columns).sum() / density.sum() == pytest.approx(71.5, abs=0.01)
    assert outlines[40, 71]
    assert not outlines[10, 10]


def test_a_micrograph_does_not_depend_on_the_others() -> None:
    spec = MicrographSpec.model_validate({"micrographs": 3, "size_px": 256, "particles": 10})
    forwards, alone = SimulatedMicrographs(spec, 1), SimulatedMicrographs(spec, 1)
    for number in range(3):
        assert forwards[number].shape == (256, 256)
    np.testing.assert_array_equal(forwards[2], alone[2])
    np.testing.assert_array_equal(forwards[1:3, 5:9, :7], np.stack([alone[1], alone[2]])[:, 5:9, :7])
    assert not np.array_equal(alone[1], alone[2])
    assert not np.array_equal(alone[2], SimulatedMicrographs(spec, 2)[2])


def test_the_microscope_cannot_be_asked_for_the_impossible() -> None:
    spec = MicrographSpec.model_validate({**CLEAN, "min_defocus_um": 3.0, "max_defocus_um": 1.0})
    with pytest.raises(SciMLError, match="least defocus is 3 um"):
        simulate_micrograph(spec, 0, 0)
    with pytest.raises(SciMLError, match="choose a pixel size"):
        particle_of(None, None, 0.3)


def test_particles_keep_their_distance_and_avoid_junk() -> None:
    forbidden = np.zeros((400, 400), bool)
    forbidden[:, 200:] = True
    places = place_particles(np.random.default_rng(0), (400, 400), 80, 20.0, 0.3, forbidden, 5.0)
    assert (places[:, 1] < 200).all()
    assert (places >= 5).all()
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    assert distances.min() >= 0.65 * 20
    assert (distances.min(axis=1) < 20).any(), "real particles overlap now and then"


def test_random_maps_have_the_diameter_and_the_symmetry_that_was_drawn() -> None:
    rng = np.random.default_rng(4)
    for _ in range(6):
        particle = random_map(rng, 36, 18.0)
        assert 11 < particle.diameter_A < 21
    turns = symmetry(3, dihedral=True)
    assert len(turns) == 6
    for turn in turns:
        assert np.linalg.det(turn) == pytest.approx(1)


def test_a_dead_border_repeats_the_last_good_row() -> None:
    image = np.random.default_rng(0).normal(size=(50, 60)).astype(np.float32)
    dead = dead_border(np.random.default_rng(0), image, (4, 0, 0, 7))
    assert (image[:4] == image[4]).all()
    assert (image[:, -7:] == image[:, [-8]]).all()
    assert dead.sum() == 4 * 60 + 46 * 7


def test_a_training_field_has_its_truth_on_its_particles() -> None:
    library = Library.make(7, 3, 12)
    calm = Conditions((6.0, 6.0), 0, 0, 0, 0, 0)
    field = simulate_field(np.random.default_rng(2), library, 256, calm)
    inside = field.places[((field.places > 10) & (field.places < 245)).all(axis=1)]
    assert len(inside) > 3
    rows, columns = inside.round().astype(int).T
    from scipy.ndimage import gaussian_filter

    seen = gaussian_filter(field.image, 4) - gaussian_filter(field.image, 25)
    at_particles, elsewhere = seen[rows, columns].mean(), seen.mean()
    assert at_particles > elsewhere + seen.std()
