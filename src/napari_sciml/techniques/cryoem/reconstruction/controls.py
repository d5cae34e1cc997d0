"""What the half-set curve would show if nothing were there.

One set of references sorts both halves of the particles, so noise alone is averaged into something that looks
like them, alike in both halves. The same way of sorting, turning, averaging and building therefore goes over
noise with the particles' own power spectrum, and over the particles with references of scrambled phases.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.particles.background import flatten
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Particles
from napari_sciml.techniques.cryoem.reconstruction.halves import build
from napari_sciml.techniques.cryoem.reconstruction.resolution import soft_sphere
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.techniques.cryoem.views.averages import add_up
from napari_sciml.techniques.cryoem.views.sorter import Sorter
from napari_sciml.techniques.cryoem.views.sorting import random_halves

Curve = npt.NDArray[np.float64]
IMAGES = {"correlation": 400, "network": 2000}
"""So many images are enough for a control, each in some seconds; its curve is carried on to more."""
SMOOTHED = 5
"""Shells over which a curve is averaged before it is carried on, so that chance does not grow with it."""
OWN_SPECTRUM = 20
"""A micrograph with fewer particles than this takes the power spectrum of all of them."""


def control_curves(
    result: ViewsResult, kept: Collection[int], cancel: CancelToken | None = None, images: int | None = None
) -> Generator[Progress, None, dict[str, Curve]]:
    """Run both controls on particles that have a view.

    Parameters
    ----------
    images
        At most so many for each; by default `IMAGES`.

    Returns
    -------
    dict
        Half-set curves ``noise`` and ``phase_randomised`` for as many images as the map was made from, as if
        their signal-to-noise ratio grew with the number. Empty if the result does not know how it was
        sorted; stopped early, those that were finished.
    """
    sorter = result.sorter
    if sorter is None:
        return {}
    used = np.flatnonzero(result.table["view"].isin(list(kept)).to_numpy())
    rng = np.random.default_rng(9)
    order = rng.permutation(used)
    curves: dict[str, Curve] = {}
    ways = {
        "noise": sorter,
        "phase_randomised": sorter.with_map(scrambled(sorter.particle_map, rng)),
    }
    for name, way in ways.items():
        chosen = np.sort(order[: images or IMAGES[way.method]])
        particles = subset(result.cut_out, chosen)
        if name == "noise":
            particles = like_noise(particles, rng)
        curve = yield from half_set_curve(way, particles, kept, cancel)
        if cancel is not None and cancel.cancelled:
            break
        curves[name] = carried_on(curve, len(used) / len(chosen))
    return curves


def half_set_curve(
    sorter: Sorter, particles: Particles, kept: Collection[int], cancel: CancelToken | None = None
) -> Generator[Progress, None, Curve]:
    """Sort, average and build, and correlate the halves; every image gets its likeliest view."""
    table = yield from sorter.sort(particles, abstain=False, cancel=cancel)
    table = table.assign(half=random_halves(table["view"].to_numpy(), 0))
    table.loc[~table["view"].isin(list(kept)), "view"] = NO_VIEW
    sums = yield from add_up(particles, table, cancel)
    halves = yield from build(sums, kept, cancel=cancel)
    return halves.correlation


def subset(particles: Particles, chosen: npt.NDArray[np.integer]) -> Particles:
    """Take some of the particles."""
    return replace(particles, images=particles.images[chosen], table=particles.table.iloc[chosen])


def like_noise(particles: Particles, rng: np.random.Generator) -> Particles:
    """Return as many images of Gaussian noise with the mean power spectrum of each micrograph's particles."""
    images = particles.images
    spectra = np.abs(np.fft.rfft2(images)) ** 2
    frames = particles.table["frame"].to_numpy()
    noise = np.fft.rfft2(rng.standard_normal(images.shape))
    for frame in np.unique(frames):
        here = frames == frame
        own = spectra[here] if here.sum() >= OWN_SPECTRUM else spectra
        noise[here] *= np.sqrt(own.mean(axis=0))
    made = np.fft.irfft2(noise, s=images.shape[-2:]).astype(np.float32)
    return replace(particles, images=flatten(made))


def scrambled(particle_map: DensityMap, rng: np.random.Generator) -> DensityMap:
    """Return a map with the same Fourier amplitudes and random phases, within the sphere of the particle."""
    shape = particle_map.density.shape
    noise = np.fft.rfftn(rng.standard_normal(shape))
    amplitude = np.abs(np.fft.rfftn(particle_map.density - particle_map.density.mean()))
    density = np.fft.irfftn(amplitude * noise / np.maximum(np.abs(noise), 1e-12), s=shape, axes=(0, 1, 2))
    return replace(
        particle_map,
        density=(density * soft_sphere(shape[0])).astype(np.float32),
        name=f"{particle_map.name}, phases scrambled",
    )


def carried_on(curve: Curve, factor: float) -> Curve:
    """Return the curve for `factor` times as many images: what halves share, over what not, grows with it."""
    if factor <= 1:
        return curve
    share = np.ones(SMOOTHED)
    smooth = np.convolve(curve, share, "same") / np.convolve(np.ones(len(curve)), share, "same")
    ratio = np.clip(smooth, 0, 1 - 1e-9)
    ratio = ratio / (1 - ratio)
    return np.where(smooth > 0, factor * ratio / (1 + factor * ratio), smooth)
