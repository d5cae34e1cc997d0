"""Turn images in their plane about pixel ``box // 2``: the one place that knows what psi does to pixels.

A particle's image at psi is its image at psi 0 with every point (x, y) moved to
``(c x + s y, -s x + c y)``, where c and s are cosine and sine of psi: the last factor of RELION's matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.particles.particles import Images

if TYPE_CHECKING:
    import torch

FINER = 2
"""Images are made this much finer, by their Fourier transforms, before they are sampled."""
AT_ONCE = 256
"""Images that are rotated at once: bounds memory, changes no pixel."""


def sample(
    fine: torch.Tensor,
    psi_deg: npt.NDArray[np.floating],
    shift_yx: npt.NDArray[np.floating],
    factor: int = FINER,
) -> torch.Tensor:
    """Sample images ``(n, f * box, f * box)`` at psi 0 and no shift, ``(n, box, box)``, zero outside.

    Parameters
    ----------
    psi_deg
        ``(n,)`` at which the images show their particles.
    shift_yx
        ``(n, 2)`` by which the particles lie off the centre, pixels of the box.
    factor
        The f above: how much finer the images are than what is wanted.
    """
    import torch
    from torch.nn.functional import grid_sample

    edge = fine.shape[-1]
    box = edge // factor
    axis = torch.arange(box, dtype=torch.float32) - box // 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    angle = torch.from_numpy(np.radians(psi_deg).astype(np.float32))[:, None, None]
    off = torch.from_numpy(np.asarray(shift_yx, np.float32))[:, :, None, None]
    at_x = torch.cos(angle) * x + torch.sin(angle) * y + off[:, 1]
    at_y = -torch.sin(angle) * x + torch.cos(angle) * y + off[:, 0]
    grid = torch.stack([at_x, at_y], dim=-1) * factor + edge // 2
    grid = 2 * grid / (edge - 1) - 1
    return grid_sample(fine[:, None], grid, mode="bicubic", padding_mode="zeros", align_corners=True)[:, 0]


def finer(spectra: torch.Tensor) -> torch.Tensor:
    """Return images ``(n, f * box, f * box)`` of spectra ``(n, box, box // 2 + 1)`` with the centre at 0.

    The images have their centre at pixel ``f * box // 2``. The Nyquist frequency is left out, as it has no
    sign that a finer image could show.
    """
    import torch

    box = spectra.shape[-2]
    half = box // 2
    padded = torch.zeros((len(spectra), FINER * box, FINER * half + 1), dtype=spectra.dtype)
    padded[:, :half, :half] = spectra[:, :half, :half]
    padded[:, 1 - half :, :half] = spectra[:, half + 1 :, :half]
    images = torch.fft.irfft2(padded, s=(FINER * box, FINER * box)) * FINER**2
    centred: torch.Tensor = torch.fft.fftshift(images, dim=(-2, -1))
    return centred


def spectra_of(images: torch.Tensor) -> torch.Tensor:
    """Return ``rfft2`` of images ``(n, box, box)`` with the centre, pixel ``box // 2``, as the origin."""
    import torch

    spectra: torch.Tensor = torch.fft.rfft2(torch.fft.ifftshift(images, dim=(-2, -1)))
    return spectra


def rotated_spectra(image: Images, psi_deg: npt.NDArray[np.floating]) -> npt.NDArray[np.complex64]:
    """Return the spectra ``(angles, box, box // 2 + 1)`` of an image at psi 0, seen at `psi_deg`."""
    import torch

    with torch.inference_mode():
        fine = finer(spectra_of(torch.from_numpy(np.ascontiguousarray(image[np.newaxis]))))
        turned = sample(fine.expand(len(psi_deg), -1, -1), -psi_deg, np.zeros((len(psi_deg), 2)))
        result: npt.NDArray[np.complex64] = spectra_of(turned).numpy()
    return result
