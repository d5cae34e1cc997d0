"""Realistic particle images without end, made in the time that a network needs to learn from them.

A few thousand projections are made once; each batch turns, moves, images and buries some of them anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.noise import draw_ctf, noise_power
from napari_sciml.techniques.cryoem.orientation.whiten import BLUR_PERIODS, ring_numbers
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.train.orientation.dataset import (
    SHIFT_PX,
    jittered,
    particle_disc,
    random_map,
)
from napari_sciml.techniques.cryoem.views.directions import view_angles

SNR_RANGE = (0.02, 3.0)
"""Signal-to-noise ratios (variances) of noisy training images, drawn evenly in their logarithm."""
CLEAR_RANGE, CLEAR_SHARE = (3.0, 300.0), 0.1
"""Signal-to-noise ratios of a share of the images, which are nearly without noise."""
MATCHED_SHARE = 0.6
"""Share of images that are filtered by CTF and noise, as is done where the CTF is known."""
CTFS = 600
"""CTFs that are drawn once and used again and again: a choice between variety and memory."""
NOTHING = -1
"""The label of what is no view of the map."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Projections ``(n, 64, 64)`` float16 at psi 0, their views ``(n,)`` or -1, and CTFs to see them by.

    An all-zero projection stands for ice without a particle.
    """

    projections: Tensor
    labels: Tensor
    ctfs: Tensor
    powers: Tensor
    inside: Tensor
    rings: Tensor

    def targets(self) -> Tensor:
        """Return the wanted probabilities ``(n, 84)``: all alike for what is no view."""
        count = len(view_angles())
        wanted = torch.full((len(self.labels), count), 1 / count)
        real = self.labels != NOTHING
        wanted[real] = torch.eye(count)[self.labels[real]]
        return wanted


def make_pool(
    particle: DensityMap, per_view: int, seed: int, empty: int = 0, other_maps: int = 0, per_map: int = 0
) -> Pool:
    """Project the map around every view, random maps from anywhere, and nothing `empty` times."""
    rng = np.random.default_rng([7, seed])
    labels = np.repeat(np.arange(len(view_angles())), per_view)
    angles = jittered(labels, rng)
    angles[:, 2] = 0
    parts = [project(particle, angles).astype(np.float16)]
    for _ in range(other_maps):
        anywhere = np.c_[rng.uniform(0, 360, per_map), np.degrees(np.arccos(rng.uniform(-1, 1, per_map)))]
        other = random_map(int(rng.integers(2**31)))
        parts.append(project(other, np.c_[anywhere, np.zeros(per_map)]).astype(np.float16))
    parts.append(np.zeros((empty, particle.box_px, particle.box_px), np.float16))
    edge, size = particle.box_px, particle.pixel_size_A
    ctfs = np.stack([draw_ctf(rng).values((edge, edge), size) for _ in range(CTFS)])
    powers = np.stack([noise_power(ctf, size, rng) for ctf in ctfs])
    nothing = np.full(other_maps * per_map + empty, NOTHING)
    return Pool(
        torch.from_numpy(np.concatenate(parts)),
        torch.from_numpy(np.concatenate([labels, nothing])),
        torch.from_numpy(ctfs),
        torch.from_numpy(powers),
        torch.from_numpy(particle_disc(particle)),
        torch.from_numpy(ring_numbers(edge)),
    )


def render(pool: Pool, projections: Tensor) -> Tensor:
    """Turn projections ``(n, 64, 64)`` into picked particles ``(n, 1, 64, 64)``, each standardised.

    In-plane angle, shift, CTF, ice and signal-to-noise ratio are drawn from torch's random numbers.
    """
    count, edge = len(projections), projections.shape[-1]
    moved = turn_and_move(projections.float(), 2 * torch.pi * torch.rand(count), SHIFT_PX)
    ctf = torch.randint(len(pool.ctfs), (count,))
    transfer = pool.ctfs[ctf]
    spectra = torch.fft.rfft2(moved) * transfer
    variance = torch.fft.irfft2(spectra)[:, pool.inside].var(dim=1)
    clear = torch.rand(count) < CLEAR_SHARE
    snr = torch.where(clear, *(log_uniform(count, *span) for span in (CLEAR_RANGE, SNR_RANGE)))
    # White noise of variance 1 has the power of all pixels.
    level = torch.where(variance > 0, variance / snr, 1.0)[:, None, None] * pool.powers[ctf]
    noisy = spectra + torch.fft.rfft2(torch.randn_like(moved)) * level.sqrt()
    bottom = (level * edge**2 + blur(spectra, pool.rings)).clamp_min(1e-12)
    bottom = bottom.maximum(1e-6 * bottom.amax((1, 2), keepdim=True))
    known = (torch.rand(count) < MATCHED_SHARE)[:, None, None]
    filtered = noisy * torch.where(known, transfer / bottom, 1.0)
    return standardised(torch.fft.irfft2(filtered))[:, None]


def log_uniform(count: int, low: float, high: float) -> Tensor:
    """Draw numbers from `low` to `high`, evenly in their logarithm."""
    return torch.empty(count).uniform_(float(np.log(low)), float(np.log(high))).exp()


def blur(spectra: Tensor, rings: Tensor) -> Tensor:
    """Return the power of detail that differs within a view, the same around each ring, as `whiten` does."""
    power = spectra.abs().square().flatten(1)
    sizes = torch.bincount(rings.flatten())
    mean = torch.zeros(len(power), len(sizes)).index_add_(1, rings.flatten(), power) / sizes
    share = (torch.arange(len(sizes)) / BLUR_PERIODS).square().clamp_max(1)
    return (share * mean)[:, rings]


def standardised(images: Tensor) -> Tensor:
    """Return images of mean 0 and deviation 1: the rule ``per-patch``."""
    centred = images - images.mean(dim=(1, 2), keepdim=True)
    return centred / centred.std(dim=(1, 2), keepdim=True, correction=0).clamp_min(1e-12)


def turn_and_move(images: Tensor, angles: Tensor, most_px: float) -> Tensor:
    """Turn images ``(n, h, h)`` about pixel h // 2 by `angles` and move them by up to `most_px`, linearly."""
    count, edge = len(images), images.shape[-1]
    cosine, sine = angles.cos(), angles.sin()
    shift = (2 * torch.rand(count, 2) - 1) * most_px * 2 / edge
    # Pixel h // 2 lies at 1 / h in the coordinates of the sampling grid.
    middle = 1 / edge
    table = torch.stack(
        [
            torch.stack([cosine, -sine, middle - cosine * middle + sine * middle + shift[:, 0]], dim=1),
            torch.stack([sine, cosine, middle - sine * middle - cosine * middle + shift[:, 1]], dim=1),
        ],
        dim=1,
    )
    grid = nnf.affine_grid(table, [count, 1, edge, edge], align_corners=False)
    return nnf.grid_sample(images[:, None], grid, align_corners=False)[:, 0]
