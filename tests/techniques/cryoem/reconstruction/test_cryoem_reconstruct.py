"""The 3-D map from averages: against the truth, its mirror image, and what the reference page reaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, even, fit_box
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles
from napari_sciml.techniques.cryoem.reconstruction.halves import build
from napari_sciml.techniques.cryoem.reconstruction.map_warnings import map_warnings, missing_directions
from napari_sciml.techniques.cryoem.reconstruction.reconstruct import rebuild
from napari_sciml.techniques.cryoem.reconstruction.resolution import crossing, shell_correlation, soft_sphere
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.views.averages import ViewSums, add_up, average_images
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.sorting import view_table

VIEWS = np.c_[view_angles(), np.zeros(84)]


@pytest.fixture(scope="module")
def particle() -> DensityMap:
    return fit_box(built_in_map())


def alike(left: Images, right: Images) -> float:
    return float(np.corrcoef(left.ravel(), right.ravel())[0, 1])


def sums_of(images: Images) -> ViewSums:
    """The sums of one particle in each half that look like `images` ``(84, box, box)``."""
    spectra = np.fft.rfft2(np.fft.ifftshift(images, axes=(1, 2))).astype(np.complex64)
    values = np.stack([spectra, spectra])
    return ViewSums(values, np.ones(values.shape, np.float32), np.ones((2, len(images)), np.int64))


def sorted_result(particle: DensityMap, noise: float, views: tuple[int, ...], each: int = 4) -> ViewsResult:
    """Particles whose views and angles are known, in white noise."""
    rng = np.random.default_rng(2)
    view = np.repeat(views, each)
    clean = project(particle, VIEWS[view])
    images = (clean + noise * clean.std() * rng.standard_normal(clean.shape)).astype(np.float32)
    table = pd.DataFrame({"frame": 0, "y": 0.0, "x": 0.0, "score": 1.0}, index=range(len(view)))
    particles = Particles(images, table, particle.pixel_size_A)
    table = table.assign(
        view=view, view_probability=1.0, psi_deg=0.0, shift_y=0.0, shift_x=0.0, half=np.arange(len(view)) % 2
    )
    sums, references = drive(add_up(particles, table)), project(particle, VIEWS)
    averages = average_images(sums)
    return ViewsResult(
        particles,
        table,
        view_table(sums, averages, references),
        averages,
        references,
        particle.pixel_size_A,
        particle.name,
        "correlation",
    )


def test_84_exact_views_give_the_map_and_not_its_mirror_image(particle: DensityMap) -> None:
    built = drive(build(sums_of(project(particle, VIEWS)), range(84))).whole
    assert alike(built, particle.density) >= 0.98
    assert alike(built[:, :, ::-1], particle.density) <= 0.3
    # The same scale, too: insertion and projection undo each other.
    assert np.polyfit(particle.density.ravel(), built.ravel(), 1)[0] == pytest.approx(1, abs=0.05)


def test_averages_of_jittered_images_of_the_ribosome_reach_15_angstrom(
    real_data: Callable[[str], Path],
) -> None:
    with mrcfile.open(real_data("cryoem/map70s/clean70SRibosome_vol_65p.mrc"), permissive=True) as file:
        ribosome = DensityMap(even(file.data.astype(np.float32)), 5.0 * 65 / 64, "70S")
    rng = np.random.default_rng(0)
    angles = np.repeat(VIEWS, 24, axis=0) + rng.uniform(-5, 5, (84 * 24, 3))
    averages = project(ribosome, angles).reshape(84, 24, 64, 64).mean(axis=1)
    built = drive(build(sums_of(averages), range(84))).whole
    curve = shell_correlation(built, ribosome.density)
    assert crossing(curve, 0.5, 64, ribosome.pixel_size_A) <= 15
    assert alike(built, ribosome.density) >= 0.98
    assert alike(built[:, :, ::-1], ribosome.density) <= 0.3


def test_insertion_is_at_least_as_good_as_the_general_one_of_the_library(particle: DensityMap) -> None:
    import torch
    from torch_fourier_slice import backproject_2d_to_3d

    from napari_sciml.techniques.cryoem.views.directions import rotation_matrices

    images = project(particle, VIEWS)
    matrices = torch.from_numpy(rotation_matrices(VIEWS).transpose(0, 2, 1).astype(np.float32).copy())
    theirs = backproject_2d_to_3d(torch.from_numpy(images), matrices, zyx_matrices=False).numpy()
    ours = drive(build(sums_of(images), range(84))).whole
    assert alike(ours, particle.density) > alike(theirs, particle.density)


def test_the_map_grows_and_halves_and_truth_are_compared(particle: DensityMap) -> None:
    grown: list[Images] = []
    result = sorted_result(particle, 1.0, tuple(range(84)), each=2)
    built = drive(rebuild(result, truth=particle, controls=False, on_map=grown.append))
    assert len(grown) == 7
    likeness = [alike(volume, particle.density) for volume in grown]
    assert likeness[0] < likeness[3] < likeness[-1]
    np.testing.assert_array_equal(grown[-1], built.volume)
    assert list(built.fsc) == ["resolution_A", "half_sets", "truth", "noise", "phase_randomised"]
    assert len(built.fsc) == 32
    assert built.fsc["resolution_A"].iloc[-1] == pytest.approx(2 * particle.pixel_size_A)
    assert built.fsc["noise"].isna().all()
    # In fine shells there is noise only, and nothing of the coarse ones may leak there.
    assert built.fsc["half_sets"].iloc[-6:].abs().max() < 0.15
    assert 10 < built.resolution_A["truth"] < 60
    assert 10 < built.resolution_A["half_sets"] < 60
    assert built.kept == tuple(range(84))
    assert any("not checked by controls" in caution for caution in built.cautions)


def test_only_views_that_are_kept_go_into_the_map(particle: DensityMap) -> None:
    result = sorted_result(particle, 0.5, (0, 5, 20, 40, 60))
    built = drive(rebuild(result, keep={5, 40, 83}, controls=False))
    assert built.kept == (5, 40)
    assert "79 of 84 views have no particle." in built.cautions
    assert "3 views with particles were left out." in built.cautions
    assert np.isnan(built.resolution_A["truth"])
    with pytest.raises(SciMLError, match="No view that is kept has a particle"):
        drive(rebuild(result, keep={83}))


def test_a_true_map_of_another_box_is_refused(particle: DensityMap) -> None:
    result = sorted_result(particle, 0.5, (0, 5))
    with pytest.raises(SciMLError, match="32 voxels of 5"):
        drive(rebuild(result, truth=built_in_map(box_px=32)))


def test_controls_that_cannot_be_run_are_told_of(particle: DensityMap) -> None:
    built = drive(rebuild(sorted_result(particle, 0.5, (0, 5)), controls=True))
    assert any("No controls were run" in caution for caution in built.cautions)


def test_a_stop_gives_the_map_so_far(particle: DensityMap) -> None:
    cancel = CancelToken()
    result = sorted_result(particle, 0.5, tuple(range(40)), each=2)
    grown: list[Images] = []

    def stop(volume: Images) -> None:
        grown.append(volume)
        cancel.cancel()

    built = drive(rebuild(result, on_map=stop, cancel=cancel))
    assert len(grown) == 1
    np.testing.assert_array_equal(built.volume, grown[0])


def curves(**known: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    unknown = {name: np.full(32, np.nan) for name in ("half_sets", "noise", "phase_randomised")}
    return unknown | known


def test_missing_and_preferred_directions_are_warned_of() -> None:
    everywhere, top = np.full(84, 50), np.r_[np.full(6, 900), np.full(78, 1)]
    fine = curves(half_sets=np.linspace(1, 0, 32), noise=np.full(32, 0.01))
    assert map_warnings(everywhere, range(84), fine, 64, 5.0, True) == ()
    said = " ".join(map_warnings(top, range(84), fine, 64, 5.0, True))
    assert "Preferred orientation: 10 views hold 99%" in said
    assert "78 of the 84 views used have fewer than 10 particles" in said
    assert missing_directions(range(84)) == 0
    # One view fills a plane with half a step to either side: sin(7.5 degrees) of all directions.
    assert missing_directions([0]) == pytest.approx(1 - np.sin(np.radians(7.5)), abs=0.01)
    assert "% of all directions are missing" in " ".join(
        map_warnings(everywhere, range(6), fine, 64, 5.0, True)
    )


def test_a_control_as_good_as_the_map_is_told_of() -> None:
    own = np.linspace(1, 0, 32)
    said = map_warnings(np.full(84, 50), range(84), curves(half_sets=own, noise=own), 64, 5.0, True)
    assert any("proves little: images without a particle reach" in caution for caution in said)
    nothing = map_warnings(np.full(84, 50), range(84), curves(half_sets=np.zeros(32)), 64, 5.0, True)
    assert any("share nothing" in caution for caution in nothing)


def test_the_curve_of_a_map_with_itself_is_one_and_falls_where_it_is_cut_off(particle: DensityMap) -> None:
    np.testing.assert_allclose(shell_correlation(particle.density, particle.density), 1, atol=1e-4)
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((64, 64, 64)).astype(np.float32) for _ in range(2))
    assert np.abs(shell_correlation(left, right)[6:]).max() < 0.15
    radius = np.hypot(np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64))), 0)
    far = np.sqrt(radius[:, :, None] ** 2 + np.fft.rfftfreq(64) ** 2) * 64
    spectrum = np.where(far <= 16, np.fft.rfftn(left), np.fft.rfftn(right))
    mixed = np.fft.irfftn(spectrum, s=(64, 64, 64), axes=(0, 1, 2)).astype(np.float32)
    assert crossing(shell_correlation(mixed, left), 0.5, 64, 5.0) == pytest.approx(64 * 5 / 16.5, rel=0.04)


@pytest.mark.parametrize(
    ("curve", "resolution"),
    [([1.0, 0.9, 0.1, 0.9], 64 * 5 / 2.5), ([1.0, 1.0], 10.0), ([0.1, 0.9], np.nan), ([np.nan, 1.0], np.nan)],
)
def test_resolution_is_where_the_curve_first_falls_below(curve: list[float], resolution: float) -> None:
    found = crossing(np.array(curve), 0.5, 64, 5.0)
    assert found == pytest.approx(resolution, nan_ok=True)


def test_the_mask_is_soft_and_holds_the_particle(particle: DensityMap) -> None:
    mask = soft_sphere(64)
    assert mask[32, 32, 32] == 1
    assert mask[0, 0, 0] == 0
    assert np.abs(np.diff(mask, axis=0)).max() < 0.3
    inside = (particle.density * mask).sum() / particle.density.sum()
    assert inside > 0.98
