"""Average the particles of each view, turned back and centred, with the CTF put right.

For a particle F seen through a transfer C, the sums of C F and of C^2 are kept apart, for two random halves
of the data. Their quotient is the average; what is common to the halves says how far it can be trusted at
each spatial frequency, and so how much it must be damped there (Wiener).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.particles.background import radius
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.mirror_views import mirrored
from napari_sciml.techniques.cryoem.views.rotate import finer, sample, spectra_of

if TYPE_CHECKING:
    import torch

Complex = npt.NDArray[np.complex64]
Floats = npt.NDArray[np.float32]
AT_ONCE = 256
"""Particles that are added at once: bounds memory, changes no average."""
TRUSTED, DOUBTED = 1e-3, 1e3
"""Least and largest noise-to-signal ratio that is believed."""
DISC = 0.36
"""Radius, in edges of the box, within which an average is compared with its reference."""


@dataclass(frozen=True, eq=False)
class ViewSums:
    """Sums over the particles of each half of the data and each view, in the layout of ``rfft2``.

    Attributes
    ----------
    values
        ``(2, 84, box, box // 2 + 1)``: transfer times particle, the particle's centre at pixel 0.
    weights
        The same shape: squared transfer, or the number of particles where it is not known.
    counts
        ``(2, 84)``.
    """

    values: Complex
    weights: Floats
    counts: npt.NDArray[np.int64]

    @property
    def whole(self) -> tuple[Complex, Floats]:
        """Both halves together: values and weights ``(84, box, box // 2 + 1)``."""
        return self.values.sum(axis=0), self.weights.sum(axis=0)


def add_up(
    particles: Particles, table: pd.DataFrame, cancel: CancelToken | None = None
) -> Generator[Progress, None, ViewSums]:
    """Turn the particles back, centre them and add them up.

    Parameters
    ----------
    table
        In the order of the particles: ``view`` (-1 is left out), ``psi_deg, shift_y, shift_x, half``, and
        perhaps ``mirrored``, where the particle is seen from the opposite side.
    """
    import torch

    box, count = particles.images.shape[-1], len(view_angles())
    values = torch.zeros((2 * count, box, box // 2 + 1), dtype=torch.complex64)
    weights = torch.zeros(values.shape, dtype=torch.float32)
    view, half = (table[name].to_numpy(np.int64) for name in ("view", "half"))
    psi, shift = table["psi_deg"].to_numpy(float), table[["shift_y", "shift_x"]].to_numpy(float)
    frames = particles.table["frame"].to_numpy(np.int64)
    transfer = None if particles.ctf is None else torch.from_numpy(particles.ctf)
    mirror = table["mirrored"].to_numpy(bool) if "mirrored" in table else np.zeros(len(view), bool)
    members = np.flatnonzero(view >= 0)
    for start in range(0, len(members), AT_ONCE):
        if cancel is not None and cancel.cancelled:
            break
        part = members[start : start + AT_ONCE]
        place = torch.from_numpy(half[part] * count + view[part])
        with torch.inference_mode():
            images = particles.images[part]
            images[mirror[part]] = mirrored(images[mirror[part]])
            spectra = spectra_of(torch.from_numpy(images))
            seen = None if transfer is None else transfer[frames[part]]
            if seen is not None:
                # Turned over, k_y becomes -k_y.
                seen[mirror[part]] = seen[mirror[part]].flip(1).roll(1, 1)
                spectra = spectra * seen
            values.index_add_(0, place, spectra_of(sample(finer(spectra), psi[part], shift[part])))
            weights.index_add_(0, place, rotated_weights(seen, psi[part], (box, box // 2 + 1)))
        yield Progress(start + len(part), len(members), "particles")
    shape = (2, count, box, box // 2 + 1)
    kept = np.bincount(half[view >= 0] * count + view[view >= 0], minlength=2 * count).reshape(2, count)
    return ViewSums(values.numpy().reshape(shape), weights.numpy().reshape(shape), kept)


def rotated_weights(
    transfer: torch.Tensor | None,
    psi_deg: npt.NDArray[np.floating],
    shape: tuple[int, int],
) -> torch.Tensor:
    """Return squared transfers ``(n, box, box // 2 + 1)`` as images turned back from psi have them."""
    import torch

    if transfer is None:
        return torch.ones((len(psi_deg), *shape))
    box = shape[0]
    plane = torch.zeros((len(psi_deg), box, box))
    plane[:, :, : box // 2 + 1] = transfer**2
    # The other half is the same seen through the origin.
    mirrored = plane.flip(1, 2).roll((1, 1), (1, 2))
    plane[:, :, box // 2 + 1 :] = mirrored[:, :, box // 2 + 1 :]
    centred = torch.fft.fftshift(plane, dim=(-2, -1))
    # Turning an image turns its transform alike.
    turned = sample(centred, psi_deg, np.zeros((len(psi_deg), 2)), factor=1).clamp_min(0)
    weights: torch.Tensor = torch.fft.ifftshift(turned, dim=(-2, -1))[:, :, : box // 2 + 1]
    return weights


def rings(box_px: int) -> npt.NDArray[np.int64]:
    """Return the ring of each coefficient ``(box, box // 2 + 1)``, by frequency; corners share the last."""
    rows, columns = np.fft.fftfreq(box_px)[:, np.newaxis], np.fft.rfftfreq(box_px)
    numbers = np.rint(np.hypot(rows, columns) * box_px).astype(np.int64)
    return np.asarray(np.minimum(numbers, box_px // 2 + 1))


def noise_to_signal(sums: ViewSums) -> Floats:
    """Return the ratio of a particle's noise to its signal in each ring ``(box // 2 + 2,)`` from both halves.

    What the halves share is signal, the rest of their power is noise; all views count together. Where they
    share nothing the ratio is `DOUBTED`.
    """
    ring = rings(sums.values.shape[-2])
    last = int(ring.max())

    def by_ring(plane: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        summed = np.bincount(ring.ravel(), plane.astype(np.float64).ravel(), minlength=last + 1)
        return np.asarray(summed, np.float64)

    (first, second), (left, right) = sums.values, sums.weights
    shared = by_ring((first * second.conj()).real.sum(axis=0))
    pairs = by_ring((left * right).sum(axis=0))
    power = by_ring((np.abs(sums.values) ** 2).sum(axis=(0, 1)))
    squares, plain = by_ring((sums.weights**2).sum(axis=(0, 1))), by_ring(sums.weights.sum(axis=(0, 1)))
    signal = np.divide(shared, pairs, out=np.zeros_like(shared), where=pairs > 0)
    noise = np.divide(power - signal * squares, plain, out=np.zeros_like(shared), where=plain > 0)
    ratio = np.divide(noise, signal, out=np.full_like(shared, DOUBTED), where=signal > 0)
    # Corners beyond the Nyquist frequency come from turning only.
    ratio[last] = DOUBTED
    return np.clip(ratio, TRUSTED, DOUBTED).astype(np.float32)


def average_images(sums: ViewSums) -> Images:
    """Return the average of each view ``(84, box, box)``, zeros where there are no particles."""
    values, weights = sums.whole
    box = values.shape[-2]
    damping = noise_to_signal(sums)[rings(box)]
    images = np.fft.irfft2(values / (weights + damping), s=(box, box))
    return np.asarray(np.fft.fftshift(images, axes=(-2, -1)), np.float32)


def likeness(
    averages: Images, references: Images, counts: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Correlate each average with its reference within a disc ``(84,)``; NaN where there are no particles."""
    inside = radius(averages.shape[-1]) <= DISC * averages.shape[-1]
    left, right = (a[:, inside].astype(np.float64) for a in (averages, references))
    left, right = (a - a.mean(axis=1, keepdims=True) for a in (left, right))
    norm = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    usable = (np.asarray(counts) > 0) & (norm > 0)
    alike = np.full(len(left), np.nan)
    np.divide((left * right).sum(axis=1), norm, out=alike, where=usable)
    return alike
