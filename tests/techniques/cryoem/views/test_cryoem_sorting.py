"""From simulated particles to a map by predicted views, and what controls say when nothing is there."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress, drive
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box
from napari_sciml.techniques.cryoem.orientation import correlate
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Particles
from napari_sciml.techniques.cryoem.reconstruction.controls import (
    carried_on,
    control_curves,
    like_noise,
    scrambled,
    subset,
)
from napari_sciml.techniques.cryoem.reconstruction.reconstruct import rebuild
from napari_sciml.techniques.cryoem.reconstruction.resolution import shell_correlation
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.techniques.cryoem.train.orientation.dataset import SimulatedParticles, realistic_set
from napari_sciml.techniques.cryoem.views.mirror_views import mirrored
from napari_sciml.techniques.cryoem.views.sorter import Sorter, unsure
from napari_sciml.techniques.cryoem.views.sorting import random_halves, sort_into_views

COUNT, SNR = 126, 0.3


@pytest.fixture(scope="module")
def particle() -> DensityMap:
    return fit_box(built_in_map())


@pytest.fixture(scope="module")
def simulated(particle: DensityMap) -> SimulatedParticles:
    return realistic_set(particle, COUNT, 1, SNR)


@pytest.fixture(scope="module")
def views(particle: DensityMap, simulated: SimulatedParticles) -> ViewsResult:
    return drive(sort_into_views(simulated.particles, particle, method="correlation", both_sides=False))


def alike(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> float:
    return float(np.corrcoef(left.ravel(), right.ravel())[0, 1])


def test_views_are_named_and_every_particle_stays(simulated: SimulatedParticles, views: ViewsResult) -> None:
    table = views.table
    assert (table["view"].to_numpy() == simulated.labels).mean() > 0.8
    assert list(table.columns[:4]) == list(simulated.particles.table.columns)
    assert len(table) == COUNT
    assert views.views["count"].sum() == (table["view"] != NO_VIEW).sum()
    assert views.views["share"].sum() == pytest.approx(1)
    assert views.averages.shape == views.references.shape == (84, 64, 64)
    filled = views.views["count"] > 0
    assert views.views["correlation"].notna().equals(filled)
    assert views.views["correlation"].mean() > 0.7
    assert "are none of the 84 views" in views.notes[0]


def test_the_map_of_predicted_views_is_the_particle_and_not_its_mirror_image(
    particle: DensityMap, views: ViewsResult
) -> None:
    built = drive(rebuild(views, truth=particle, controls=False))
    found, mirrored = (alike(a, particle.density) for a in (built.volume, built.volume[:, :, ::-1]))
    assert found > 0.8
    assert found > mirrored + 0.4
    assert built.resolution_A["truth"] < 40


def test_particles_seen_from_behind_belong_to_their_view(
    particle: DensityMap, simulated: SimulatedParticles
) -> None:
    some = subset(simulated.particles, np.arange(12))
    turned = np.arange(12) % 2 == 1
    images = some.images.copy()
    images[turned] = mirrored(images[turned])
    table = drive(Sorter.of(particle, "correlation").sort(replace(some, images=images)))
    right = table["view"].to_numpy() == simulated.labels[:12]
    # The ends of one axis show each other's mirror images, and the view along z is its own neighbour.
    plain = simulated.angles_deg[:12, 1] < 80
    assert right[plain].mean() > 0.8
    assert (table["mirrored"].to_numpy() == turned)[plain & right].mean() > 0.8


def test_controls_give_a_curve_each_that_lies_below_the_particles(
    particle: DensityMap, views: ViewsResult
) -> None:
    own = drive(rebuild(views, controls=False)).fsc["half_sets"].to_numpy()
    curves = drive(control_curves(views, range(84), images=40))
    assert set(curves) == {"noise", "phase_randomised"}
    for curve in curves.values():
        assert np.isfinite(curve).all()
        # Coarser than 30 A the particles have signal, and so few images of noise have none.
        assert curve[3:11].mean() < own[3:11].mean()


def test_noise_alone_is_none_of_the_views(particle: DensityMap, simulated: SimulatedParticles) -> None:
    some = subset(simulated.particles, np.arange(50))
    noise = like_noise(some, np.random.default_rng(0))
    result = drive(sort_into_views(noise, particle, method="correlation", both_sides=False))
    assert (result.table["view"] == NO_VIEW).mean() >= 0.95
    with pytest.raises(SciMLError, match="No view that is kept has a particle"):
        drive(rebuild(replace(result, views=result.views.assign(count=0))))


def test_noise_has_the_power_of_the_particles_and_nothing_else_of_them(
    simulated: SimulatedParticles,
) -> None:
    some = subset(simulated.particles, np.flatnonzero(simulated.particles.table["frame"] == 0))
    noise = like_noise(some, np.random.default_rng(0))
    power = [(np.abs(np.fft.rfft2(p.images)) ** 2).mean(axis=0) for p in (some, noise)]
    ratio = power[1][3:20, 3:20].mean() / power[0][3:20, 3:20].mean()
    assert ratio == pytest.approx(1, rel=0.35)
    assert abs(alike(noise.images, some.images)) < 0.02


def test_scrambled_references_keep_the_power_and_lose_the_phases(particle: DensityMap) -> None:
    other = scrambled(particle, np.random.default_rng(0))
    assert other.box_px == particle.box_px
    assert np.abs(shell_correlation(other.density, particle.density)[4:]).max() < 0.3
    assert "phases scrambled" in other.name


def test_a_curve_is_carried_on_to_more_images_as_its_signal_to_noise_ratio() -> None:
    flat = np.full(20, 0.2)
    np.testing.assert_allclose(carried_on(flat, 4), 0.5)
    np.testing.assert_array_equal(carried_on(flat, 1), flat)
    np.testing.assert_allclose(carried_on(-flat, 4), -flat)


def test_every_view_is_shared_evenly_by_the_halves() -> None:
    view = np.random.default_rng(0).integers(-1, 84, 1000)
    half = random_halves(view, 3)
    for number in np.unique(view):
        assert abs(int((half[view == number] == 0).sum()) - int((half[view == number] == 1).sum())) <= 1
    assert (half != random_halves(view, 4)).any()


def test_a_flat_answer_is_none_of_the_views() -> None:
    sure = np.full((2, 84), 1 / 84)
    sure[1, 7] = 0.5
    assert unsure(sure).tolist() == [True, False]


def test_particles_that_a_stop_left_out_have_no_view(
    particle: DensityMap, simulated: SimulatedParticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search gives equal probabilities to what it did not reach."""

    def half_done(
        particles: Particles, particle_map: DensityMap, cancel: object
    ) -> Generator[Progress, None, tuple[npt.NDArray[np.float32], None, None]]:
        probabilities = np.full((len(particles.images), 84), 1 / 84, np.float32)
        probabilities[0] = np.eye(84)[7]
        yield Progress(1, len(particles.images), "particles")
        return probabilities, None, None

    monkeypatch.setattr(correlate, "correlate_views", half_done)
    sorter = Sorter.of(particle, "correlation", both_sides=False)
    table = drive(sorter.sort(subset(simulated.particles, np.arange(5))))
    assert table["view"].tolist() == [7, *[NO_VIEW] * 4]
    assert np.isfinite(table[["psi_deg", "shift_y", "shift_x"]].to_numpy()).all()


def test_what_does_not_fit_is_refused(particle: DensityMap, simulated: SimulatedParticles) -> None:
    particles = simulated.particles
    with pytest.raises(SciMLError, match="There are no particles"):
        drive(sort_into_views(subset(particles, np.arange(0)), particle, method="correlation"))
    with pytest.raises(SciMLError, match="boxes of 64 px and the map three lobes one of 32"):
        drive(sort_into_views(particles, fit_box(built_in_map(), 32), method="correlation"))
    with pytest.raises(SciMLError, match="have pixels of"):
        drive(sort_into_views(replace(particles, pixel_size_A=9.0), particle, method="correlation"))
    with pytest.raises(SciMLError, match="No orientation model"):
        drive(sort_into_views(particles, particle, method="network"))
