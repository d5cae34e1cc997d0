"""Crystal forms and their intensities: one Wilson table for each form, the same in every shot.

`gemmi` knows the symmetry. Acentric reflections follow an exponential distribution, centric ones a
chi-square with one degree of freedom (Wilson 1949), and equivalent reflections and Friedel mates are equal.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np
import numpy.typing as npt

MOST_REFLECTIONS = 1_000_000
"""Reflections of a crystal form at the most: larger cells are simulated to a lower resolution."""


@dataclass(frozen=True)
class CrystalForm:
    """A unit cell (lengths in Angstrom, angles in degrees) and its space group."""

    name: str
    space_group: str
    cell: tuple[float, float, float, float, float, float]

    @property
    def volume_A3(self) -> float:
        """Volume of the cell in cubic Angstrom."""
        return float(gemmi.UnitCell(*self.cell).volume)

    @property
    def reciprocal(self) -> npt.NDArray[np.float64]:
        """The matrix B ``(3, 3)`` in 1/Angstrom: ``q = B h``."""
        fractional = gemmi.UnitCell(*self.cell).frac.mat
        return np.array(fractional.tolist(), np.float64).T

    @property
    def d_min_A(self) -> float:
        """Resolution of the table, kept to about a million reflections."""
        return float(max(2.0, (4 / 3 * np.pi * self.volume_A3 / MOST_REFLECTIONS) ** (1 / 3)))


FORMS = {
    form.name: form
    for form in (
        CrystalForm("photosystem-ii", "P 21 21 21", (116.99, 221.76, 307.96, 90, 90, 90)),
        CrystalForm("photosystem-i", "P 63", (281.0, 281.0, 165.2, 90, 90, 120)),
        CrystalForm("lysozyme", "P 43 21 2", (79.2, 79.2, 38.0, 90, 90, 90)),
        CrystalForm("proteinase-k", "P 43 21 2", (68.3, 68.3, 108.3, 90, 90, 90)),
        CrystalForm("bacteriorhodopsin", "P 63", (62.3, 62.3, 111.0, 90, 90, 120)),
        CrystalForm("myoglobin", "P 1 21 1", (64.2, 30.8, 34.6, 90, 105.5, 90)),
        CrystalForm("phycocyanin", "H 3 2", (186.4, 186.4, 60.1, 90, 90, 120)),
        CrystalForm("thermolysin", "P 61 2 2", (93.2, 93.2, 130.6, 90, 90, 120)),
        CrystalForm("cyclophilin", "P 21 21 21", (42.9, 52.4, 89.2, 90, 90, 90)),
        CrystalForm("drop-on-tape", "P 21 21 21", (41.9, 76.0, 102.0, 90, 90, 90)),
        CrystalForm("receptor", "C 1 2 1", (91.6, 62.4, 104.7, 90, 100.2, 90)),
    )
}
TRAINING_FORMS = tuple(FORMS)[:7]
UNSEEN_FORMS = tuple(FORMS)[7:]


@dataclass(frozen=True)
class Reflections:
    """Every reflection of a form inside its resolution.

    Attributes
    ----------
    hkl
        ``(n, 3)`` Miller indices of the whole sphere, absent ones left out.
    e2
        ``(n,)`` normalised intensity; its mean is 1 in every shell, times the symmetry's epsilon.
    centric
        ``(n,)`` whether its phase can only be one of two.
    unique
        ``(n,)`` number of the set of equivalent reflections that it belongs to.
    square
        ``(n,)`` squared length of the scattering vector, which no rotation changes.
    """

    hkl: npt.NDArray[np.float32]
    e2: npt.NDArray[np.float32]
    centric: npt.NDArray[np.bool_]
    unique: npt.NDArray[np.int64]
    square: npt.NDArray[np.float32]


@lru_cache(maxsize=4)
def intensities(form: CrystalForm) -> Reflections:
    """Draw the intensities of a form. They depend on its name only, as a crystal's depend on its atoms."""
    operations = gemmi.SpaceGroup(form.space_group).operations()
    hkl = sphere(form)
    hkl = hkl[~np.asarray(operations.systematic_absences(hkl), bool)]
    codes, unique = np.unique(equivalents(hkl, operations), return_inverse=True)
    rng = np.random.default_rng(zlib.crc32(form.name.encode()))
    centric = np.asarray(operations.centric_flag_array(hkl), bool)
    # One draw for each set of equivalents, of both kinds; each reflection takes the one of its kind.
    acentric_e2, centric_e2 = rng.exponential(size=len(codes)), rng.chisquare(1, size=len(codes))
    epsilon = np.asarray(operations.epsilon_factor_without_centering_array(hkl), np.float64)
    e2 = np.where(centric, centric_e2[unique], acentric_e2[unique]) * epsilon
    square = ((hkl @ form.reciprocal.T) ** 2).sum(axis=1).astype(np.float32)
    # One column after the other in memory: a product with one row of a rotation is then three passes.
    columns = np.asfortranarray(hkl, np.float32)
    return Reflections(columns, e2.astype(np.float32), centric, unique, square)


def sphere(form: CrystalForm) -> npt.NDArray[np.int32]:
    """List all Miller indices to the form's resolution, without 000."""
    q_max = 1 / form.d_min_A
    largest = [int(q_max * edge) + 1 for edge in form.cell[:3]]
    grids = np.meshgrid(*(np.arange(-n, n + 1, dtype=np.int32) for n in largest), indexing="ij")
    hkl = np.stack([grid.ravel() for grid in grids], axis=1)
    q = hkl.astype(np.float32) @ form.reciprocal.T.astype(np.float32)
    length = np.einsum("ij,ij->i", q, q)
    return np.asarray(hkl[(length <= q_max**2) & hkl.any(axis=1)])


def equivalents(hkl: npt.NDArray[np.int32], operations: gemmi.GroupOps) -> npt.NDArray[np.int64]:
    """Return one number that all symmetry equivalents and Friedel mates of a reflection share."""
    best = np.full(len(hkl), np.iinfo(np.int64).min)
    for operation in operations.sym_ops:
        turned = hkl @ (np.array(operation.rot, np.int32) // gemmi.Op.DEN)
        for sign in (1, -1):
            code = ((sign * turned + 512).astype(np.int64) * [1 << 20, 1 << 10, 1]).sum(axis=1)
            np.maximum(best, code, out=best)
    return best
