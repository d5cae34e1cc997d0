"""`Ctf`: what a microscope does to a projection, in Fourier space.

CTF = -sin(gamma), gamma = -pi lambda dz k^2 + pi/2 Cs lambda^3 k^4 - phase shift - asin(Q0), with positive
defocus for underfocus: RELION's convention, so that CTF(0) = Q0. The sum is made by torch-ctf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Ctf:
    """Contrast transfer of one micrograph.

    Attributes
    ----------
    defocus_u_A, defocus_v_A
        Underfocus along the two axes of the astigmatism.
    astigmatism_deg
        Angle of the axis of `defocus_u_A` from x (columns) towards growing rows.
    amplitude_contrast
        Q0, from 0 to 1.
    b_factor_A2
        Damping: exp(-B k^2 / 4).
    """

    defocus_u_A: float
    defocus_v_A: float
    astigmatism_deg: float = 0.0
    voltage_kV: float = 300.0
    cs_mm: float = 2.7
    amplitude_contrast: float = 0.1
    phase_shift_deg: float = 0.0
    b_factor_A2: float = 0.0

    def values(self, shape: tuple[int, int], pixel_size_A: float) -> npt.NDArray[np.float32]:
        """Return the transfer ``(h, w // 2 + 1)`` for images of `shape`, laid out as by ``rfft2``."""
        from torch_ctf import calculate_ctf_2d

        transfer = calculate_ctf_2d(
            defocus=(self.defocus_u_A + self.defocus_v_A) / 2e4,
            astigmatism=(self.defocus_u_A - self.defocus_v_A) / 2e4,
            astigmatism_angle=self.astigmatism_deg,
            voltage=self.voltage_kV,
            spherical_aberration=self.cs_mm,
            amplitude_contrast=self.amplitude_contrast,
            phase_shift=self.phase_shift_deg,
            pixel_size=pixel_size_A,
            image_shape=shape,
            rfft=True,
            fftshift=False,
        ).numpy()
        damped: npt.NDArray[np.float32] = transfer.reshape(shape[0], -1).astype(np.float32)
        if self.b_factor_A2:
            damped = damped * np.exp(-self.b_factor_A2 / 4 * frequencies_squared(shape, pixel_size_A))
        return damped.astype(np.float32)


def frequencies_squared(shape: tuple[int, int], pixel_size_A: float) -> npt.NDArray[np.float32]:
    """Return k^2 in 1/A^2, ``(h, w // 2 + 1)``, in the layout of ``numpy.fft.rfft2``."""
    rows = np.fft.fftfreq(shape[0], pixel_size_A)[:, np.newaxis]
    columns = np.fft.rfftfreq(shape[1], pixel_size_A)[np.newaxis]
    squared: npt.NDArray[np.float32] = (rows**2 + columns**2).astype(np.float32)
    return squared
