"""Turn and shift of a particle against the reference of a view that is known already.

Every in-plane angle and every shift is tried at once: the shifted particle times the turned reference, summed
over Fourier coefficients, is one matrix product. The particle is whitened and its transfer is counted.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Images, Particles
from napari_sciml.techniques.cryoem.views.rotate import rotated_spectra

Floats = npt.NDArray[np.float32]
PSI_STEP_DEG = 3.0
"""Steps of the in-plane angle before the peak is refined by a parabola, in degrees."""
SHIFT_PX = 5
"""Farthest shift that is tried, pixels of the box; about 0.08 of its edge."""
FINEST_PX = 3.2
"""Finest period that is compared: beyond it there is no signal that could turn a particle."""
AT_ONCE = 64
"""Particles that are compared at once: bounds memory, changes no angle."""


@dataclass(frozen=True)
class Band:
    """The Fourier coefficients that are compared: rows and columns in the layout of ``rfft2``, and k."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    k_y: npt.NDArray[np.float64]
    k_x: npt.NDArray[np.float64]

    @classmethod
    def of(cls, box_px: int) -> Band:
        """Take what is coarser than `FINEST_PX`, without the mean; one of each conjugate pair."""
        rows, columns = np.meshgrid(np.arange(box_px), np.arange(box_px // 2 + 1), indexing="ij")
        k_y, k_x = np.fft.fftfreq(box_px)[rows], np.fft.rfftfreq(box_px)[columns]
        taken = (np.hypot(k_y, k_x) <= 1 / FINEST_PX) & ((k_x > 0) | (k_y > 0))
        return cls(rows[taken], columns[taken], k_y[taken], k_x[taken])

    def of_spectra(self, spectra: npt.NDArray[np.complex64]) -> npt.NDArray[np.complex64]:
        """Return ``(..., K)`` of ``(..., box, box // 2 + 1)``."""
        return spectra[..., self.rows, self.columns]


def align(
    particles: Particles,
    view: npt.NDArray[np.integer],
    references: Images,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, tuple[Floats, Floats]]:
    """Find in-plane angle and shift of each particle against the reference of its view.

    Parameters
    ----------
    view
        ``(n,)``; particles of no view (-1) are left at 0, those not reached before a stop at NaN.
    references
        ``(84, box, box)``, projections at psi 0.

    Returns
    -------
    psi_deg
        ``(n,)`` from 0 to 360, ZYZ as everywhere.
    shift_yx
        ``(n, 2)`` pixels by which the particle's centre lies off pixel ``box // 2``.
    """
    box = references.shape[-1]
    band = Band.of(box)
    angles = np.arange(0, 360, PSI_STEP_DEG)
    weight = whitening(particles, band)
    transfer = None if particles.ctf is None else band.of_spectra(particles.ctf.astype(np.complex64)).real
    frames = particles.table["frame"].to_numpy()
    psi, shift = np.full(len(view), np.nan, np.float32), np.full((len(view), 2), np.nan, np.float32)
    psi[view == NO_VIEW], shift[view == NO_VIEW] = 0, 0
    total, done = int((view != NO_VIEW).sum()), 0
    for number in np.unique(view[view != NO_VIEW]):
        turned = band.of_spectra(rotated_spectra(references[number], angles))
        members = np.flatnonzero(view == number)
        for start in range(0, len(members), AT_ONCE):
            if cancel is not None and cancel.cancelled:
                return psi, shift
            chosen = members[start : start + AT_ONCE]
            spectra = band.of_spectra(np.fft.rfft2(centred(particles.images[chosen])).astype(np.complex64))
            spectra *= weight if transfer is None else weight * transfer[frames[chosen]]
            psi[chosen], shift[chosen] = best(spectra, turned, band)
            done += len(chosen)
            yield Progress(done, total, "particles")
    return psi, shift


def centred(images: Images) -> Images:
    """Roll the centre, pixel ``box // 2``, to pixel 0, where Fourier transforms have it."""
    return np.fft.ifftshift(images, axes=(-2, -1))


def whitening(particles: Particles, band: Band) -> Floats:
    """Return one over the mean power ``(K,)`` of the particles at each distance from zero frequency."""
    box = particles.images.shape[-1]
    sample = particles.images[:: max(len(particles.images) // 500, 1)]
    power = (np.abs(band.of_spectra(np.fft.rfft2(sample).astype(np.complex64))) ** 2).mean(axis=0)
    ring = np.rint(np.hypot(band.k_y, band.k_x) * box).astype(np.int64)
    count = np.bincount(ring)
    mean = np.bincount(ring, power) / np.maximum(count, 1)
    # An empty ring, or images without noise at all, must not divide by zero.
    floor = max(float(mean.max()) * 1e-4, 1e-12)
    result: Floats = (1 / np.maximum(mean, floor))[ring].astype(np.float32)
    return result


def best(
    spectra: npt.NDArray[np.complex64], turned: npt.NDArray[np.complex64], band: Band
) -> tuple[Floats, Floats]:
    """Return the best angle and shift of particles ``(n, K)`` among turned references ``(angles, K)``."""
    import torch

    steps = np.arange(-SHIFT_PX, SHIFT_PX + 1)
    side, angles = len(steps), len(turned)
    # Shifting the reference by s multiplies it by exp(-2 pi i k s); here its conjugate takes the phase.
    phases = np.exp(2j * np.pi * (band.k_y[:, np.newaxis] * steps))[:, :, np.newaxis]
    phases = phases * np.exp(2j * np.pi * (band.k_x[:, np.newaxis] * steps))[:, np.newaxis]
    waves = torch.from_numpy(phases.reshape(len(band.k_y), -1).astype(np.complex64))
    psi, shift = np.empty(len(spectra), np.float32), np.empty((len(spectra), 2), np.float32)
    conjugate = torch.from_numpy(np.ascontiguousarray(turned.conj()))
    with torch.inference_mode():
        for i, spectrum in enumerate(torch.from_numpy(spectra)):
            score = torch.view_as_real((conjugate * spectrum) @ waves)[..., 0].numpy()
            score = score.reshape(angles, side, side)
            a, y, x = np.unravel_index(int(score.argmax()), score.shape)
            psi[i] = (a + peak(score[[a - 1, a, (a + 1) % angles], y, x])) * 360 / angles % 360
            shift[i] = (
                steps[y] + peak(score[a, max(y - 1, 0) : y + 2, x]),
                steps[x] + peak(score[a, y, max(x - 1, 0) : x + 2]),
            )
    return psi, shift


def peak(values: npt.NDArray[np.float32]) -> float:
    """Return where between its neighbours a parabola through three values peaks; 0 at the edge."""
    if len(values) < 3:
        return 0.0
    left, middle, right = (float(v) for v in values)
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
