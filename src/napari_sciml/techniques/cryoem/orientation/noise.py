"""What lies between a projection and a particle cut out of a micrograph: CTF, ice, dose, and a ring at 0.

The ice scatters before the CTF does, so its noise passes through the contrast transfer: the power of the
noise is ``a CTF^2 S_ice(k)`` and a white part from counting electrons.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.optics.ctf import Ctf, frequencies_squared

Images = npt.NDArray[np.float32]
ICE_SHARE = (0.2, 0.8)
"""Share of the noise that came through the CTF."""
ICE_LENGTH_A = (20.0, 60.0)
"""The ice's noise falls to a half at this period."""


def draw_ctf(rng: np.random.Generator) -> Ctf:
    """Draw the CTF of a micrograph: 200 or 300 kV, 0.8 to 3 um underfocus, some astigmatism."""
    voltage = float(rng.choice([200.0, 300.0]))
    defocus, half = rng.uniform(8_000, 30_000), rng.uniform(0, 250)
    return Ctf(
        defocus_u_A=defocus + half,
        defocus_v_A=defocus - half,
        astigmatism_deg=float(rng.uniform(0, 180)),
        voltage_kV=voltage,
        cs_mm=2.7 if voltage == 300.0 else 2.0,
        amplitude_contrast=float(rng.uniform(0.07, 0.10)),
        b_factor_A2=float(rng.uniform(50, 150)),
    )


def noise_power(transfer: Images, pixel_size_A: float, rng: np.random.Generator) -> Images:
    """Draw the power of a micrograph's noise, laid out as `transfer` ``(h, h // 2 + 1)``, with mean 1."""
    edge = transfer.shape[0]
    share, length = rng.uniform(*ICE_SHARE), rng.uniform(*ICE_LENGTH_A)
    ice = transfer.astype(np.float64) ** 2
    ice /= 1 + frequencies_squared((edge, edge), pixel_size_A) * length**2
    power = share * ice / whole_mean(ice) + (1 - share)
    return power.astype(np.float32)


def whole_mean(half_plane: npt.NDArray[np.floating]) -> float:
    """Return the mean over the whole plane of a half ``(h, h // 2 + 1)`` of real images' transform."""
    weights = np.full(half_plane.shape[1], 2.0)
    weights[[0, -1]] = 1.0
    return float((half_plane * weights).sum() / (weights.sum() * half_plane.shape[0]))


def noise_images(power: Images, count: int, rng: np.random.Generator) -> Images:
    """Draw `count` images of noise with this power; their variance is 1 on the average."""
    edge = power.shape[0]
    white = np.fft.rfft2(rng.standard_normal((count, edge, edge)))
    noise: Images = np.empty((count, edge, edge), np.float32)
    noise[:] = np.fft.irfft2(white * np.sqrt(power), s=(edge, edge))
    return noise


def disc(edge: int, radius: float) -> npt.NDArray[np.bool_]:
    """Return the pixels within `radius` of pixel edge // 2."""
    ticks = np.arange(edge) - edge // 2
    return np.asarray(np.hypot(*np.meshgrid(ticks, ticks)) <= radius)


def add_noise(signal: Images, noise: Images, snr: npt.ArrayLike, inside: npt.NDArray[np.bool_]) -> Images:
    """Add `noise` to `signal` ``(n, h, h)``, scaled to ``var(signal inside the mask) / var(noise)``.

    Parameters
    ----------
    snr
        One for all or one each; infinity adds nothing.
    """
    ratio = np.broadcast_to(np.asarray(snr, float), len(signal))
    wanted = signal[:, inside].var(axis=1) / ratio
    scale = np.sqrt(wanted / noise.var(axis=(1, 2)))
    noisy: Images = (signal + scale[:, np.newaxis, np.newaxis] * noise).astype(np.float32)
    return noisy


def ring_to_unit(images: Images, inside: npt.NDArray[np.bool_]) -> Images:
    """Bring the pixels that are not `inside` to mean 0 and deviation 1, each image by itself."""
    ring = images[:, ~inside].astype(np.float64)
    spread = ring.std(axis=1)
    spread[spread == 0] = 1.0
    shifted: npt.NDArray[np.float64] = (images - ring.mean(axis=1)[:, None, None]) / spread[:, None, None]
    return shifted.astype(np.float32)
