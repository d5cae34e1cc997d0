"""Name views without training: correlation with the projections of a map, at every angle and shift.

The likelihood of an image, given view, in-plane angle and shift, in noise whose power is measured outside the
particles; what is reported for a view is the sum over angles and shifts, not the best of them. With the
particle known this is nearly the best that can be done, and it costs a few thousand comparisons each.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.references import (
    References,
    coefficients_of,
    make_references,
    reference_images,
)
from napari_sciml.techniques.cryoem.orientation.whiten import noise_by_frame, ring_numbers, typical_ctf
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles

Answer = tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], npt.NDArray[np.float64]]
LARGEST_SHIFT_PX = 4
"""Furthest that a particle is looked for off the centre of its box along each axis, in pixels of the 64
pixel box."""
AT_ONCE = 8
"""Particles compared in one product of matrices."""
TRIED = 64
"""Particles from which the contrast is measured."""
CONTRASTS = np.geomspace(0.15, 1.3, 9)
"""Contrasts that are tried, in parts of what the best single match of each particle suggests."""
FAINT = -25.0
"""A match this much less likely than the best is as good as none; its exponential would be slow."""


def correlate_views(
    particles: Particles, particle_map: DensityMap, cancel: CancelToken | None = None
) -> Generator[Progress, None, Answer]:
    """Compare each particle with the 84 views of a map that fills its box.

    Returns
    -------
    tuple
        Probabilities ``(n, 84)`` float32, in-plane angle ``(n,)`` in degrees and the centre's shift
        ``(n, 2)`` in pixels of the most probable view. Rows after a stop are alike, NaN and NaN.
    """
    return (
        yield from correlate_with(particles, reference_images(particle_map), particle_map.diameter_A, cancel)
    )


def correlate_with(
    particles: Particles, references: Images, diameter_A: float, cancel: CancelToken | None = None
) -> Generator[Progress, None, Answer]:
    """Compare each particle with given references ``(84, h, h)``; otherwise as `correlate_views`."""
    count, views = len(particles.images), len(references)
    probabilities = np.full((count, views), 1 / views, np.float32)
    psi, shifts = np.full(count, np.nan), np.full((count, 2), np.nan)
    if not count:
        return probabilities, psi, shifts
    yield Progress(0, count, "particles")
    search = Search(particles, make_references(references), diameter_A / particles.pixel_size_A)
    for first in range(0, count, AT_ONCE):
        if cancel is not None and cancel.cancelled:
            break
        part = np.arange(first, min(first + AT_ONCE, count))
        probabilities[part], psi[part], shifts[part] = search.answer(part)
        yield Progress(int(part[-1]) + 1, count, "particles")
    return probabilities, psi, shifts


class Search:
    """References, whitened and CTF-matched images, and the contrast of the particles."""

    def __init__(self, particles: Particles, references: References, diameter_px: float) -> None:
        import torch

        self._references = references
        doubt, ctf_by_ring = None, None
        if particles.ctf is None:
            ctf_by_ring, doubt = typical_ctf(references.edge, particles.pixel_size_A)
        power = noise_by_frame(particles, diameter_px, doubt)
        names, self._frame = np.unique(particles.table["frame"].to_numpy(), return_inverse=True)
        ctf = np.ones((len(names), len(references.rows)), np.float32)
        if particles.ctf is not None:
            ctf = references.pick(particles.ctf[names]).astype(np.float32)
        elif ctf_by_ring is not None:
            ctf[:] = references.pick(ctf_by_ring[ring_numbers(references.edge)])
        weight = ctf / references.pick(power)
        spectra = coefficients_of(particles.images, references)
        self._matched = torch.from_numpy(spectra * weight[self._frame])
        edge, views = references.edge, references.coefficients.shape[1]
        flat = torch.from_numpy(references.coefficients.reshape(len(references.rows), -1))
        self._shape = (views, len(references.psi_deg))
        self._real, self._imaginary = flat.real.contiguous(), flat.imag.contiguous()
        # Half of the plane stands for all of it.
        energy = torch.from_numpy(2 * weight * ctf) @ (self._real.square() + self._imaginary.square())
        self._energy = energy.view(len(names), *self._shape)
        places = np.mgrid[
            -LARGEST_SHIFT_PX : LARGEST_SHIFT_PX + 1, -LARGEST_SHIFT_PX : LARGEST_SHIFT_PX + 1
        ].reshape(2, -1)
        phase = (
            2
            * np.pi
            / edge
            * (np.outer(places[0], references.rows) + np.outer(places[1], references.columns))
        )
        self._places = places.T.astype(float)
        self._ramps = torch.from_numpy(np.exp(1j * phase).astype(np.complex64))
        self.contrast = self._measure_contrast()

    def _matches(self, part: npt.NDArray[np.integer]) -> Any:
        """Return the products ``(n, places, 84, 2 x angles)`` of particles and references."""
        import torch

        moved = (self._matched[part][:, None] * self._ramps).flatten(0, 1)
        even = moved.real @ self._real
        odd = moved.imag @ self._imaginary
        shape = (len(part), len(self._ramps), *self._shape)
        return 2 * torch.cat([(even + odd).view(shape), (even - odd).view(shape)], dim=3)

    def _likelihood(self, matches: Any, part: npt.NDArray[np.integer], contrast: float) -> Any:
        import torch

        energy = self._energy[torch.from_numpy(self._frame[part])].tile(1, 1, 2)[:, None]
        return contrast * matches - contrast**2 / 2 * energy

    def _measure_contrast(self) -> float:
        """Find the contrast under which a sample of the particles, or else nothing, is most likely."""
        import torch

        count = len(self._frame)
        sample = np.random.default_rng(0).permutation(count)[:TRIED]
        guess, total = None, np.zeros(len(CONTRASTS))
        for first in range(0, len(sample), AT_ONCE):
            part = sample[first : first + AT_ONCE]
            matches = self._matches(part)
            energy = self._energy[torch.from_numpy(self._frame[part])].tile(1, 1, 2)[:, None]
            if guess is None:
                best = (matches / energy.sqrt()).flatten(1).amax(1)
                guess = float((best / energy.flatten(1).mean(1).sqrt()).median().clamp_min(1e-6))
            for number, share in enumerate(CONTRASTS):
                found = self._likelihood(matches, part, guess * share).flatten(1)
                evidence = summed(found) - np.log(found.shape[1])
                total[number] += float(torch.logaddexp(evidence, torch.zeros(())).sum())
        assert guess is not None
        return float(guess * CONTRASTS[int(total.argmax())])

    def answer(self, part: npt.NDArray[np.integer]) -> Answer:
        """Return probabilities, angle and shift for some particles."""
        import torch

        found = self._likelihood(self._matches(part), part, self.contrast)
        highest = found.flatten(1).amax(1)[:, None, None, None]
        weights = (found - highest).clamp_min(FAINT).exp().sum(dim=(1, 3))
        probabilities = weights / weights.sum(1, keepdim=True)
        view = probabilities.argmax(1)
        own = found[torch.arange(len(part)), :, view].flatten(1).argmax(1).numpy()
        angles = np.concatenate([self._references.psi_deg, self._references.psi_deg + 180])
        place, angle = np.divmod(own, len(angles))
        return probabilities.numpy(), angles[angle], self._places[place]


def summed(values: Any) -> Any:
    """Return the log-sum-exp along the second axis."""
    highest = values.amax(1)
    return (values - highest[:, None]).clamp_min(FAINT).exp().sum(1).log() + highest
