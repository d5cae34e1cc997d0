"""Our simulator at the very pixels that BornAgain is asked for, in the four ways `gisaxs_grain` times."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.refraction import Beam, material
from napari_sciml.techniques.gisaxs.simulate import dwba, particles, powder
from napari_sciml.techniques.gisaxs.simulate.grains import Grain

BEAM = Beam(10.0, 0.15)
REACH = 1.0
PIXELS = 100
SPACING, RADIUS = 24.0, 10.0
TURN = 0.3
"""Azimuth of the grain where there is only one, radians."""
BATCH = 32

Array = npt.NDArray[np.float64]


def angles() -> tuple[Array, Array]:
    """Return exit angles of the rows, above the horizon and falling, and in-plane angles of the columns."""
    highest = math.asin(REACH / BEAM.k0 - math.sin(math.radians(BEAM.incidence_deg)))
    widest = math.asin(REACH / BEAM.k0)
    return np.linspace(highest, highest / PIXELS, PIXELS), np.linspace(-widest, widest, PIXELS)


class Ours:
    """Our simulator at the very pixels that BornAgain is asked for."""

    def __init__(self) -> None:
        rows, columns = (torch.as_tensor(part) for part in angles())
        incoming = math.radians(BEAM.incidence_deg)
        self.kf = BEAM.k0 * torch.sin(rows)
        self.qx = BEAM.k0 * (torch.cos(rows)[:, None] * torch.cos(columns) - math.cos(incoming))
        self.qy = BEAM.k0 * torch.cos(rows)[:, None] * torch.sin(columns)
        self.q_par = torch.hypot(self.qx, self.qy)
        # As fine as `simulate` takes it: two points a column.
        self.q = torch.linspace(0, float(self.q_par.max()), PIXELS + 1, dtype=torch.float64)

    def one(self, grain: Grain, turn: float = TURN) -> Tensor:
        """Scatter from a grain at one azimuth."""
        real, imaginary = self._amplitudes(grain, self.q_par)
        cosine, sine = math.cos(turn), math.sin(turn)
        qx, qy = cosine * self.qx + sine * self.qy, cosine * self.qy - sine * self.qx
        sums = powder.layer_sums(grain, SPACING, qx, qy).to(torch.complex64)
        layers = torch.complex(real, imaginary)[0].transpose(0, 1)
        return (sums * layers).sum(-1).abs() ** 2

    def turned(self, grain: Grain, steps: int) -> Tensor:
        """Average over azimuths that are summed one by one."""
        return self._read(grain, powder.from_azimuths(grain, SPACING, self.q, steps=steps)[None])

    def exact(self, grain: Grain) -> Tensor:
        """Average over all azimuths."""
        return self._read(grain, powder.from_pairs(grain, SPACING, self.q)[None])

    def batch(self, grain: Grain) -> Tensor:
        """Average over all azimuths and over grains that differ in their spacing."""
        spacings = SPACING * np.linspace(0.98, 1.02, BATCH)
        pairs = torch.stack([powder.from_pairs(grain, float(d), self.q) for d in spacings])
        return self._read(grain, pairs, torch.as_tensor(spacings))

    def _read(self, grain: Grain, pairs: Tensor, spacings: Tensor | None = None) -> Tensor:
        """Return the intensity at the pixels from that at lengths of q."""
        real, imaginary = self._amplitudes(grain, self.q.expand(PIXELS, -1), spacings)
        intensity = dwba.coherent(real, imaginary, pairs).mean(0)
        place = (self.q_par / float(self.q[1])).float().clamp(max=len(self.q) - 1.001)
        index = place.long()
        return torch.lerp(intensity.gather(1, index), intensity.gather(1, index + 1), place - index)

    def _amplitudes(self, grain: Grain, q: Tensor, spacings: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the amplitude of each layer for lengths ``(rows, k)``."""
        ways = dwba.waves(BEAM, self.kf, material("Si", BEAM.energy_kev).contrast)
        lengths = torch.sqrt(q[..., None] ** 2 + ways.qz[:, None, :] ** 2)
        form = particles.sphere(lengths.float(), RADIUS)
        spacings = torch.tensor([SPACING], dtype=torch.float64) if spacings is None else spacings
        heights = RADIUS + torch.arange(grain.layers) * grain.stack.height * spacings[:, None]
        return dwba.layer_amplitudes(form[None], ways, heights)
