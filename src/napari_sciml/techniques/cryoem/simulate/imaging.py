"""From the density in the ice to counts on the detector.

The image is N (1 - C), C the projected density seen through the CTF, N the electrons of a pixel; in
underfocus particles come out dark. Noise has two parts, as in real micrographs: the structure of the ice,
which passes through the same CTF, and the counting of electrons, which does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.optics.ctf import Ctf, frequencies_squared
from napari_sciml.techniques.cryoem.simulate.scene import FloatImage, Junk

ICE_BAND_A = 12.0
"""Standard deviation of the ice's correlation in Angstrom: its power falls beyond 1/75 per Angstrom."""
LEAST_TRANSMITTED = 0.02
"""Share of the electrons that pass the densest place, so that gold does not count negative electrons."""


@dataclass(frozen=True)
class Exposure:
    """How a field is exposed.

    Attributes
    ----------
    ctf
        The CTF.
    pixel_size_A
        Edge of a pixel.
    snr
        Variance of the particles' signal inside their outlines over that of all noise, in this image's
        pixels and before the detector blurs; infinity for none.
    ice_share
        Share of the noise's variance that is structure of the ice.
    dose_e_per_A2
        Electrons per square Angstrom.
    blur_px
        Standard deviation of the detector's point spread, in pixels.
    """

    ctf: Ctf
    pixel_size_A: float
    snr: float
    ice_share: float = 0.4
    dose_e_per_A2: float = 25.0
    blur_px: float = 0.4


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of an exposed field, for tests: all ``(h, w)``, relative to the mean intensity."""

    signal: FloatImage
    ice: FloatImage
    counts: npt.NDArray[np.float64]


def expose(
    rng: np.random.Generator,
    density: FloatImage,
    outlines: npt.NDArray[np.bool_],
    junk: Junk,
    gradient: FloatImage,
    exposure: Exposure,
) -> tuple[FloatImage, Parts]:
    """Make the counts ``(h, w)`` of a field of projected density.

    Parameters
    ----------
    outlines
        True inside the particles, where the signal's variance is taken.
    gradient
        ``(h, w)`` transmission of the ice without anything in it, about 1.
    """
    shape = (density.shape[0], density.shape[1])
    ctf = exposure.ctf.values(shape, exposure.pixel_size_A)
    signal = through(density, ctf)
    spread = float(signal[outlines].std()) if outlines.any() else float(signal.std())
    electrons = exposure.dose_e_per_A2 * exposure.pixel_size_A**2
    counting = 1 / electrons
    noisy = np.isfinite(exposure.snr)
    structure = counting * exposure.ice_share / (1 - exposure.ice_share) if noisy else 0.0
    total = counting + structure
    # Without noise the amplitude is that of an SNR of one.
    amplitude = np.sqrt((exposure.snr if noisy else 1.0) * total) / spread if spread > 0 else 0.0
    ice = np.zeros(shape, np.float32)
    if structure:
        ice = ice_structure(rng, shape, exposure.pixel_size_A, ctf)
        ice *= np.sqrt(structure) / ice.std()
    clutter = through(junk.potential, ctf) * amplitude * typical(density)
    seen = gradient * (1 - junk.absorbed) * (1 - amplitude * signal - ice - clutter)
    mean = electrons * np.clip(seen, LEAST_TRANSMITTED, None).astype(np.float64)
    counts = rng.poisson(mean).astype(np.float64) if noisy else mean
    image = blur(counts, exposure.blur_px) if exposure.blur_px else counts
    return image.astype(np.float32), Parts((amplitude * signal).astype(np.float32), ice, counts)


def typical(density: FloatImage) -> float:
    """Return the projected density that is typical inside particles; 1 without any."""
    inside = density[density > density.max() / 10]
    return float(inside.mean()) if inside.size and density.max() > 0 else 1.0


def through(image: FloatImage, transfer: FloatImage) -> FloatImage:
    """Filter an image by a transfer in the layout of ``numpy.fft.rfft2``."""
    from scipy import fft

    filtered: FloatImage = fft.irfft2(fft.rfft2(image) * transfer, image.shape).astype(np.float32)
    return filtered


def ice_structure(
    rng: np.random.Generator, shape: tuple[int, int], pixel_size_A: float, ctf: FloatImage
) -> FloatImage:
    """Draw ice with power falling off with frequency, seen through the CTF."""
    squared = frequencies_squared(shape, pixel_size_A)
    fall = np.exp(-squared * (2 * np.pi * ICE_BAND_A) ** 2 / 2) + 0.3
    return through(rng.standard_normal(shape).astype(np.float32), (ctf * fall).astype(np.float32))


def blur(image: npt.NDArray[np.float64], sigma_px: float) -> npt.NDArray[np.float64]:
    """Spread counts as the detector does; the sum stays."""
    from scipy.ndimage import gaussian_filter

    spread: npt.NDArray[np.float64] = gaussian_filter(image, sigma_px, mode="wrap")
    return spread


def ice_gradient(rng: np.random.Generator, shape: tuple[int, int], strength: float) -> FloatImage:
    """Draw the transmission of ice of uneven thickness: a plane and a bend, `strength` from end to end."""
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    weights = rng.normal(size=5)
    field = weights[0] * y + weights[1] * x
    field += 0.5 * (weights[2] * y * x + weights[3] * y**2 + weights[4] * x**2)
    reach = float(np.ptp(field))
    gradient: FloatImage = (1 + strength * (field - field.mean()) / reach).astype(np.float32)
    return gradient


def dead_border(
    rng: np.random.Generator, image: FloatImage, widths: tuple[int, int, int, int]
) -> npt.NDArray[np.bool_]:
    """Repeat the outermost good rows and columns over a rim (top, bottom, left, right), in place.

    Motion correction leaves such rims. Gives the mask of the rim.
    """
    rows, columns = image.shape
    top, bottom, left, right = widths
    dead = np.ones(image.shape, bool)
    dead[top : rows - bottom, left : columns - right] = False
    if top:
        image[:top] = image[top]
    if bottom:
        image[rows - bottom :] = image[rows - bottom - 1]
    if left:
        image[:, :left] = image[:, [left]]
    if right:
        image[:, columns - right :] = image[:, [columns - right - 1]]
    return dead
