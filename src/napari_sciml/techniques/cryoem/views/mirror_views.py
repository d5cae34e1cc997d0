"""The other half of the sphere: a particle seen from the opposite side shows the mirror image of the view.

Turning the image's rows upside down is the same as turning the particle by 180 degrees about the image's x
axis, since a projection does not know from which end it was taken. So no handedness is lost: the particle is
the same, seen from the other side.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.particles.particles import Images, Particles
from napari_sciml.techniques.cryoem.views.directions import FloatArray, rotation_matrices

ABOUT_X = np.diag([1.0, -1.0, -1.0])
"""Half a turn about the x axis as a matrix: it brings a direction to the opposite one."""


def mirrored(images: Images) -> Images:
    """Turn the rows of images ``(n, box, box)`` upside down about pixel box // 2; box is even."""
    return np.roll(images[:, ::-1], 1, axis=1)


def mirror_directions(angles_deg: npt.ArrayLike) -> FloatArray:
    """Return the ZYZ angles ``(n, 3)`` whose projections are the mirror images of those of `angles_deg`."""
    from scipy.spatial.transform import Rotation

    turned = ABOUT_X @ rotation_matrices(angles_deg)
    # `rotation_matrices` are the transposes of scipy's.
    rotations = Rotation.from_matrix(turned.transpose(0, 2, 1))
    with warnings.catch_warnings():
        # Looking along z only the sum of two angles counts; scipy then sets one to zero and says so.
        warnings.filterwarnings("ignore", "Gimbal lock")
        angles: FloatArray = rotations.as_euler("ZYZ", degrees=True)
    return angles % 360


def unmirrored(particles: Particles, mirror: npt.NDArray[np.bool_]) -> Particles:
    """Return the particles with those that show the mirror image turned over, as their views show them.

    The CTF is not turned with them: without much astigmatism it is the same.
    """
    images = particles.images.copy()
    images[mirror] = mirrored(images[mirror])
    return replace(particles, images=images)
