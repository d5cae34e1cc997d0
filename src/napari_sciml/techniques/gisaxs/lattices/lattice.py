"""The seven lattices as stacks of planar layers; lengths in units of the nearest-neighbour distance d.

Every lattice is a two-dimensional net (`a`, `b`) of particles, repeated upwards at equal heights with the
in-plane shifts of a cycle. That one form serves the finite grains, the spot table and the drawings. HCP is
the true one: its cycle of two layers is the two-particle basis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector2 = tuple[float, float]

CLASSES = ("BCC100", "BCC110", "Cubic100", "Cubic110", "FCC100", "FCC111", "HCP")
"""Names of the classes, in the order of every column of probabilities."""


@dataclass(frozen=True)
class Stack:
    """A lattice standing on a substrate, as layers.

    Attributes
    ----------
    a, b
        Vectors of the net within a layer, ``(x, y)``.
    shifts
        In-plane shift of each layer of the cycle; the stack repeats it upwards.
    height
        Distance between neighbouring layers along the surface normal.
    """

    a: Vector2
    b: Vector2
    shifts: tuple[Vector2, ...]
    height: float

    @property
    def cell(self) -> npt.NDArray[np.float64]:
        """Rows are the three vectors of the repeating cell, ``(3, 3)``."""
        rise = len(self.shifts) * self.height
        return np.array([[*self.a, 0.0], [*self.b, 0.0], [0.0, 0.0, rise]])

    @property
    def basis(self) -> npt.NDArray[np.float64]:
        """Positions of the particles of one cell, ``(n, 3)``."""
        return np.array([[x, y, n * self.height] for n, (x, y) in enumerate(self.shifts)])


_S2, _S3 = math.sqrt(2), math.sqrt(3)
"""The square roots of two and three, of which the stacks below are made."""
_BCC = 2 / _S3
"""Edge of the cube of a body-centred lattice whose nearest neighbours are one apart."""

STACKS: dict[str, Stack] = {
    "BCC100": Stack((_BCC, 0), (0, _BCC), ((0, 0), (_BCC / 2, _BCC / 2)), _BCC / 2),
    "BCC110": Stack((_BCC, 0), (_BCC / 2, _BCC / _S2), ((0, 0), (0, _BCC / _S2)), _BCC / _S2),
    "Cubic100": Stack((1, 0), (0, 1), ((0, 0),), 1.0),
    "Cubic110": Stack((1, 0), (0, _S2), ((0, 0), (0, _S2 / 2)), _S2 / 2),
    "FCC100": Stack((1, 0), (0, 1), ((0, 0), (0.5, 0.5)), _S2 / 2),
    "FCC111": Stack((1, 0), (0.5, _S3 / 2), ((0, 0), (0.5, _S3 / 6), (1, _S3 / 3)), math.sqrt(2 / 3)),
    "HCP": Stack((1, 0), (0.5, _S3 / 2), ((0, 0), (0.5, _S3 / 6)), math.sqrt(2 / 3)),
}
"""The seven classes; Cubic is simple cubic, and HCP stands on its basal plane."""
