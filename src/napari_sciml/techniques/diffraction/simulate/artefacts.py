"""Everything that is bright and is no Bragg spot of the crystal, painted and named.

Each painter adds to the expected photons and marks, in a field of bits with one element per 64 x 64 tile,
where its artefact stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.diffraction.grid import TILE_PX, grid_shape, padded, tile_of
from napari_sciml.techniques.diffraction.simulate.background import FieldArray, Polar
from napari_sciml.techniques.diffraction.simulate.still import Beam, DetectorGeometry, Spots, draw_spots

ARTEFACTS = (
    "hot pixel",
    "zinger",
    "smooth ice",
    "spotty ice",
    "salt",
    "powder ring",
    "jet streak",
    "slit scatter",
    "gap edge",
    "beamstop edge",
    "frame edge",
)
"""Kinds of artefact that stand in single tiles; the bit of a kind is its place here."""
ICE_A = (3.90, 3.67, 3.44, 2.67, 2.25, 2.07, 1.95, 1.92, 1.88, 1.72)
"""Spacings of the rings of hexagonal ice in Angstrom, the widest first."""
PAINTED = ARTEFACTS[2:8]
LOOKALIKES = ("spotty ice", "salt", "powder ring")
"""Kinds of which a single tile may look exactly like one with a Bragg spot."""


def bits(kinds: Iterable[str]) -> int:
    """Return the bits of several kinds."""
    return sum(1 << ARTEFACTS.index(kind) for kind in kinds)


@dataclass
class Canvas:
    """A frame in the making: expected photons ``(h, w)``, and which artefacts stand in each tile."""

    photons: FieldArray
    polar: Polar
    marks: npt.NDArray[np.uint16]
    geometry: DetectorGeometry
    beam: Beam
    noise: float

    @classmethod
    def over(cls, photons: FieldArray, polar: Polar, geometry: DetectorGeometry, beam: Beam) -> Canvas:
        """Begin with a background; `noise` is that of a 7 x 7 box at a typical place."""
        typical = float(np.median(photons[::16, ::16]))
        marks = np.zeros(grid_shape(photons.shape), np.uint16)
        return cls(photons, polar, marks, geometry, beam, 7 * float(np.sqrt(typical + 0.3)))

    def mark(self, kind: str, y: npt.ArrayLike, x: npt.ArrayLike) -> None:
        """Note an artefact at positions in pixels; those outside are ignored."""
        rows, columns = tile_of(np.atleast_1d(y).astype(float), np.atleast_1d(x).astype(float))
        inside = (rows >= 0) & (columns >= 0) & (rows < self.marks.shape[0]) & (columns < self.marks.shape[1])
        bit = np.uint16(1 << ARTEFACTS.index(kind))
        np.bitwise_or.at(self.marks, (rows[inside], columns[inside]), bit)

    def mark_where(self, kind: str, where: npt.NDArray[np.bool_]) -> None:
        """Note an artefact in every tile in which a pixel of `where` ``(h, w)`` is set."""
        rows, columns = self.marks.shape
        blocks = padded(where, False).reshape(rows, TILE_PX, columns, TILE_PX)
        self.marks[blocks.any(axis=(1, 3))] |= np.uint16(1 << ARTEFACTS.index(kind))

    def add_spots(self, kind: str, spots: Spots) -> None:
        """Draw spots that are no Bragg spots."""
        draw_spots(self.photons, spots, self.geometry.center)
        self.mark(kind, spots.y, spots.x)


def paint(kind: str, canvas: Canvas, rng: np.random.Generator) -> None:
    """Add one artefact of a kind from `PAINTED`."""
    {
        "smooth ice": smooth_ice,
        "spotty ice": spotty_ice,
        "salt": salt,
        "powder ring": powder_ring,
        "jet streak": jet_streak,
        "slit scatter": slit_scatter,
    }[kind](canvas, rng)


def ring(canvas: Canvas, kind: str, radius: float, width: float, height: float) -> None:
    """Add a smooth ring; radius and rms width in pixels, height in photons."""
    shape = np.exp(-0.5 * ((canvas.polar.radius - np.float32(radius)) / np.float32(width)) ** 2)
    canvas.photons += np.float32(height) * shape
    if height > 0.3 * canvas.noise / 7:
        canvas.mark_where(kind, shape > 0.5)


def ring_spots(
    canvas: Canvas, kind: str, radius: float, count: int, strength: float, rng: np.random.Generator
) -> None:
    """Add spots on a ring, a few times `strength` photons each, smeared along it."""
    angle = rng.uniform(-np.pi, np.pi, count)
    radii = radius + rng.normal(0, 0.8, count)
    spots = Spots(
        y=canvas.geometry.center[0] + radii * np.sin(angle),
        x=canvas.geometry.center[1] + radii * np.cos(angle),
        photons=strength * rng.lognormal(0, 1.0, count),
        radial=rng.uniform(0.5, 1.2, count),
        tangential=rng.uniform(0.6, 3.5, count),
        d_A=np.full(count, np.nan),
    )
    canvas.add_spots(kind, spots)


def smooth_ice(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hexagonal ice in fine powder: the rings at their places, of different heights."""
    height = canvas.noise / 7 * np.exp(rng.uniform(np.log(0.5), np.log(30)))
    width = rng.uniform(0.8, 3.0)
    for radius in canvas.geometry.radius_px(ICE_A, canvas.beam.wavelength_A):
        ring(canvas, "smooth ice", float(radius), width, height * rng.uniform(0.2, 1.0))


def spotty_ice(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hexagonal ice in coarse grains: spots on the same rings."""
    strength = canvas.noise * np.exp(rng.uniform(np.log(3), np.log(200)))
    for radius in canvas.geometry.radius_px(ICE_A, canvas.beam.wavelength_A)[: int(rng.integers(3, 11))]:
        ring_spots(canvas, "spotty ice", float(radius), int(rng.integers(2, 50)), strength, rng)


def salt(canvas: Canvas, rng: np.random.Generator) -> None:
    """Add a grain of salt: few spots, far out, far too strong."""
    count = int(rng.integers(1, 9))
    d = rng.uniform(1.3, 3.3, count)
    radii, angle = canvas.geometry.radius_px(d, canvas.beam.wavelength_A), rng.uniform(-np.pi, np.pi, count)
    spots = Spots(
        y=canvas.geometry.center[0] + radii * np.sin(angle),
        x=canvas.geometry.center[1] + radii * np.cos(angle),
        photons=np.exp(rng.uniform(np.log(2e4), np.log(1e6), count)),
        radial=rng.uniform(0.8, 3.0, count),
        tangential=rng.uniform(0.8, 3.0, count),
        d_A=d,
    )
    inside = (spots.y > -20) & (spots.x > -20)
    inside &= (spots.y < canvas.photons.shape[0] + 20) & (spots.x < canvas.photons.shape[1] + 20)
    canvas.add_spots("salt", spots.take(np.flatnonzero(inside)))


def powder_ring(canvas: Canvas, rng: np.random.Generator) -> None:
    """One to three sharp rings of some powder, smooth or grainy."""
    for _ in range(int(rng.integers(1, 4))):
        radius = rng.uniform(60, 0.6 * canvas.photons.shape[0])
        strength = canvas.noise / 7 * np.exp(rng.uniform(np.log(1), np.log(60)))
        if rng.random() < 0.6:
            ring(canvas, "powder ring", radius, rng.uniform(0.7, 2.5), strength)
        else:
            ring_spots(canvas, "powder ring", radius, int(rng.integers(10, 150)), 10 * strength, rng)


def jet_streak(canvas: Canvas, rng: np.random.Generator) -> None:
    """Light that the edge of the jet or nozzle throws across the beam: a fan of thin lines."""
    for _ in range(int(rng.integers(1, 4))):
        turn = canvas.polar.azimuth - np.float32(rng.uniform(-np.pi, np.pi))
        across = np.abs(np.sin(turn)) * canvas.polar.radius
        reach = np.float32(rng.uniform(40, 350))
        height = np.float32(canvas.noise * np.exp(rng.uniform(np.log(1), np.log(200))))
        width = np.float32(rng.uniform(0.6, 4.0))
        shape = np.exp(-0.5 * (across / width) ** 2 - canvas.polar.radius / reach)
        if rng.random() < 0.5:
            shape *= np.cos(turn) > 0
        canvas.photons += height * shape
        canvas.mark_where("jet streak", height * shape > 0.5 * canvas.noise / 7)


def slit_scatter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Short flares along the rows and columns through the direct beam."""
    for turn in (0.0, np.pi / 2):
        across = np.abs(np.sin(canvas.polar.azimuth - np.float32(turn))) * canvas.polar.radius
        height = np.float32(canvas.noise * np.exp(rng.uniform(0, np.log(50))))
        reach = np.float32(rng.uniform(20, 120))
        shape = np.exp(-0.5 * (across / np.float32(rng.uniform(0.7, 2.0))) ** 2 - canvas.polar.radius / reach)
        canvas.photons += height * shape
        canvas.mark_where("slit scatter", height * shape > 0.5 * canvas.noise / 7)
