"""One still: which reflections a crystal in a random orientation throws on the detector, and how strong.

Ewald's construction with a finite excitation error (see the formulas beside each function). Lengths of
reciprocal space are in 1/Angstrom, the detector in millimetres and pixels, angles in radians.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.diffraction.simulate.crystals import CrystalForm, Reflections

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Beam:
    """Wavelength in Angstrom, rms relative bandwidth and horizontal polarisation."""

    wavelength_A: float = 1.300
    bandwidth: float = 1.3e-3
    polarisation: float = 0.999


@dataclass(frozen=True)
class DetectorGeometry:
    """Where the detector stands: distance and pixel in mm, direct beam in pixels (row, column)."""

    distance_mm: float
    pixel_mm: float
    center: tuple[float, float]

    def radius_px(self, d_A: npt.ArrayLike, wavelength_A: float) -> Array:
        """Radius of a powder ring: ``D tan(2 asin(lambda / 2d)) / px``."""
        angle = 2 * np.arcsin(np.minimum(wavelength_A / (2 * np.asarray(d_A, np.float64)), 0.7))
        return np.asarray(self.distance_mm * np.tan(angle) / self.pixel_mm)


@dataclass(frozen=True)
class Crystal:
    """A crystal in the beam.

    Attributes
    ----------
    domain_A, mosaicity
        Size of a coherent domain, and rms angular spread of the domains.
    b_factor_A2
        Fall-off ``exp(-2 B s^2)`` with ``s = 1 / 2d``.
    photons
        Photons of a mean reflection at low resolution, fully recorded.
    rotation
        Orientation ``(3, 3)``.
    """

    domain_A: float
    mosaicity: float
    b_factor_A2: float
    photons: float
    rotation: Array


@dataclass(frozen=True)
class Spots:
    """Spots on a detector, arrays ``(n,)``; `radial` and `tangential` are rms widths in pixels."""

    y: Array
    x: Array
    photons: Array
    radial: Array
    tangential: Array
    d_A: Array

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: npt.NDArray[np.generic]) -> Spots:
        """Return some of them."""
        return Spots(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def random_rotation(rng: np.random.Generator) -> Array:
    """Draw a rotation uniformly from SO(3), by way of a random unit quaternion."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def excitation_width(q: Array, crystal: Crystal, beam: Beam) -> Array:
    """Return sigma of the excitation error: domain size, mosaicity and bandwidth in quadrature."""
    cos_theta = np.sqrt(np.maximum(1 - (beam.wavelength_A * q / 2) ** 2, 0))
    domain = 0.44 / crystal.domain_A
    return np.asarray(
        np.sqrt(
            domain**2
            + (q * crystal.mosaicity * cos_theta) ** 2
            + (beam.bandwidth * beam.wavelength_A * q**2 / 2) ** 2
        )
    )


def recorded(
    form: CrystalForm, table: Reflections, crystal: Crystal, beam: Beam
) -> tuple[npt.NDArray[np.int64], Array, Array]:
    """Find the reflections near the Ewald sphere.

    Returns
    -------
    index, q, fraction
        Row in `table`, scattering vector ``(m, 3)`` and recorded fraction ``exp(-eps^2 / 2 sigma^2)``.
    """
    turn = crystal.rotation @ form.reciprocal
    # |k0 + q| - 1/lambda is about q_z + lambda q^2 / 2: cheap, and good enough to choose by.
    rough = table.hkl @ turn[2].astype(np.float32) + np.float32(0.5 * beam.wavelength_A) * table.square
    widest = float(excitation_width(np.array([1 / form.d_min_A]), crystal, beam)[0])
    near = np.flatnonzero(np.abs(rough) < 5.0 * widest)
    chosen = table.hkl[near].astype(np.float64) @ turn.T
    outgoing = chosen + np.array([0.0, 0.0, 1 / beam.wavelength_A])
    error = np.linalg.norm(outgoing, axis=1) - 1 / beam.wavelength_A
    width = excitation_width(np.linalg.norm(chosen, axis=1), crystal, beam)
    fraction = np.exp(-(error**2) / (2 * width**2))
    kept = fraction > 1e-4
    return near[kept], chosen[kept], fraction[kept]


def make_still(
    form: CrystalForm,
    table: Reflections,
    crystal: Crystal,
    beam: Beam,
    geometry: DetectorGeometry,
    spot_px: float,
) -> Spots:
    """Return the spots of a still; `spot_px` is the rms size that beam and crystal give every spot."""
    index, q, fraction = recorded(form, table, crystal, beam)
    outgoing = q + np.array([0.0, 0.0, 1 / beam.wavelength_A])
    forward = outgoing[:, 2] > 0.2 / beam.wavelength_A
    index, q, fraction, outgoing = index[forward], q[forward], fraction[forward], outgoing[forward]
    length = np.linalg.norm(q, axis=1)
    d = 1 / length
    theta = np.arcsin(np.minimum(beam.wavelength_A * length / 2, 1))
    mean = crystal.photons * protein_envelope(d) * np.exp(-2 * crystal.b_factor_A2 * (length / 2) ** 2)
    azimuth = np.arctan2(outgoing[:, 1], outgoing[:, 0])
    factor = polarisation(theta, azimuth, beam.polarisation) * np.cos(2 * theta) ** 3
    reach = geometry.distance_mm / geometry.pixel_mm
    radial = reach * beam.bandwidth * np.tan(2 * theta) / np.cos(2 * theta)
    tangential = reach * crystal.mosaicity * 2 * np.sin(theta) / np.cos(2 * theta)
    return Spots(
        y=geometry.center[0] + reach * outgoing[:, 1] / outgoing[:, 2],
        x=geometry.center[1] + reach * outgoing[:, 0] / outgoing[:, 2],
        photons=mean * table.e2[index] * fraction * factor,
        radial=np.hypot(spot_px, radial),
        tangential=np.hypot(spot_px, tangential),
        d_A=d,
    )


def polarisation(theta: Array, azimuth: Array, degree: float) -> Array:
    """Return the polarisation factor; the electric field lies along the rows (x)."""
    double = 2 * theta
    return np.asarray(0.5 * (1 + np.cos(double) ** 2 - degree * np.cos(2 * azimuth) * np.sin(double) ** 2))


def protein_envelope(d_A: Array) -> Array:
    """Return the shape of proteins' mean intensity: a dip near 6 and a bump near 4.5 Angstrom."""
    dip = 0.45 * np.exp(-(((d_A - 6.0) / 1.1) ** 2))
    return np.asarray(1 - dip + 0.5 * np.exp(-(((d_A - 4.5) / 0.7) ** 2)))


def draw_spots(photons: npt.NDArray[np.float32], spots: Spots, center: tuple[float, float]) -> None:
    """Add spots to a field of expected photons ``(h, w)``, in place: a sheared Gaussian with a broad foot.

    Five in a hundred photons go into a Moffat-like foot that reaches out to several widths.
    """
    if not len(spots):
        return
    widest = float(np.max(np.maximum(spots.radial, spots.tangential)))
    half = int(np.clip(np.ceil(3.2 * widest + 2), 4, 14))
    steps = np.arange(-half, half + 1)
    iy, ix = np.rint(spots.y).astype(int), np.rint(spots.x).astype(int)
    rows, columns = iy[:, None, None] + steps[:, None], ix[:, None, None] + steps
    dy, dx = rows - spots.y[:, None, None], columns - spots.x[:, None, None]
    angle = np.arctan2(spots.y - center[0], spots.x - center[1])[:, None, None]
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    # A pixel collects over its own width: 1/12 of variance more.
    wide, high = (np.sqrt(w**2 + 1 / 12)[:, None, None] for w in (spots.radial, spots.tangential))
    shape = np.exp(-0.5 * ((along / wide) ** 2 + (across / high) ** 2))
    foot = (1 + ((along / wide) ** 2 + (across / high) ** 2) / 4) ** -2.0
    shape = 0.95 * shape / shape.sum(axis=(1, 2), keepdims=True) + 0.05 * foot / foot.sum(
        axis=(1, 2), keepdims=True
    )
    amount = shape * spots.photons[:, None, None]
    fits = (rows >= 0) & (rows < photons.shape[0]) & (columns >= 0) & (columns < photons.shape[1])
    flat = (rows * photons.shape[1] + columns)[fits]
    np.add.at(photons.ravel(), flat, amount[fits].astype(np.float32))
