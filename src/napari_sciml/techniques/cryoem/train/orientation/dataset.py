"""Particle images whose view is known, by the paper's protocol and by a realistic one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.noise import (
    add_noise,
    disc,
    draw_ctf,
    noise_images,
    noise_power,
    ring_to_unit,
)
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.views.directions import view_angles

JITTER_DEG = 5.0
"""Largest deviation of a training direction from its view in each Euler angle, in degrees: a third of the
15 between views."""
SHIFT_PX = 3.0
"""Largest shift of a particle off its centre along each axis, in pixels of the 64 pixel box; a choice."""
SNR_LADDER = (np.inf, 1.0, 0.3, 0.1, 0.05, 0.02)
"""Signal-to-noise ratios (variances) at which figures are stated, from no noise to that of a low dose."""
PER_MICROGRAPH = 50
"""Simulated particles that share CTF and ice."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images ``(n, 64, 64)`` and the view of each ``(n,)``, 0 to 83."""

    images: Images
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SimulatedParticles:
    """Particles as they are cut out of micrographs, and the truth about them.

    Attributes
    ----------
    labels
        ``(n,)``: the view that each was drawn around.
    angles_deg
        ``(n, 3)``: rot, tilt and psi that it was projected at.
    shifts_px
        ``(n, 2)``: y and x of the particle's centre from pixel 32 of its box.
    """

    particles: Particles
    labels: npt.NDArray[np.int64]
    angles_deg: npt.NDArray[np.float64]
    shifts_px: npt.NDArray[np.float64]


def jittered(labels: npt.NDArray[np.integer], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return angles ``(n, 3)`` within 5 degrees of each view's rot and tilt and of psi 0."""
    views = view_angles()[labels]
    angles = np.c_[views, np.zeros(len(views))] + rng.uniform(-JITTER_DEG, JITTER_DEG, (len(views), 3))
    return np.asarray(angles)


def paper_set(particle: DensityMap, count: int, seed: int) -> LabelledImages:
    """Make the paper's images: a view at random, 5 degrees of jitter in all three angles, nothing else."""
    rng = np.random.default_rng([3, seed])
    labels = rng.integers(len(view_angles()), size=count)
    return LabelledImages(project(particle, jittered(labels, rng)), labels)


def realistic_set(particle: DensityMap, count: int, seed: int, snr: float) -> SimulatedParticles:
    """Make particles as they are picked: any in-plane angle, off centre, through a microscope, in ice.

    Each 50 share a micrograph's CTF and ice. Projections and shifts are exact, in Fourier space.
    """
    rng = np.random.default_rng([4, seed])
    edge, size = particle.box_px, particle.pixel_size_A
    labels = rng.integers(len(view_angles()), size=count)
    angles = jittered(labels, rng)
    angles[:, 2] = rng.uniform(0, 360, count)
    shifts = rng.uniform(-SHIFT_PX, SHIFT_PX, (count, 2))
    frames = np.arange(count) // PER_MICROGRAPH
    ctfs = np.stack([draw_ctf(rng).values((edge, edge), size) for _ in range(frames[-1] + 1)])
    spectra = np.fft.rfft2(project(particle, angles)) * shift_phases(shifts, edge) * ctfs[frames]
    signal = np.fft.irfft2(spectra, s=(edge, edge)).astype(np.float32)
    powers = [noise_power(ctf, size, rng) for ctf in ctfs]
    noise = np.concatenate(
        [noise_images(power, int((frames == f).sum()), rng) for f, power in enumerate(powers)]
    )
    inside = particle_disc(particle)
    images = ring_to_unit(add_noise(signal, noise, snr, inside), inside)
    return SimulatedParticles(Particles(images, picks(frames), size, ctfs), labels, angles, shifts)


def noise_set(particle: DensityMap, count: int, seed: int) -> Particles:
    """Make boxes of ice without a particle."""
    rng = np.random.default_rng([5, seed])
    edge, size = particle.box_px, particle.pixel_size_A
    frames = np.arange(count) // PER_MICROGRAPH
    ctfs = np.stack([draw_ctf(rng).values((edge, edge), size) for _ in range(frames[-1] + 1)])
    parts = [
        noise_images(noise_power(ctf, size, rng), int((frames == f).sum()), rng) for f, ctf in enumerate(ctfs)
    ]
    images = ring_to_unit(np.concatenate(parts), particle_disc(particle))
    return Particles(images, picks(frames), size, ctfs)


def particle_disc(particle: DensityMap) -> npt.NDArray[np.bool_]:
    """Return the pixels of a box that the particle may cover, whichever way it lies."""
    return disc(particle.box_px, particle.diameter_A / particle.pixel_size_A / 2)


def picks(frames: npt.NDArray[np.integer]) -> pd.DataFrame:
    """Return the table of simulated particles: they come from nowhere on a micrograph."""
    zeros = np.zeros(len(frames))
    return pd.DataFrame({"frame": frames, "y": zeros, "x": zeros, "score": zeros + 1})


def shift_phases(shifts_px: npt.NDArray[np.float64], edge: int) -> npt.NDArray[np.complex128]:
    """Return the factors ``(n, h, h // 2 + 1)`` that move images by ``(n, 2)`` pixels down and right."""
    rows, columns = np.fft.fftfreq(edge), np.fft.rfftfreq(edge)
    down = np.exp(-2j * np.pi * shifts_px[:, :1] * rows)
    right = np.exp(-2j * np.pi * shifts_px[:, 1:] * columns)
    return np.asarray(down[:, :, np.newaxis] * right[:, np.newaxis, :])


def random_map(seed: int, box_px: int = 64, pixel_size_A: float = 5.0) -> DensityMap:
    """Make a particle that is nobody's: one to five lobes of small domains, drawn from a seed."""
    from napari_sciml.techniques.cryoem.density.density_map import blobs, fit_box

    rng = np.random.default_rng([6, seed])
    lobes = rng.normal(size=(int(rng.integers(1, 6)), 3)) * rng.uniform(15, 55)
    count = int(rng.integers(20, 120))
    places = lobes[rng.integers(len(lobes), size=count)] + rng.normal(size=(count, 3)) * rng.uniform(12, 28)
    sigmas, weights = rng.uniform(5, 10, count), rng.uniform(0.5, 1.6, count)
    middle = np.average(places, axis=0, weights=weights * sigmas**3)
    far = np.linalg.norm(places - middle, axis=1)
    places, sigmas, weights = (part[far < 130] for part in (places - middle, sigmas, weights))
    density = blobs(places, sigmas, weights, box_px, pixel_size_A)
    return fit_box(DensityMap(density, pixel_size_A, f"random {seed}"), box_px)
