"""The 84 projections of a map at every in-plane angle, as coefficients of a disc of Fourier space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.particles.particles import Images
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.views.directions import view_angles

Scalar = TypeVar("Scalar", bound=np.generic)
RADIUS = 20
"""Frequencies up to 20 periods in the box of 64 are compared: twice the pixel size times 1.6."""
STEP_DEG = 5.0
"""Steps of the in-plane angle, in degrees: the angle that is named is off by half of them at the most."""


@dataclass(frozen=True, eq=False)
class References:
    """Coefficients of references at in-plane angles of half a turn.

    The other half are their complex conjugates: turning a real image by 180 degrees conjugates it.

    Attributes
    ----------
    rows, columns
        ``(c,)``: frequencies of the coefficients in periods per box, half of the disc.
    coefficients
        ``(c, 84, angles)`` complex64.
    psi_deg
        ``(angles,)``, from 0 to below 180.
    edge
        Edge of the box in pixels.
    """

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    coefficients: npt.NDArray[np.complex64]
    psi_deg: npt.NDArray[np.float64]
    edge: int

    def pick(self, half_plane: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """Take these coefficients out of arrays ``(..., h, h // 2 + 1)`` laid out as by ``rfft2``."""
        return half_plane[..., self.rows, self.columns]


def reference_images(particle: DensityMap) -> Images:
    """Project the map along the 84 views at psi 0: ``(84, box, box)``."""
    views = view_angles()
    return project(particle, np.c_[views, np.zeros(len(views))])


def make_references(images: Images, radius: int = RADIUS, step_deg: float = STEP_DEG) -> References:
    """Turn references ``(84, h, h)`` to every in-plane angle.

    A turned image has the turned transform. It is evaluated where it is needed, as a plain sum over all
    pixels, so nothing is interpolated.
    """
    import torch

    edge = images.shape[-1]
    columns, rows = np.meshgrid(np.arange(edge // 2), np.arange(-edge // 2, edge // 2))
    length = np.hypot(rows, columns)
    half = (length <= radius) & (length > 0) & ((columns > 0) | (rows > 0))
    ky, kx = rows[half].astype(float), columns[half].astype(float)
    psi = np.arange(0, 180, step_deg)
    ticks = torch.arange(edge, dtype=torch.float32) - edge // 2
    pixels = torch.from_numpy(images).permute(1, 2, 0).contiguous()
    coefficients = np.empty((len(kx), len(images), len(psi)), np.complex64)
    for number, angle in enumerate(np.radians(psi)):
        cosine, sine = np.cos(angle), np.sin(angle)
        turned_x = torch.from_numpy(cosine * kx - sine * ky).float() * (2 * np.pi / edge)
        turned_y = torch.from_numpy(sine * kx + cosine * ky).float() * (2 * np.pi / edge)
        # The waves of a plane are products of two, which is faster than to take as many sines.
        down, right = (
            torch.polar(torch.ones(()), -torch.outer(turned, ticks)) for turned in (turned_y, turned_x)
        )
        wave = down[:, :, None] * right[:, None, :]
        flat, values = wave.reshape(len(kx), -1), pixels.reshape(edge * edge, -1)
        real, imaginary = flat.real @ values, flat.imag @ values
        coefficients[:, :, number] = torch.complex(real, imaginary).numpy()
    return References(ky.astype(np.int64), kx.astype(np.int64), coefficients, psi, edge)


def coefficients_of(images: Images, references: References) -> npt.NDArray[np.complex64]:
    """Return the coefficients ``(n, c)`` of images ``(n, h, h)`` about pixel h // 2."""
    centred = np.fft.ifftshift(images, axes=(-2, -1))
    picked: npt.NDArray[np.complex64] = references.pick(np.fft.rfft2(centred)).astype(np.complex64)
    return picked
