"""Measure the noise of picked particles, and filter them by CTF and noise, as a matched filter does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.orientation.noise import disc, draw_ctf
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles

MARGIN_PX = 4
"""Noise is measured this far outside the particle, and further."""
STEADY = 20
"""The noise of a micrograph is averaged with as many particles' worth of all micrographs."""
BLUR_PERIODS = 30.0
"""Particles of one view differ by some degrees, so that of fine detail, with r periods in the box, a share of
(r / 30)^2 is as good as noise."""
TYPICAL = 100
"""CTFs that stand for one that is not known."""
AT_ONCE = 64
"""Images transformed at once."""
FLOOR = 0.02
"""The noise is never taken to be less than this share of an image's variance."""


def noise_by_frame(
    particles: Particles, diameter_px: float, doubt: npt.NDArray[np.float64] | None = None
) -> Images:
    """Measure the power of what is not common to one view: noise outside the particles, and blurred detail.

    Parameters
    ----------
    diameter_px
        Diameter of the particle in pixels of the box.
    doubt
        Share of the signal, ring by ring, that is as good as noise for a further reason.

    Returns
    -------
    ndarray
        ``(different frames, h, h // 2 + 1)``, in the order of the frames' numbers and of ``rfft2``; the same
        all around each ring.
    """
    images = particles.images
    edge = images.shape[-1]
    outside = ~disc(edge, min(diameter_px / 2 + MARGIN_PX, 0.45 * edge))
    masked = np.where(outside, images - images[:, outside].mean(axis=1)[:, None, None], 0)
    index = np.unique(particles.table["frame"].to_numpy(), return_inverse=True)[1]
    noise = ring_power(masked, index) / outside.mean()
    whole = ring_power(images, index)
    radius = np.arange(noise.shape[1])
    share = np.minimum((radius / BLUR_PERIODS) ** 2, 1)
    if doubt is not None:
        share = 1 - (1 - share) * (1 - doubt)
    blurred = share * np.maximum(whole - noise, 0)
    counts = np.bincount(index)[:, None]
    rings = noise + blurred
    steady = (counts * rings).sum(axis=0) / counts.sum()
    rings = (counts * rings + STEADY * steady) / (counts + STEADY)
    # Without noise, no detail may count without bound.
    floor = FLOOR * images.var(axis=(1, 2)).mean() * edge**2
    rings = np.maximum(rings, floor + 1e-12)
    power: Images = rings[:, ring_numbers(edge)].astype(np.float32)
    return power


def ring_power(images: Images, index: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return the mean power ``(groups, rings)`` of the images of each group, over rings of Fourier space."""
    import scipy.fft

    ring = ring_numbers(images.shape[-1])
    sizes = np.bincount(ring.ravel())
    result = np.zeros((index.max() + 1, len(sizes)))
    for group in range(len(result)):
        members, total = np.flatnonzero(index == group), np.zeros(ring.shape)
        for first in range(0, len(members), AT_ONCE):
            spectra = scipy.fft.rfft2(images[members[first : first + AT_ONCE]])
            total += (spectra.real**2 + spectra.imag**2).sum(axis=0)
        result[group] = np.bincount(ring.ravel(), total.ravel()) / sizes / len(members)
    return result


def typical_ctf(edge: int, pixel_size_A: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what is known of a CTF that nobody measured: its mean and how much of the signal it leaves open.

    Returns
    -------
    mean
        ``(rings,)``: mean transfer over CTFs as `draw_ctf` draws them; it vanishes where signs differ.
    doubt
        ``(rings,)``: share of the mean squared transfer that is not the mean's.
    """
    rng = np.random.default_rng(0)
    ctfs = np.stack([draw_ctf(rng).values((edge, edge), pixel_size_A) for _ in range(TYPICAL)])
    ring = ring_numbers(edge).ravel()
    sizes = np.bincount(ring)
    mean = np.bincount(ring, ctfs.mean(axis=0).ravel()) / sizes
    square = np.bincount(ring, (ctfs**2).mean(axis=0).ravel()) / sizes
    return mean, 1 - np.minimum(mean**2 / np.maximum(square, 1e-12), 1)


def ring_numbers(edge: int) -> npt.NDArray[np.int64]:
    """Return the nearest whole radius ``(h, h // 2 + 1)`` of every frequency, in periods per box."""
    radius = np.hypot(np.fft.fftfreq(edge)[:, None], np.fft.rfftfreq(edge)) * edge
    return np.asarray(np.rint(radius), np.int64)


def matched(particles: Particles, diameter_px: float) -> Images:
    """Filter each image by its CTF over its noise, so that a plain sum with a projection is the best match.

    Images are given back as they are where the CTF is not known.
    """
    import scipy.fft

    if particles.ctf is None or not len(particles.images):
        return particles.images
    frames, index = np.unique(particles.table["frame"].to_numpy(), return_inverse=True)
    weight = particles.ctf[frames] / noise_by_frame(particles, diameter_px)
    edge = particles.images.shape[-1]
    filtered = np.empty_like(particles.images)
    for first in range(0, len(filtered), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        spectra = scipy.fft.rfft2(particles.images[part]) * weight[index[part]]
        filtered[part] = scipy.fft.irfft2(spectra, s=(edge, edge))
    return filtered
