"""The other protocol: images like those that the paper's group made with HipGISAXS in 2016, faults included.

Kept apart from the physical protocol and never mixed with it: it exists to set Table V's task again and
to be compared with images of that time. What it does as that program did:

- a grain is a parallelepiped of ``repeats`` particles along three lattice vectors, and a scaling multiplies
  each *vector*, so that a stretched cell is triclinic;
- HCP has one particle in its cell: it is the FCC (111) lattice;
- FCC111 stacks its layers 6 % too high and the other way round;
- in the FCC100 of the images, the second vector's phase has ``b_z b_z`` where ``b_z q_z`` belongs;
- spheres of one size, no disorder, intensities summed over azimuths of a full turn, only q_y >= 0, and pixels
  that are points, both ends of the range included.

The vectors and faults are stated as facts about that program; nothing of its code is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.refraction import Beam, material
from napari_sciml.techniques.gisaxs.simulate import dwba, particles
from napari_sciml.techniques.gisaxs.simulate.geometry import Window, locate

Vector3 = tuple[float, float, float]
Triple = tuple[Vector3, Vector3, Vector3]

_S2, _S3 = math.sqrt(2), math.sqrt(3)
"""The square roots of two and three, of which the cells below are made."""
VECTORS: dict[str, Triple] = {
    "BCC100": ((1, 0, 0), (0, 1, 0), (0.5, 0.5, 0.5)),
    "BCC110": ((1, 0, 0), (0.5, _S2 / 2, 0), (0, _S2 / 2, _S2 / 2)),
    "Cubic100": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "Cubic110": ((1, 0, 0), (0, _S2, 0), (0, _S2 / 2, _S2 / 2)),
    "FCC100": ((0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)),
    "FCC111": ((1, 0, 0), (0.5, _S3 / 2, 0), (1, _S3 / 3, _S3 / 2)),
    "HCP": ((1, 0, 0), (0.5, _S3 / 2, 0), (0.5, _S3 / 6, math.sqrt(2 / 3))),
}
"""Lattice vectors of that program, in units of the scaling."""


@dataclass(frozen=True)
class HipSpec:
    """One image of that kind.

    Attributes
    ----------
    vectors
        Lattice vectors (rows), in units of `scaling`; usually one of `VECTORS`.
    scaling
        Factor of each vector, nm.
    repeats
        Particles along each vector.
    radius_nm
        Radius of the spheres.
    beam, window
        Only energy times angle matters here; the images have k0 sin(angle) = 0.1327/nm.
    azimuths
        Steps of a full turn.
    """

    vectors: Triple
    scaling: Vector3
    repeats: tuple[int, int, int]
    radius_nm: float = 10.0
    beam: Beam = field(default_factory=Beam)
    window: Window = field(default_factory=lambda: Window((0.0, 1.0), (0.0, 1.0)))
    azimuths: int = 360


@dataclass(frozen=True)
class _Block:
    """A grain as layers: two vectors within a layer (with a constant phase each) and one that climbs."""

    flat: tuple[tuple[float, float], tuple[float, float]]
    phases: tuple[float, float]
    counts: tuple[int, int]
    climb: tuple[float, float]
    height: float
    layers: int


def _block(spec: HipSpec) -> _Block:
    """Sort the vectors into two flat ones and a climbing one."""
    scaled = [tuple(s * x for x in vector) for s, vector in zip(spec.scaling, spec.vectors, strict=True)]
    a, b, c = scaled
    na, nb, nc = spec.repeats
    if a[2] == 0 and b[2] == 0:
        return _Block((a[:2], b[:2]), (0.0, 0.0), (na, nb), c[:2], c[2], nc)  # type: ignore[arg-type]
    # The fault: b's phase has its height squared in place of height times q_z, so b acts as a flat vector.
    return _Block((b[:2], c[:2]), (b[2] * b[2], 0.0), (nb, nc), a[:2], a[2], na)  # type: ignore[arg-type]


def _laue_squared(phase: Tensor, count: int) -> Tensor:
    """Return ``(sin(N x / 2) / sin(x / 2))^2``, N^2 where both vanish."""
    bottom = torch.sin(phase / 2)
    flat = bottom.abs() < 1e-4
    ratio = torch.sin(count * phase / 2) / torch.where(flat, torch.ones_like(bottom), bottom)
    return torch.where(flat, torch.full_like(bottom, float(count)), ratio) ** 2


def _correlation(block: _Block, q: Tensor, azimuths: int) -> tuple[Tensor, Tensor]:
    """Average ``|S_flat|^2 exp(-i n climb q)`` over a turn: cosine and sine part, ``(k, layers)``."""
    lopsided = any(block.phases)
    # Without a constant phase the second half of the turn repeats the first one conjugated.
    steps = azimuths if lopsided else azimuths // 2
    turn = 2 * math.pi if lopsided else math.pi
    angle = (torch.arange(steps, dtype=torch.float64) + 0.5) * turn / steps
    qx, qy = q[:, None] * torch.cos(angle), q[:, None] * torch.sin(angle)
    weight = torch.ones_like(qx, dtype=torch.float32)
    for (x, y), extra, count in zip(block.flat, block.phases, block.counts, strict=True):
        weight = weight * _laue_squared((x * qx + y * qy + extra).float(), count)
    phase = (block.climb[0] * qx + block.climb[1] * qy).float()
    cosines, sines = [weight.mean(-1)], [torch.zeros(len(q))]
    # Chebyshev's recurrence: cos(n x) = 2 cos(x) cos((n-1) x) - cos((n-2) x).
    twice = 2 * torch.cos(phase)
    before, now = weight, weight * torch.cos(phase)
    before_sine, now_sine = torch.zeros_like(phase), weight * torch.sin(phase)
    for _ in range(1, block.layers):
        cosines.append(now.mean(-1))
        before, now = now, twice * now - before
        if lopsided:
            sines.append(now_sine.mean(-1))
            before_sine, now_sine = now_sine, twice * now_sine - before_sine
        else:
            sines.append(sines[0])
    return torch.stack(cosines, -1), torch.stack(sines, -1)


def simulate_hipgisaxs(spec: HipSpec) -> npt.NDArray[np.float32]:
    """Simulate one image: intensity ``(rows, columns)`` with maximum 1, zero below the horizon."""
    pixels = locate(spec.beam, spec.window)
    above = pixels.kf > 0
    block = _block(spec)
    ways = dwba.waves(spec.beam, pixels.kf[above], material("Si", spec.beam.energy_kev).contrast)
    # That program: waves exp(+i q r), and the conjugate only of the coefficient of the exit. Waves
    # exp(-i q r), which fit the coefficients, agree as well with the images of 2016 (0.860, these 0.862).
    factor = ways.factor.clone()
    factor[:, 2] = factor[:, 2].conj()
    factor[:, 3] = factor[:, 1] * factor[:, 2]
    ways = dwba.Waves(ways.qz, factor.conj())
    q_par = pixels.q_par[above]
    lengths = torch.sqrt(q_par[..., None] ** 2 + ways.qz[:, None, :] ** 2)
    form = particles.sphere(lengths.float(), spec.radius_nm) / (4.19 * spec.radius_nm**3)
    heights = spec.radius_nm + torch.arange(block.layers, dtype=torch.float64) * block.height
    real, imaginary = dwba.layer_amplitudes(form[None], ways, heights[None])
    real, imaginary = real[0].transpose(0, 1), imaginary[0].transpose(0, 1)

    # A fine table over q, since grains of a micrometre have peaks narrower than a pixel.
    extent = sum(n * math.hypot(*v) for n, v in zip(block.counts, block.flat, strict=True))
    extent += block.layers * math.hypot(*block.climb)
    farthest = float(q_par.max())
    q = torch.linspace(0, farthest, int(farthest * extent / 1.2) + 64, dtype=torch.float64)
    cosines, sines = _correlation(block, q, spec.azimuths)
    place = (q_par / float(q[1])).float().clamp(max=len(q) - 1.001)
    index = place.long()
    part = (place - index)[..., None]
    even = torch.lerp(cosines[index], cosines[index + 1], part)
    odd = torch.lerp(sines[index], sines[index + 1], part) if any(block.phases) else None
    total = even[..., 0] * (real**2 + imaginary**2).sum(-1)
    for n in range(1, block.layers):
        up, down = (real[..., n:], imaginary[..., n:]), (real[..., :-n], imaginary[..., :-n])
        total = total + 2 * even[..., n] * (up[0] * down[0] + up[1] * down[1]).sum(-1)
        if odd is not None:
            # Imaginary part of G_up conj(G_down), times that of the average.
            total = total + 2 * odd[..., n] * (up[1] * down[0] - up[0] * down[1]).sum(-1)
    image = torch.zeros(pixels.q_par.shape)
    image[above] = total.clamp(min=0)
    result: npt.NDArray[np.float32] = (image / image.max()).numpy()
    return result
