"""Direct Fourier insertion: class averages become slices through the map's Fourier transform.

The slices are laid into a grid of twice the box with linear weights, and so are the squared transfers that
belong to them; the map is the quotient, damped where noise rules. The general-purpose insertion of
torch-fourier-slice divides by no less than 1 where slices are thin on the ground, which damps fine detail,
and knows no transfer; its projections are what this one is tested against.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.views.averages import Complex, Floats
from napari_sciml.techniques.cryoem.views.directions import rotation_matrices

FINER = 2
"""The grid is this much finer than the box's Fourier transform."""


class FourierVolume:
    """Slices laid into a map's Fourier transform, one after another.

    Parameters
    ----------
    box_px
        Edge of the images and of the map.
    channels
        How many maps are made from slices of the same directions, for example two halves of the data.
    """

    def __init__(self, box_px: int, channels: int = 1) -> None:
        self.box_px = box_px
        self._edge = FINER * box_px
        cells = self._edge**3
        self._values = np.zeros((channels, 2, cells), np.float32)
        self._weights = np.zeros((channels, cells), np.float32)
        columns = np.arange(self._edge // 2)
        rows = np.arange(1 - self._edge // 2, self._edge // 2)
        y, x = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
        # One of each conjugate pair, and nothing beyond the box's own Nyquist frequency.
        taken = (np.hypot(y, x) < self._edge // 2) & ((x > 0) | (y >= 0))
        self._y, self._x = y[taken], x[taken]

    def insert(self, values: Complex, weights: Floats, angles_deg: npt.ArrayLike) -> None:
        """Lay slices into the transform.

        Parameters
        ----------
        values, weights
            ``(channels, n, box, box // 2 + 1)`` in the layout of ``rfft2``, the particle's centre at pixel 0:
            sums of transfer times particle, and of squared transfer.
        angles_deg
            ``(n, 3)``: rot, tilt, psi of each slice.
        """
        fine_values, fine_weights = self._finer_values(values), self._finer_weights(weights)
        flat = np.stack([self._x, self._y, np.zeros_like(self._x)], axis=1).astype(np.float64)
        # RELION's matrix takes the map's coordinates to the image's; the slice goes the way back.
        cells, shares = self._corners((flat @ rotation_matrices(angles_deg)).reshape(-1, 3))
        for channel in range(len(values)):
            found = fine_values[channel][:, self._y, self._x].ravel()
            seen = fine_weights[channel][:, self._y, self._x].ravel()
            for part, numbers in enumerate((found.real, found.imag)):
                self._values[channel, part] += self._scatter(cells, shares * numbers)
            self._weights[channel] += self._scatter(cells, shares * seen)

    def maps(self, damping: Floats) -> npt.NDArray[np.float32]:
        """Return the maps so far, ``(channels, box, box, box)``.

        Parameters
        ----------
        damping
            ``(box // 2 + 2,)``: noise over signal of a particle in each shell, as of `noise_to_signal`.
        """
        return np.stack(
            [self._map(self._values[i], self._weights[i], damping) for i in range(len(self._weights))]
        )

    def sum_map(self, damping: Floats) -> npt.NDArray[np.float32]:
        """Return one map ``(box, box, box)`` of all channels together."""
        return self._map(self._values.sum(axis=0), self._weights.sum(axis=0), damping)

    def _map(self, values: Floats, weights: Floats, damping: Floats) -> npt.NDArray[np.float32]:
        edge, half = self._edge, self._edge // 2
        grid = (values[0] + 1j * values[1]).reshape((edge,) * 3)
        cover = weights.reshape((edge,) * 3)
        # Only one of each conjugate pair was laid down.
        grid = grid + np.roll(grid[::-1, ::-1, ::-1], 1, (0, 1, 2)).conj()
        cover = cover + np.roll(cover[::-1, ::-1, ::-1], 1, (0, 1, 2))
        axis = np.fft.fftfreq(edge) * edge / FINER
        near = np.sqrt(
            axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, : half + 1] ** 2
        )
        shell = np.minimum(np.rint(near).astype(np.int64), len(damping) - 1)
        filled = cover[:, :, : half + 1]
        spectrum = np.where(filled > 0, grid[:, :, : half + 1] / (filled + damping[shell]), 0)
        wide = np.fft.fftshift(np.fft.irfftn(spectrum, s=(edge,) * 3, axes=(0, 1, 2)))
        low = (edge - self.box_px) // 2
        inner = slice(low, low + self.box_px)
        # Linear weights in Fourier space multiply the map by this.
        fade = np.sinc(np.fft.fftshift(np.fft.fftfreq(edge))[inner]) ** 2
        result = wide[inner, inner, inner] / (fade[:, None, None] * fade[:, None] * fade)
        return np.asarray(result, np.float32)

    def _corners(self, points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return the eight cells around points ``(K, 3)`` as x, y, z, and the share of each, ``(8, K)``."""
        below = np.floor(points).astype(np.int64)
        part = points - below
        cells, shares = [], []
        for corner in np.ndindex(2, 2, 2):
            x, y, z = ((below + corner) % self._edge).T
            cells.append((z * self._edge + y) * self._edge + x)
            shares.append(np.prod(np.where(corner, part, 1 - part), axis=1))
        return np.stack(cells), np.stack(shares).astype(np.float32)

    def _scatter(self, cells: npt.NDArray[np.int64], numbers: npt.NDArray[np.floating]) -> Floats:
        added = np.bincount(cells.ravel(), numbers.ravel(), minlength=self._edge**3)
        return added.astype(np.float32)

    def _finer_values(self, values: Complex) -> Complex:
        """Return the transforms of the images in a box twice as large, for negative rows as well."""
        box, edge = self.box_px, self._edge
        images = np.fft.fftshift(np.fft.irfft2(values, s=(box, box)), axes=(-2, -1))
        low = (edge - box) // 2
        wide = np.zeros((*images.shape[:-2], edge, edge), np.float32)
        wide[..., low : low + box, low : low + box] = images
        return np.asarray(np.fft.rfft2(np.fft.ifftshift(wide, axes=(-2, -1))), np.complex64)

    def _finer_weights(self, weights: Floats) -> Floats:
        """Put the mean of two neighbours between each two weights, along rows and columns."""
        fine = weights
        for axis, turns in ((-2, True), (-1, False)):
            after = np.roll(fine, -1, axis)
            between = (fine + after) / 2
            if not turns:
                # Beyond the last column there is nothing, and nothing of it is used.
                fine = np.stack([fine, between], axis=-1).reshape(*fine.shape[:-1], -1)
            else:
                joined = np.stack([fine, between], axis=-2)
                fine = joined.reshape(*fine.shape[:-2], -1, fine.shape[-1])
        return np.asarray(fine, np.float32)
