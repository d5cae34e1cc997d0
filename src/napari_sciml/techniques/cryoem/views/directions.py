"""The 84 directions in which a particle can be seen: 15 degrees apart on the half sphere.

Angles are RELION's ZYZ Euler angles in degrees: rot about z, tilt about the new y, psi about the new z. The
grid is SPIDER's ``VO EA``; with 45 degrees it gives the nine directions of Table II of Ushizima et al.
(2016), whose last row must read 179.95.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
STEP_DEG = 15.0
"""Degrees between neighbouring views, as in the paper."""
LAST_AZIMUTH_DEG = 359.9
"""Where the azimuths end in SPIDER's ``VO EA``, whose 84 views are made again; 360 would be the first one
again."""
MIRROR_PAIR = (72, 83)
"""The two views along one axis from both its ends, (90, 0) and (90, 179.95): their images are mirrored."""


def view_angles(step_deg: float = STEP_DEG) -> FloatArray:
    """Return ``(n, 2)``: rot and tilt of every direction, by tilt and then rot; n is 84 for 15 degrees."""
    rows: list[tuple[float, float]] = []
    for tilt in np.arange(0.0, 90.0 + step_deg / 2, step_deg):
        if tilt == 0:
            rows.append((0.0, 0.0))
            continue
        count = max(int(LAST_AZIMUTH_DEG / (step_deg / np.sin(np.radians(tilt)))) - 1, 1)
        azimuths = np.arange(count) * (LAST_AZIMUTH_DEG / count)
        if tilt >= 90:
            # The other half of the equator is the same directions seen from the opposite side.
            azimuths = azimuths[azimuths <= 180]
        rows.extend((float(rot), float(tilt)) for rot in azimuths)
    return np.array(rows)


def view_names() -> tuple[str, ...]:
    """Name the classes: ``view00`` to ``view83``."""
    return tuple(f"view{number:02d}" for number in range(len(view_angles())))


def rotation_matrices(angles_deg: npt.ArrayLike) -> FloatArray:
    """Return the matrices ``(n, 3, 3)`` of ZYZ angles ``(n, 3)``: rot, tilt, psi.

    A row vector of them times coordinates ``(x, y, z)`` of the map gives coordinates of the image, as in
    RELION; its transpose turns the slice through the map's Fourier transform.
    """
    from scipy.spatial.transform import Rotation

    angles = np.asarray(angles_deg, float).reshape(-1, 3)
    matrices: FloatArray = Rotation.from_euler("ZYZ", angles, degrees=True).as_matrix()
    return matrices.transpose(0, 2, 1)


def directions(angles_deg: npt.ArrayLike) -> FloatArray:
    """Return the unit vectors ``(n, 3)`` as (x, y, z) from which rot and tilt ``(n, 2)`` look at the map."""
    rot, tilt = np.radians(np.asarray(angles_deg, float)).T
    return np.stack([np.sin(tilt) * np.cos(rot), np.sin(tilt) * np.sin(rot), np.cos(tilt)], axis=1)


def taken_for_mirror(said: npt.NDArray[np.int64], truth: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which of the answers `said` are the other view of the mirrored pair."""
    one, other = MIRROR_PAIR
    swapped: npt.NDArray[np.bool_] = ((said == one) & (truth == other)) | ((said == other) & (truth == one))
    return swapped
