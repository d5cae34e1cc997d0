"""Put projections of particles into a field."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.simulate.scene import FloatImage

OUTLINE = 0.08
"""A pixel belongs to a particle if its projected density exceeds this share of the particle's highest."""


def compose(
    projections: FloatImage, places: npt.NDArray[np.float64], shape: tuple[int, int]
) -> tuple[FloatImage, npt.NDArray[np.bool_]]:
    """Add projections ``(n, b, b)`` with their pixel b // 2 at `places` ``(n, 2)``.

    Returns
    -------
    density, outlines
        ``(h, w)``: the projected density, and True inside particles.
    """
    box = projections.shape[-1]
    half = box // 2
    padded = np.zeros((shape[0] + 2 * box, shape[1] + 2 * box), np.float32)
    outlines = np.zeros(padded.shape, bool)
    whole = np.round(places).astype(int)
    moved = shift(projections, places - whole)
    for image, (row, column) in zip(moved, whole + box - half, strict=True):
        if not (0 <= row <= padded.shape[0] - box and 0 <= column <= padded.shape[1] - box):
            continue
        window = (slice(row, row + box), slice(column, column + box))
        padded[window] += image
        outlines[window] |= image > OUTLINE * image.max()
    inner = (slice(box, -box), slice(box, -box))
    return padded[inner], outlines[inner]


def shift(images: FloatImage, by: npt.NDArray[np.float64]) -> FloatImage:
    """Move images ``(n, b, b)`` by ``(n, 2)`` parts of a pixel, by the phases of their transforms."""
    from scipy import fft

    box = images.shape[-1]
    rows = np.fft.fftfreq(box)[:, np.newaxis]
    columns = np.fft.rfftfreq(box)[np.newaxis]
    turns = by[:, 0, np.newaxis, np.newaxis] * rows + by[:, 1, np.newaxis, np.newaxis] * columns
    phases = np.exp(-2j * np.pi * turns).astype(np.complex64)
    moved: FloatImage = fft.irfft2(fft.rfft2(images.astype(np.float32)) * phases, (box, box)).astype(
        np.float32
    )
    return moved
