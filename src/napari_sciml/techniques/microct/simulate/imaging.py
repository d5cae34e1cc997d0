"""From painted slices to what a beamline hands out: projections, detector, reconstruction, grey values.

parallel projections, Beer-Lambert, phase fringes (transport of intensity), Poisson counts, detector blur,
column gains (rings), zingers, flat-field correction, filtered back-projection, smoothing, 8 bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.microct.simulate.spec import PhantomSpec

Array = npt.NDArray[np.float32]


def project(slices: Array, angles_deg: npt.NDArray[np.float64]) -> Array:
    """Integrate slices ``(n, size, size)`` along parallel rays, in pixels of path.

    Returns ``(n, size, angles)``; geometry and sign of the angle are those of `skimage.transform.radon`,
    against which the tests hold it. All slices share one rotation grid, which is what makes it fast.
    """
    import torch
    from torch.nn import functional as nnf

    size = slices.shape[-1]
    stack = torch.from_numpy(slices[None])
    centre = size // 2
    ticks = torch.arange(size, dtype=torch.float32) - centre
    row, column = torch.meshgrid(ticks, ticks, indexing="ij")
    result = np.empty((slices.shape[0], size, len(angles_deg)), np.float32)
    for number, angle in enumerate(np.radians(angles_deg)):
        cos, sin = float(np.cos(angle)), float(np.sin(angle))
        x = cos * column + sin * row + centre
        y = -sin * column + cos * row + centre
        grid = torch.stack([x, y], dim=-1)[None] * (2 / (size - 1)) - 1
        rotated = nnf.grid_sample(stack, grid, mode="bilinear", align_corners=True)
        result[:, :, number] = rotated[0].sum(dim=1).numpy()
    return result


def detect(mu_path: Array, delta_path_um: Array, spec: PhantomSpec, rng: np.random.Generator) -> Array:
    """Turn path integrals into measured, flat-field corrected line integrals.

    Parameters
    ----------
    mu_path
        Integral of the attenuation, dimensionless ``(n, size, angles)``.
    delta_path_um
        Integral of the refractive decrement in um, same shape.

    Notes
    -----
    Transport of intensity, linear in the distance R: ``I = I_abs (1 + R lap(integral of delta))``. The
    fibres run nearly across the slice, so the second derivative along the detector stands for the
    Laplacian.
    """
    from scipy.ndimage import gaussian_filter1d

    intensity = np.exp(-mu_path)
    if spec.propagation_mm:
        curvature = second_derivative(delta_path_um) / spec.pixel_size_um**2
        fringe = 1 + spec.propagation_mm * 1e3 * curvature
        intensity = intensity * np.clip(fringe, 0.05, 4.0)
    if spec.motion_px:
        intensity = wobble(intensity, spec.motion_px, rng)
    if spec.psf_px:
        intensity = gaussian_filter1d(intensity, spec.psf_px, axis=1)
    counts = rng.poisson(np.clip(intensity, 0, None) * spec.photons).astype(np.float32)
    counts += rng.normal(0, 2.0, counts.shape).astype(np.float32)
    zingers = rng.random(counts.shape, dtype=np.float32) < spec.zinger_rate
    counts[zingers] += spec.photons * 2
    # A column's gain drifts after the flat field was taken; that is what draws rings.
    gain = 1 + spec.ring_gain * rng.normal(size=(1, counts.shape[1], 1)).astype(np.float32)
    corrected = np.clip(counts * gain, 1.0, None) / spec.photons
    lines = -np.log(corrected)
    if spec.cupping:
        # The beam hardens on its way: the longest paths look less absorbing than they are.
        lines = lines * (1 - spec.cupping * lines / max(float(lines.max()), 1e-6))
    if spec.paganin:
        lines = low_pass(lines, spec.paganin)
    return np.asarray(lines, np.float32)


def wobble(intensity: Array, amplitude_px: float, rng: np.random.Generator) -> Array:
    """Shift every projection by a slow random drift of about `amplitude_px`."""
    from scipy.ndimage import gaussian_filter1d

    angles = intensity.shape[2]
    drift = gaussian_filter1d(rng.normal(size=angles), angles / 12, mode="reflect")
    drift *= amplitude_px / max(float(drift.std()), 1e-9)
    positions = np.arange(intensity.shape[1], dtype=np.float64)
    moved = np.empty_like(intensity)
    for number, shift_px in enumerate(drift - drift.mean()):
        low = np.clip(np.floor(positions - shift_px).astype(int), 0, len(positions) - 2)
        share = np.clip(positions - shift_px - low, 0, 1)[None].astype(np.float32)
        column = intensity[:, :, number]
        moved[:, :, number] = column[:, low] * (1 - share) + column[:, low + 1] * share
    return moved


def second_derivative(lines: Array) -> Array:
    """Second difference along the detector (axis 1), zero at its ends; its sum is zero inside."""
    result = np.zeros_like(lines)
    result[:, 1:-1] = lines[:, 2:] - 2 * lines[:, 1:-1] + lines[:, :-2]
    return result


def low_pass(lines: Array, strength: float) -> Array:
    """Filter along the detector by ``1 / (1 + strength k^2)``, the shape of Paganin's filter."""
    frequency = np.fft.rfftfreq(lines.shape[1])[None, :, None]
    # k in radians for each pixel; the constant term passes unchanged, so the mean attenuation stays.
    response = 1 / (1 + strength * (2 * np.pi * frequency) ** 2)
    filtered = np.fft.irfft(np.fft.rfft(lines, axis=1) * response, n=lines.shape[1], axis=1)
    return np.asarray(filtered, np.float32)


def reconstruct(lines: Array, angles_deg: npt.NDArray[np.float64], axis_error_px: float = 0.0) -> Array:
    """Back-project one filtered sinogram ``(size, angles)`` with scikit-image."""
    from scipy.ndimage import shift
    from skimage.transform import iradon

    if axis_error_px:
        lines = shift(lines, (axis_error_px, 0), order=1, mode="nearest")
    image = iradon(lines, theta=angles_deg, filter_name="ramp", circle=True)  # type: ignore[no-untyped-call]
    return np.asarray(image, np.float32)


def grey_levels(volume: Array, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Clip a reconstruction at random percentiles and spread it over 8 bits, as archives do."""
    size = volume.shape[-1]
    ticks = np.arange(size) - size / 2
    inside = np.hypot(ticks[:, None], ticks[None, :]) < 0.45 * size
    values = volume[:, inside]
    low = np.percentile(values, rng.uniform(0.1, 2.0))
    high = np.percentile(values, rng.uniform(99.5, 99.98))
    span = max(float(high - low), 1e-9)
    # Archives seldom use the whole range: the real patches spread over about forty levels.
    contrast = np.exp(rng.uniform(np.log(50), np.log(230)))
    floor = rng.uniform(0, 250 - contrast)
    grey = floor + contrast * (volume - low) / span
    return np.asarray(np.clip(np.round(grey), 0, 255), np.uint8)
