"""Project a density map: what the microscope would see without CTF and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.views.directions import rotation_matrices

Images = npt.NDArray[np.float32]
AT_ONCE = 256
"""Projections in one pass: bounds memory, changes no value."""


def project(particle: DensityMap, angles_deg: npt.ArrayLike) -> Images:
    """Sum the density along the directions of ZYZ angles ``(n, 3)``: rot, tilt, psi.

    Returns
    -------
    ndarray
        ``(n, box, box)``, summed over voxels; the particle's centre falls on pixel box // 2. Slices of the
        map's Fourier transform, taken by torch-fourier-slice.
    """
    import torch
    from torch_fourier_slice import project_3d_to_2d

    # RELION's matrices take the map's coordinates to the image's; a slice needs the way back.
    matrices = torch.from_numpy(rotation_matrices(angles_deg).transpose(0, 2, 1).astype(np.float32))
    density = torch.from_numpy(np.ascontiguousarray(particle.density))
    result = np.empty((len(matrices), particle.box_px, particle.box_px), np.float32)
    with torch.inference_mode():
        for start in range(0, len(matrices), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            result[part] = project_3d_to_2d(density, matrices[part], zyx_matrices=False).numpy()
    return result


def correlation(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the normalised correlation of images ``(n, h, w)``, pair by pair."""
    flat = [np.reshape(a, (len(a), -1)).astype(np.float64) for a in (left, right)]
    flat = [a - a.mean(axis=1, keepdims=True) for a in flat]
    norms = [np.linalg.norm(a, axis=1) for a in flat]
    return np.asarray((flat[0] * flat[1]).sum(axis=1) / (norms[0] * norms[1]))
