"""Beam, window in q-space, and where each pixel of an image lies.

The sample's frame: x along the beam, y in the plane of the surface, z up. Images have row 0 at the largest
q_z and column 0 at the smallest q_y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.refraction import Beam

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Window:
    """The part of q-space that an image shows, both ends of each range included (1/nm)."""

    qy_range: tuple[float, float] = (-1.0, 1.0)
    qz_range: tuple[float, float] = (0.0, 1.0)
    rows: int = 100
    columns: int = 100

    def __post_init__(self) -> None:
        for name, (low, high) in (("q_y", self.qy_range), ("q_z", self.qz_range)):
            if not low < high:
                raise SciMLError(f"The {name} range {low} to {high} is empty", "give the smaller value first")
        if min(self.rows, self.columns) < 2:
            raise SciMLError("An image needs at least two rows and two columns")

    @property
    def qz(self) -> Tensor:
        """q_z of the rows, from the largest to the smallest, float64."""
        import torch

        return torch.linspace(self.qz_range[1], self.qz_range[0], self.rows, dtype=torch.float64)

    @property
    def qy(self) -> Tensor:
        """q_y of the columns, float64."""
        import torch

        return torch.linspace(*self.qy_range, self.columns, dtype=torch.float64)


@dataclass(frozen=True)
class Pixels:
    """Where the pixels lie.

    Attributes
    ----------
    kf
        ``(rows,)`` vertical wavenumber of the scattered beam; below the horizon it is negative.
    qx, qy, q_par
        ``(rows, columns)`` components in the plane of the surface and their length, 1/nm.
    """

    kf: Tensor
    qx: Tensor
    qy: Tensor
    q_par: Tensor


def locate(beam: Beam, window: Window) -> Pixels:
    """Find the scattering vector of every pixel.

    Rows and columns are those of a flat detector: a row belongs to one exit angle, a column to one
    in-plane angle, which is taken at the lowest row. q_x is small and yet kept: near the centre column it
    is all there is of the in-plane component.
    """
    import torch

    k0, angle = beam.k0, math.radians(beam.incidence_deg)
    exit_angle = torch.asin((window.qz / k0 - math.sin(angle)).clamp(-1, 1))
    lowest = exit_angle[-1]
    cosine = (torch.cos(lowest) ** 2 + math.cos(angle) ** 2 - (window.qy / k0) ** 2) / (
        2 * torch.cos(lowest) * math.cos(angle)
    )
    in_plane = torch.sign(window.qy) * torch.acos(cosine.clamp(-1, 1))
    qx = k0 * (torch.cos(exit_angle)[:, None] * torch.cos(in_plane) - math.cos(angle))
    qy = k0 * torch.cos(exit_angle)[:, None] * torch.sin(in_plane)
    return Pixels(k0 * torch.sin(exit_angle), qx, qy, torch.hypot(qx, qy))
