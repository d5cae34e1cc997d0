"""From intensity on the grid of angles to an image: tilts, pixels, background, counts and dead areas."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sciml.techniques.gisaxs.refraction import material
from napari_sciml.techniques.gisaxs.simulate.fresnel import transmission
from napari_sciml.techniques.gisaxs.simulate.geometry import Pixels
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

TILTS = 9
"""Directions that stand for the spread of tilts; they reach 2.4 standard deviations."""


def tilt_grains(intensity: Tensor, q: Tensor, qz: Tensor, mosaic_deg: float) -> Tensor:
    """Smear intensity ``(rows, k)`` along arcs around q = 0, as tilted grains do.

    A tilt of the grain's normal turns its scattering in the plane of q_par and q_z. To first order in the
    tilt this is what remains of it after the azimuth average; both axes must be evenly spaced, q_z rising.
    """
    if mosaic_deg == 0:
        return intensity
    reach = torch.linspace(-2.4, 2.4, TILTS, dtype=torch.float64)
    weights = torch.exp(-0.5 * reach**2)
    angles = reach * math.radians(mosaic_deg)
    side, up = torch.meshgrid(q, qz, indexing="xy")
    turned_side = (side * torch.cos(angles)[:, None, None] - up * torch.sin(angles)[:, None, None]).abs()
    turned_up = up * torch.cos(angles)[:, None, None] + side * torch.sin(angles)[:, None, None]
    x = 2 * turned_side / q[-1] - 1
    y = 2 * (turned_up - qz[0]) / (qz[-1] - qz[0]) - 1
    grid = torch.stack([x, y], dim=-1).float()
    stack = intensity.float().expand(TILTS, 1, -1, -1)
    turned = F.grid_sample(stack, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return (turned[:, 0] * (weights / weights.sum()).float()[:, None, None]).sum(0)


def to_pixels(intensity: Tensor, q: Tensor, pixels: Pixels) -> Tensor:
    """Read ``(rows above the horizon, k)`` at the in-plane length of every pixel; ``(rows, columns)``.

    Rows of `intensity` are those of the image with an exit angle above zero, in the order of the image;
    pixels below the horizon are zero. `q` starts at 0 and is evenly spaced.
    """
    image = torch.zeros(pixels.q_par.shape, dtype=torch.float32)
    above = pixels.kf > 0
    place = (pixels.q_par[above] / float(q[1])).float().clamp(max=len(q) - 1.001)
    index = place.long()
    low, high = intensity.gather(1, index), intensity.gather(1, index + 1)
    image[above] = low + (place - index) * (high - low)
    return image


def blur(image: Tensor, sigma_px: float) -> Tensor:
    """Blur an image ``(rows, columns)`` with a Gaussian, edges repeated."""
    if sigma_px == 0:
        return image
    radius = max(1, math.ceil(3 * sigma_px))
    ticks = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (ticks / sigma_px) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(image[None, None], (radius,) * 4, mode="replicate")
    rows = F.conv2d(padded, kernel[None, None, :, None])
    return F.conv2d(rows, kernel[None, None, None, :])[0, 0]


def add_background(image: Tensor, spec: GisaxsSpec, pixels: Pixels) -> Tensor:
    """Add diffuse scattering of the rough surface and a flat background (air, fluorescence)."""
    above = pixels.kf > 0
    if spec.roughness > 0:
        substrate = material(spec.substrate, spec.energy_kev)
        through = transmission(pixels.kf.clamp(min=0), spec.beam.k0, substrate.contrast).abs() ** 2
        # A self-affine surface of Hurst parameter 1/2; its height does not matter beyond the strength.
        shape = through[:, None] / (1 + (pixels.q_par * spec.roughness_nm) ** 2) ** 1.5
        shape = (shape * above[:, None]).float()
        image = image + spec.roughness * image.sum() / shape.sum() * shape
    slope = 1 - spec.slope * torch.linspace(-0.5, 0.5, image.shape[1])
    return image + spec.flat * image.max() * slope


def dead_pixels(spec: GisaxsSpec, pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Return which pixels measure nothing: module gaps and the beamstop's rod; ``(rows, columns)``."""
    rows, columns = pixels.q_par.shape
    dead = np.zeros((rows, columns), bool)
    for places, length, axis in ((spec.row_gaps, rows, 0), (spec.gaps, columns, 1)):
        for place in places:
            first = round(place * (length - spec.gap_px))
            dead[(slice(None),) * axis + (slice(first, first + spec.gap_px),)] = True
    if spec.beamstop_nm > 0:
        dead |= (pixels.qy.abs() <= spec.beamstop_nm).numpy()
    return dead


def count(image: npt.NDArray[np.float32], peak: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Scale an image so that its brightest pixel expects `peak` counts, and draw Poisson counts."""
    brightest = float(image.max())
    if brightest <= 0:
        return np.zeros_like(image)
    return rng.poisson(image.astype(np.float64) * (peak / brightest)).astype(np.float32)
