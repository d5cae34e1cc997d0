"""Fresnel coefficients, form factors and where the pixels lie, against what can be worked out by hand."""

import math

import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.refraction import Beam, Material, material
from napari_sciml.techniques.gisaxs.simulate import particles
from napari_sciml.techniques.gisaxs.simulate.fresnel import reflection, transmission
from napari_sciml.techniques.gisaxs.simulate.geometry import Window, locate

K0 = 50.68
LOSSLESS = Material(4.89e-6, 0.0)
KC = K0 * math.sqrt(abs(LOSSLESS.contrast))


def test_everything_is_reflected_below_the_critical_angle() -> None:
    kz = torch.linspace(0.001, 0.999, 50, dtype=torch.float64) * KC
    assert torch.allclose(reflection(kz, K0, LOSSLESS.contrast).abs(), torch.ones(50, dtype=torch.float64))


def test_the_phase_of_the_reflection_goes_from_pi_to_zero() -> None:
    r = reflection(torch.tensor([1e-6, 1.0], dtype=torch.float64) * KC, K0, LOSSLESS.contrast)
    assert abs(r[0] + 1) < 1e-4
    assert abs(r[1] - 1) < 1e-3


def test_the_reflectivity_falls_with_the_fourth_power_far_above() -> None:
    kz = torch.tensor([20.0, 40.0], dtype=torch.float64) * KC
    intensity = reflection(kz, K0, LOSSLESS.contrast).abs() ** 2
    assert float(intensity[0] / intensity[1]) == pytest.approx(16, rel=0.01)
    assert float(intensity[0]) == pytest.approx((1 / (2 * 20)) ** 4, rel=0.01)


def test_the_field_is_enhanced_four_times_at_the_critical_angle() -> None:
    kz = torch.linspace(0.2, 2.0, 1801, dtype=torch.float64) * KC
    field = transmission(kz, K0, LOSSLESS.contrast).abs() ** 2
    assert float(field.max()) == pytest.approx(4, rel=1e-3)
    assert float(kz[field.argmax()] / KC) == pytest.approx(1, abs=2e-3)


def test_absorption_lowers_the_yoneda_peak_of_silicon_a_little() -> None:
    silicon = material("Si", 10.0)
    critical_angle = math.sqrt(2 * silicon.delta)
    assert math.degrees(critical_angle) == pytest.approx(0.179, abs=0.001)
    kz = torch.linspace(0.9, 1.1, 401, dtype=torch.float64) * K0 * critical_angle
    assert 2.5 < float(transmission(kz, K0, silicon.contrast).abs().max() ** 2) < 4


def test_the_field_above_the_surface_has_its_first_maximum_where_it_must() -> None:
    # Totally reflected waves stand above the surface; with the wrong sign the field would fall first.
    kz = torch.tensor([0.6 * KC], dtype=torch.float64)
    kappa = math.sqrt(KC**2 - (0.6 * KC) ** 2)
    expected = math.atan(kappa / (0.6 * KC)) / (0.6 * KC)
    z = torch.linspace(0, 2 * expected, 2001, dtype=torch.float64)
    field = (torch.exp(-1j * kz * z) + reflection(kz, K0, LOSSLESS.contrast) * torch.exp(1j * kz * z)).abs()
    assert float(z[field.argmax()]) == pytest.approx(expected, rel=0.002)


def test_a_sphere_has_its_volume_at_zero_and_vanishes_where_it_must() -> None:
    radius = 12.0
    assert float(particles.sphere(torch.zeros(1), radius)) == pytest.approx(4 / 3 * math.pi * radius**3)
    zeros = torch.tensor([4.493409, 7.725252], dtype=torch.float64) / radius
    assert particles.sphere(zeros, radius).abs().max() < 1e-2
    # Porod: the envelope of the intensity is (4 pi R^2 / q^2)^2 cos^2.
    q = torch.tensor([40 * math.pi / radius], dtype=torch.float64)
    assert float(particles.sphere(q, radius).abs()) == pytest.approx(
        4 * math.pi * radius / float(q) ** 2, rel=0.01
    )


def test_boxes_and_cylinders_have_their_volume_at_zero_and_their_own_zeros() -> None:
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    box = particles.rectangle(zero, zero, 10.0, 6.0) * particles.slab(zero, 4.0)
    assert float(box) == pytest.approx(240)
    assert particles.rectangle(one * 2 * math.pi / 10, zero, 10.0, 6.0).abs().max() < 1e-9
    assert float(particles.disc(zero, 5.0) * particles.slab(zero, 4.0)) == pytest.approx(math.pi * 100)
    assert particles.disc(one * 3.831706 / 5, 5.0).abs().max() < 1e-4


def test_a_spread_of_sizes_fills_the_zeros_of_a_lone_particle_only() -> None:
    sizes, weights = particles.size_nodes(torch.tensor([10.0]), torch.tensor([0.08]))
    mean, alone = particles.averaged(particles.sphere(torch.tensor([[0.4493]]), sizes[0]), weights)
    volume = 4 / 3 * math.pi * 10**3
    assert abs(float(mean)) < 0.02 * volume
    assert abs(float(alone)) > 0.02 * volume


def test_the_rows_and_columns_lie_where_the_window_says() -> None:
    beam, window = Beam(10.0, 0.15), Window((-1.0, 1.0), (0.0, 1.0))
    pixels = locate(beam, window)
    assert torch.allclose(pixels.kf + beam.ki, window.qz, atol=1e-12)
    assert torch.allclose(pixels.qy[-1], window.qy, atol=1e-3)
    assert torch.allclose(pixels.qy, -pixels.qy.flip(1), atol=1e-12)
    # The scattering is elastic.
    kx = pixels.qx + beam.k0 * math.cos(math.radians(0.15))
    length = torch.sqrt(kx**2 + pixels.qy**2 + pixels.kf[:, None] ** 2)
    assert torch.allclose(length, torch.full_like(length, beam.k0))
    # A strip of 13 rows lies below the horizon.
    assert int((pixels.kf <= 0).sum()) == 14


@pytest.mark.parametrize("arguments", [(0.0, 0.15), (10.0, 0.0), (10.0, 9.0)])
def test_a_beam_that_cannot_be_is_refused(arguments: tuple[float, float]) -> None:
    with pytest.raises(SciMLError, match="grazing incidence"):
        Beam(*arguments)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(SciMLError, match="q_z range"):
        Window((-1, 1), (1.0, 0.0))
