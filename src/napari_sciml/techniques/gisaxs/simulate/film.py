"""Scattering of a film of grains on the grid of exit angles and in-plane lengths."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_sciml.techniques.gisaxs.lattices.lattice import STACKS
from napari_sciml.techniques.gisaxs.refraction import material
from napari_sciml.techniques.gisaxs.simulate import dwba, forms, particles, powder
from napari_sciml.techniques.gisaxs.simulate.grains import Grain, grow
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec


def film_intensity(spec: GisaxsSpec, q: Tensor, kf: Tensor, rng: np.random.Generator) -> Tensor:
    """Return the intensity per particle, ``(rows, k)`` float32, relative to a particle's squared volume.

    Parameters
    ----------
    q
        ``(k,)`` in-plane lengths, 1/nm, float64.
    kf
        ``(rows,)`` exit wavenumbers above the horizon, 1/nm, float64.
    """
    substrate = material(spec.substrate, spec.energy_kev)
    ways = dwba.waves(spec.beam, kf, substrate.contrast)
    mean, alone = forms.vertical_and_length(spec, q, ways.qz)
    volume = float(alone.abs().max())
    mean, alone = mean / volume, alone / volume
    squared = (q[None, :, None] ** 2 + ways.qz[:, None, :] ** 2).float()
    shaken = mean * torch.exp(-0.5 * squared * (spec.displacement * spec.spacing_nm) ** 2)

    drawn = [_draw_grain(spec, rng) for _ in range(spec.grains)]
    deepest = max(grain.layers for grain, _ in drawn)
    heights = torch.zeros(len(drawn), deepest, dtype=torch.float64)
    pairs = torch.zeros(len(drawn), len(q), deepest, deepest, dtype=torch.float64)
    lone = torch.zeros(len(drawn), len(q), deepest, dtype=torch.float64)
    total = 0
    for n, (grain, spacing) in enumerate(drawn):
        layers = grain.layers
        total += int(grain.counts.sum())
        levels = torch.arange(layers) * grain.stack.height * spacing
        heights[n, :layers] = forms.half_height(spec) + levels
        pairs[n, :, :layers, :layers], single = _correlation(spec, grain, spacing, q)
        lone[n, :, :layers] = torch.as_tensor(grain.counts)[None] * single[:, None]

    together = dwba.layer_amplitudes(shaken[None], ways, heights)
    apart = dwba.layer_amplitudes(alone[None], ways, heights)
    # What the spread of sizes and the displacements take from the peaks appears between them.
    by_itself = dwba.incoherent(*apart, lone)
    diffuse = (by_itself - dwba.incoherent(*together, lone)).clamp(min=0)
    ordered = (dwba.coherent(*together, pairs) + diffuse).sum(0)
    return ((1 - spec.disordered) * ordered + spec.disordered * by_itself.sum(0)) / total


def _draw_grain(spec: GisaxsSpec, rng: np.random.Generator) -> tuple[Grain, float]:
    """Draw one grain and its spacing in nm."""
    shape = spec.grain_shapes[int(rng.integers(len(spec.grain_shapes)))]
    width = spec.width * float(np.clip(1 + spec.grain_spread * rng.normal(), 0.4, 2))
    layers = spec.layers * float(np.clip(1 + spec.grain_spread * rng.normal(), 0.4, 2))
    # Half a layer is drawn, not rounded, so that the mean may lie between whole numbers.
    whole = max(1, int(np.floor(layers + rng.random())))
    grain = grow(
        STACKS[spec.lattice],
        shape,
        max(width, 1.5),
        whole,
        rng,
        aspect=float(rng.uniform(0.7, 1.0)),
        faults=spec.faults,
        vacancies=spec.vacancies,
    )
    return grain, spec.spacing_nm * max(0.5, 1 + spec.spacing_spread * float(rng.normal()))


def _correlation(spec: GisaxsSpec, grain: Grain, spacing: float, q: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pair matrices ``(k, n, n)`` and one particle's squared in-plane form factor ``(k,)``."""
    if spec.particle != "box":
        if spec.azimuths is not None:
            return powder.from_azimuths(grain, spacing, q, steps=spec.azimuths), torch.ones_like(q)
        return powder.from_pairs(grain, spacing, q, spec.mismatch), torch.ones_like(q)
    edge = 2 * spec.radius_nm

    def flat(qx: Tensor, qy: Tensor) -> Tensor:
        return particles.rectangle(qx, qy, edge, edge)

    steps = spec.azimuths or powder.needed_azimuths(float(q[-1]), grain, spacing)
    single = (flat(*powder.turned(q, steps)) ** 2).mean(-1)
    return powder.from_azimuths(grain, spacing, q, flat, steps), single
