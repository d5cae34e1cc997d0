"""What is scattered without a crystal: air, water, carrier and windows, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.diffraction.simulate.still import Beam, DetectorGeometry

FieldArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Polar:
    """Radius in pixels and azimuth of every pixel around the direct beam, ``(h, w)``."""

    radius: FieldArray
    azimuth: FieldArray

    @classmethod
    def around(cls, center: tuple[float, float], size_px: int) -> Polar:
        """Measure a square frame."""
        y = (np.arange(size_px, dtype=np.float32) - np.float32(center[0]))[:, None]
        x = np.arange(size_px, dtype=np.float32) - np.float32(center[1])
        return cls(np.hypot(y, x), np.arctan2(y, x))


@dataclass(frozen=True)
class Backdrop:
    """What scatters, the same in every frame of a run.

    Attributes
    ----------
    water, carrier, window, air, low
        Heights of the water ring (3.2 A), of the ring of a lipid carrier (4.5 A) and of a polymer window
        (15 A), of the part that falls off as 1/r, and of the rise at the smallest angles.
    level
        Photons in a pixel where the water ring stands.
    stop_px, stalk, stalk_px
        Radius of the beamstop, azimuth and half width of what holds it.
    wedge, wedge_width, wedge_depth
        Azimuth, half angle and depth of a shadow.
    stop_light
        Share of the light that passes the beamstop.
    """

    water: float
    carrier: float
    window: float
    air: float
    low: float
    level: float
    stop_px: float
    stalk: float
    stalk_px: float
    wedge: float
    wedge_width: float
    wedge_depth: float
    stop_light: float


def random_backdrop(rng: np.random.Generator) -> Backdrop:
    """Draw a backdrop as different from the last as beamlines differ."""
    return Backdrop(
        water=rng.uniform(0.3, 1.0),
        carrier=float(rng.choice([0.0, rng.uniform(0.1, 0.8)], p=[0.6, 0.4])),
        window=float(rng.choice([0.0, rng.uniform(0.2, 1.0)], p=[0.5, 0.5])),
        air=rng.uniform(0.05, 0.6),
        low=float(rng.choice([0.0, rng.uniform(0.2, 3.0)])),
        level=float(np.exp(rng.uniform(np.log(2), np.log(4000)))),
        stop_px=rng.uniform(12, 60),
        stalk=rng.uniform(-np.pi, np.pi),
        stalk_px=rng.choice([0.0, rng.uniform(2, 12)]),
        wedge=rng.uniform(-np.pi, np.pi),
        wedge_width=rng.uniform(0.1, 0.9),
        wedge_depth=float(rng.choice([0.0, rng.uniform(0.05, 0.5)], p=[0.6, 0.4])),
        stop_light=float(rng.choice([0.0, rng.uniform(0.005, 0.1)])),
    )


def radial_profile(
    backdrop: Backdrop, beam: Beam, geometry: DetectorGeometry, radii: npt.NDArray[np.float64]
) -> FieldArray:
    """Return the expected photons at radii in pixels, without polarisation."""
    angle = np.arctan(np.maximum(radii, 1) * geometry.pixel_mm / geometry.distance_mm)
    q = 2 * np.sin(angle / 2) / beam.wavelength_A

    def ring(d_A: float, share: float) -> npt.NDArray[np.float64]:
        # The outer flank of the water ring is the gentler one.
        width = share / d_A * np.where(q > 1 / d_A, 1.35, 1.0)
        return np.asarray(np.exp(-0.5 * ((q - 1 / d_A) / width) ** 2))

    shape = (
        backdrop.water * (ring(3.2, 0.13) + 0.25 * ring(2.1, 0.2) + 0.05)
        + backdrop.carrier * ring(4.5, 0.06)
        + backdrop.window * ring(15.0, 0.2)
        + backdrop.air * 0.1 / np.maximum(q, 0.02)
        + backdrop.low * np.exp(-0.5 * (q / 0.04) ** 2)
    )
    return np.asarray(backdrop.level * shape * np.cos(angle) ** 3, np.float32)


def scatter(backdrop: Backdrop, beam: Beam, geometry: DetectorGeometry, polar: Polar) -> FieldArray:
    """Return the expected photons of every pixel without beamstop and shadow."""
    radii = np.arange(int(polar.radius.max()) + 3, dtype=np.float64)
    profile = radial_profile(backdrop, beam, geometry, radii)
    whole = polar.radius.astype(np.int32)
    part = polar.radius - whole
    field = profile[whole] * (1 - part) + profile[whole + 1] * part
    # cos(2 phi) = (x^2 - y^2) / r^2; the factor is 1 at the centre.
    double = np.arctan(radii * geometry.pixel_mm / geometry.distance_mm)
    strength = (np.sin(double) ** 2 * beam.polarisation / (1 + np.cos(double) ** 2)).astype(np.float32)
    field *= 1 - strength[whole] * np.cos(2 * polar.azimuth)
    return np.asarray(field, np.float32)


def transmission(backdrop: Backdrop, polar: Polar) -> FieldArray:
    """Return the share of light that passes beamstop, stalk and shadow."""
    away = np.abs((polar.azimuth - np.float32(backdrop.wedge) + np.pi) % (2 * np.pi) - np.pi)
    soft = np.clip((backdrop.wedge_width - away) * polar.radius / 30, 0, 1)
    open_ = 1 - backdrop.wedge_depth * soft
    edge = np.clip((polar.radius - backdrop.stop_px) / 1.5, 0, 1)
    open_ *= backdrop.stop_light + (1 - backdrop.stop_light) * edge
    if backdrop.stalk_px:
        turn = polar.azimuth - np.float32(backdrop.stalk)
        across = np.abs(np.sin(turn)) * polar.radius
        behind = (np.cos(turn) > 0) & (across < backdrop.stalk_px)
        open_[behind] *= 0.35 + 0.65 * (across[behind] / backdrop.stalk_px) ** 4
    return np.asarray(open_, np.float32)
