"""`DensityMap`: a particle in three dimensions, from a file or made by code."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

Volume = npt.NDArray[np.float32]
BUILT_IN = "three lobes"
BUILT_IN_NAME = "built-in"
"""What stands for the built-in map where a file could be named."""
BOX_PX = 64
"""Edge of the maps and particle images that the orientation networks know."""
SMALLEST_PX, LARGEST_PX = 16, 512
"""Edges of a map in voxels that are taken: fewer hold no shape, and 512 voxels are half a gigabyte in
single precision."""


@dataclass(frozen=True, eq=False)
class DensityMap:
    """A cubic density map.

    Attributes
    ----------
    density
        ``(n, n, n)`` float32 indexed z, y, x, n even; the centre of rotation is voxel n // 2.
    pixel_size_A
        Edge of a voxel.
    name
        What to call it.
    """

    density: Volume
    pixel_size_A: float
    name: str

    @property
    def box_px(self) -> int:
        """Edge in voxels."""
        return int(self.density.shape[0])

    @property
    def diameter_A(self) -> float:
        """Longest diameter of what is denser than a tenth of the densest, about the centre of the box."""
        half = self.box_px // 2
        inside = np.argwhere(self.density > self.density.max() / 10) - half
        return float(2 * np.sqrt((inside**2).sum(axis=1).max()) * self.pixel_size_A) if len(inside) else 0.0


def built_in_map(box_px: int = BOX_PX, pixel_size_A: float = 5.0) -> DensityMap:
    """Make a particle of three lobes around a cleft, like human TFIID: handed, without any symmetry.

    Three large bodies in a horseshoe some 220 Å wide hold a hundred small domains at seeded places, so that
    there is detail down to about 12 Å.
    """
    rng = np.random.default_rng(1516)
    lobes = np.array([[-58.0, -30.0, 14.0], [2.0, 42.0, -22.0], [56.0, -26.0, 20.0]])
    widths = np.array([44.0, 40.0, 34.0])
    centres, sigmas, weights = [], [], []
    for lobe, width, domains in zip(lobes, widths, (42, 36, 26), strict=True):
        offsets = rng.normal(size=(domains, 3))
        offsets *= (width * rng.uniform(0.2, 1.0, domains) / np.linalg.norm(offsets, axis=1))[:, np.newaxis]
        centres.append(lobe + offsets)
        sigmas.append(rng.uniform(5.0, 8.0, domains))
        weights.append(rng.uniform(0.6, 1.6, domains))
    # The bridge that makes the horseshoe one body, open on one side.
    centres.append(np.array([[-30.0, 18.0, -6.0], [34.0, 20.0, 4.0], [-44.0, 6.0, -2.0]]))
    sigmas.append(np.array([11.0, 9.0, 9.0]))
    weights.append(np.array([0.8, 0.7, 0.6]))
    places, sigma, weight = np.concatenate(centres), np.concatenate(sigmas), np.concatenate(weights)
    # The mass of a blob goes with the cube of its width.
    middle = np.average(places, axis=0, weights=weight * sigma**3)
    density = blobs(places - middle, sigma, weight, box_px, pixel_size_A)
    return DensityMap(density, pixel_size_A, BUILT_IN)


def blobs(
    centres_A: npt.NDArray[np.float64],
    sigmas_A: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    box_px: int,
    pixel_size_A: float,
) -> Volume:
    """Add up Gaussian blobs at ``(n, 3)`` x, y, z from the centre; the peak of a blob is its weight."""
    axis = (np.arange(box_px) - box_px // 2) * pixel_size_A
    along = [
        np.exp(-((axis[np.newaxis] - centres_A[:, [i]]) ** 2) / (2 * sigmas_A[:, np.newaxis] ** 2))
        for i in range(3)
    ]
    density: Volume = np.einsum("n,nz,ny,nx->zyx", weights, along[2], along[1], along[0], optimize=True)
    return density.astype(np.float32)


def check_density(density: npt.NDArray[np.generic], name: str) -> None:
    """Raise `SciMLError` unless `density` can be a particle: cubic, finite, not constant, of usable size."""
    if density.ndim != 3 or len(set(density.shape)) != 1:
        shape = " x ".join(str(n) for n in density.shape)
        raise SciMLError(f"{name} has {shape} voxels and is not a cube", "crop or pad it to equal edges")
    if not SMALLEST_PX <= density.shape[0] <= LARGEST_PX:
        raise SciMLError(
            f"{name} has an edge of {density.shape[0]} voxels",
            f"give a map of {SMALLEST_PX} to {LARGEST_PX}; bin a larger one first",
        )
    if not np.isfinite(density).all():
        raise SciMLError(f"{name} holds NaN or infinity", "replace them first, for example by 0")
    if density.max() == density.min():
        raise SciMLError(f"{name} has the same value everywhere", "choose a map with a particle in it")


def load_map(path: str | os.PathLike[str], pixel_size_A: float | None = None) -> DensityMap:
    """Read a density map from an MRC file; ``built-in`` gives the built-in one.

    Parameters
    ----------
    pixel_size_A
        Edge of a voxel, where the file does not say (many state 0) or is wrong.

    Raises
    ------
    SciMLError
        If it cannot be read, is not a cube, or nobody says the edge of a voxel.
    """
    from napari_sciml.io import open_image

    if os.fspath(path) == BUILT_IN_NAME:
        return built_in_map()
    source = open_image(path)
    try:
        density = source.read((slice(None),) * source.ndim)
    finally:
        source.close()
    check_density(density, source.name)
    size = pixel_size_A or (source.pixel_size[-1] * 1e4 if source.pixel_size else None)
    if not size:
        raise SciMLError(f"{source.name} does not say its voxel size", "give it in Angstrom")
    return DensityMap(even(density.astype(np.float32)), float(size), source.name)


def even(density: Volume) -> Volume:
    """Crop a cube of odd edge by one voxel in Fourier space: odd boxes project inexactly.

    The plain transform is cropped, without centring, so that the centre of rotation stays voxel n // 2.
    """
    return density if density.shape[0] % 2 == 0 else fourier_resize(density, density.shape[0] - 1)


def fourier_resize(density: Volume, edge: int) -> Volume:
    """Return the cube with another, even edge over the same space, by cropping or padding its transform."""
    old = density.shape[0]
    spectrum = np.fft.fftn(density)
    half = min(old, edge) // 2
    # Frequencies 0 .. half - 1 and -half .. -1 of each axis are kept.
    keep_new = np.r_[0:half, edge - half : edge]
    keep_old = np.r_[0:half, old - half : old]
    result = np.zeros((edge, edge, edge), complex)
    result[np.ix_(keep_new, keep_new, keep_new)] = spectrum[np.ix_(keep_old, keep_old, keep_old)]
    resized: Volume = (np.fft.ifftn(result).real * (edge / old) ** 3).astype(np.float32)
    return resized


def fit_box(particle: DensityMap, box_px: int = BOX_PX, fill: float = 0.62) -> DensityMap:
    """Sample a map so that its diameter fills `fill` of a box of `box_px` voxels: the frame a network sees.

    The room around the particle takes what the CTF spreads, and shifts.
    """
    wanted = max(particle.diameter_A / (fill * box_px), 1e-6)
    # A cube of that many old voxels has the wanted size of a new voxel to within one part in its edge.
    edge = max(2 * round(wanted * box_px / particle.pixel_size_A / 2), 8)
    density = crop_or_pad(particle.density, edge)
    size = edge * particle.pixel_size_A / box_px
    return DensityMap(fourier_resize(density, box_px), size, particle.name)


def crop_or_pad(density: Volume, edge: int) -> Volume:
    """Return the cube cut or padded with its border's mean to `edge` voxels about voxel n // 2."""
    old = density.shape[0]
    border = float(np.mean([density[i].mean() for i in (0, -1)]))
    result = np.full((edge,) * 3, border, np.float32)
    low = old // 2 - edge // 2
    take = tuple(slice(max(low, 0), min(low + edge, old)) for _ in range(3))
    put = tuple(slice(max(-low, 0), max(-low, 0) + take[0].stop - take[0].start) for _ in range(3))
    result[put] = density[take]
    return result
