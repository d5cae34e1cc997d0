"""Training fields of the picker: small pieces of simulated micrographs, as the network sees them.

All of them are at the network's own scale, where a particle is some 18 px across, of particles and
conditions that are drawn anew: the network must work on proteins and microscopes that it has never seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX
from napari_sciml.techniques.cryoem.simulate.compose import compose
from napari_sciml.techniques.cryoem.simulate.imaging import Exposure, dead_border, expose, ice_gradient
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.simulate.scene import (
    FloatImage,
    Junk,
    carbon,
    contaminants,
    no_junk,
    place_particles,
    together,
)
from napari_sciml.techniques.cryoem.simulate.shapes import random_map

LIBRARY_BOX_PX = 36
"""Box of a projection in the library of particles, in pixels: two diameters."""
MARGIN_PX = 40
"""Simulated around a field and cut away: what the CTF spreads over the edge comes from real neighbours."""


@dataclass(frozen=True, eq=False)
class Library:
    """Projections of many random particles, all as long as `NETWORK_DIAMETER_PX`.

    Attributes
    ----------
    images
        ``(maps, views, box, box)`` float16.
    """

    images: npt.NDArray[np.float16]

    @classmethod
    def make(cls, seed: int, maps: int, views: int) -> Library:
        """Draw `maps` random particles and project each along `views` random directions."""
        images = np.empty((maps, views, LIBRARY_BOX_PX, LIBRARY_BOX_PX), np.float16)
        for number in range(maps):
            rng = np.random.default_rng((seed, 11, number))
            particle = random_map(rng, LIBRARY_BOX_PX, NETWORK_DIAMETER_PX)
            angles = np.degrees(
                np.c_[rng.uniform(0, 2 * np.pi, (views, 1)), np.arccos(rng.uniform(-1, 1, views))]
            )
            images[number] = project(particle, np.c_[angles, rng.uniform(0, 360, views)])
        return cls(images)


@dataclass(frozen=True, eq=False)
class Field:
    """One field with its truth.

    Attributes
    ----------
    image
        ``(n, n)`` float32, particles bright, otherwise as a detector or a denoiser gave it.
    places
        ``(m, 2)`` centres (y, x) of the particles, some of them just outside the field.
    junk
        ``(n, n)``, True on carbon, contaminants and dead borders.
    conditions
        What was drawn: ``snr, carbon, contaminants, denoised`` and more.
    """

    image: FloatImage
    places: npt.NDArray[np.float64]
    junk: npt.NDArray[np.bool_]
    conditions: dict[str, float]


@dataclass(frozen=True)
class Conditions:
    """Ranges that fields are drawn from; `snr` in the network's pixels, log-uniform."""

    snr: tuple[float, float] = (0.05, 8.0)
    carbon: float = 0.25
    contaminants: float = 0.4
    border: float = 0.15
    denoised: float = 0.4
    empty: float = 0.06


def draw_ctf(rng: np.random.Generator) -> Ctf:
    """Draw the CTF of a usual microscope in usual underfocus."""
    voltage = float(rng.choice([200.0, 300.0]))
    defocus = float(np.exp(rng.uniform(np.log(8_000), np.log(35_000))))
    return Ctf(
        defocus,
        defocus - float(rng.uniform(0, 500)),
        float(rng.uniform(0, 180)),
        voltage,
        float(rng.choice([2.0, 2.7])),
        float(rng.uniform(0.07, 0.10)),
        # A phase plate now and then.
        float(rng.choice([0.0, rng.uniform(40, 110)], p=[0.95, 0.05])),
        float(rng.uniform(50, 200)),
    )


def simulate_field(
    rng: np.random.Generator, library: Library, edge_px: int, ranges: Conditions | None = None
) -> Field:
    """Simulate one field of `edge_px` squared."""
    ranges = ranges or Conditions()
    size = edge_px + 2 * MARGIN_PX
    shape = (size, size)
    diameter = NETWORK_DIAMETER_PX
    junk = draw_junk(rng, shape, diameter, ranges)
    number = int(rng.integers(len(library.images)))
    crowd = float(np.exp(rng.uniform(np.log(0.07), np.log(0.95))))
    count = 0 if rng.random() < ranges.empty else max(1, round(crowd * size**2 / (1.15 * diameter) ** 2))
    spacing = float(rng.uniform(0.6, 1.3)) * diameter
    places = place_particles(rng, shape, count, spacing, float(rng.uniform(0, 0.6)), junk.mask, 0)
    # The views of a real protein are seldom evenly spread.
    weights = rng.dirichlet(np.full(library.images.shape[1], float(rng.choice([0.1, 1.0, 10.0]))))
    views = rng.choice(library.images.shape[1], len(places), p=weights)
    # Nobody types the true diameter.
    density, outlines = compose(
        scaled(library.images[number, views].astype(np.float32), float(rng.uniform(0.6, 1.15))),
        places,
        shape,
    )
    snr = float(np.exp(rng.uniform(*np.log(ranges.snr))))
    pixel_size = float(np.exp(rng.uniform(np.log(80), np.log(450)))) / diameter
    exposure = Exposure(
        draw_ctf(rng),
        pixel_size,
        snr,
        float(rng.uniform(0.1, 0.7)),
        float(rng.uniform(20, 60)),
        float(rng.uniform(0, 0.5)),
    )
    gradient = ice_gradient(rng, shape, float(rng.uniform(0, 0.2)))
    counts, _ = expose(rng, density, outlines, junk, gradient, exposure)
    inner = slice(MARGIN_PX, -MARGIN_PX)
    image, mask = -counts[inner, inner], junk.mask[inner, inner].copy()
    denoised = rng.random() < ranges.denoised
    if denoised:
        image = denoise(rng, image)
    if rng.random() < ranges.border:
        widths = rng.integers(0, round(1.6 * diameter), 4) * (rng.random(4) < 0.6)
        top, bottom, left, right = (int(width) for width in widths)
        mask |= dead_border(rng, image, (top, bottom, left, right))
    inside = places - MARGIN_PX
    near = ((inside > -diameter) & (inside < edge_px + diameter)).all(axis=1)
    return Field(
        np.ascontiguousarray(image, np.float32),
        inside[near],
        mask,
        {"snr": snr, "crowd": crowd, "denoised": float(denoised), "junk": float(mask.mean()), "map": number},
    )


def draw_junk(rng: np.random.Generator, shape: tuple[int, int], diameter: float, ranges: Conditions) -> Junk:
    """Draw what else lies in a field."""
    parts = [no_junk(shape)]
    if rng.random() < ranges.carbon:
        parts.append(carbon(rng, shape, diameter))
    if rng.random() < ranges.contaminants:
        parts.append(contaminants(rng, shape, diameter, int(rng.integers(1, 6))))
    return together(*parts)


def scaled(images: FloatImage, factor: float) -> FloatImage:
    """Magnify images ``(n, b, b)`` about pixel b // 2."""
    import torch
    from torch.nn import functional as nnf

    box = images.shape[-1]
    axis = (torch.arange(box) - box // 2) / factor
    # grid_sample counts from -1 at the first pixel's centre to 1 at the last's.
    unit = (axis + box // 2) / (box - 1) * 2 - 1
    grid = torch.stack(torch.meshgrid(unit, unit, indexing="ij")[::-1], dim=-1).expand(
        len(images), -1, -1, -1
    )
    batch = torch.from_numpy(images)[:, None]
    return np.asarray(nnf.grid_sample(batch, grid, align_corners=True)[:, 0].numpy())


def denoise(rng: np.random.Generator, image: FloatImage) -> FloatImage:
    """Imitate what people do to micrographs before they look: a low-pass, a band-pass, few grey levels."""
    from scipy.ndimage import gaussian_filter, median_filter

    smooth = gaussian_filter(image, float(rng.uniform(0.5, 2.2)), mode="nearest")
    if rng.random() < 0.5:
        smooth = smooth - rng.uniform(0.7, 1.0) * gaussian_filter(
            image, float(rng.uniform(8, 40)), mode="nearest"
        )
    if rng.random() < 0.2:
        smooth = median_filter(smooth, 3)
    low, high = np.percentile(smooth, [0.5, 99.5])
    if high > low and rng.random() < 0.7:
        smooth = np.round(np.clip((smooth - low) / (high - low), -0.3, 1.3) * 255).astype(np.float32)
    return np.asarray(smooth, np.float32)
