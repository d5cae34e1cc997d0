"""A whole specimen: slices are painted, projected, detected and reconstructed together."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.progress import Progress, drive
from napari_sciml.techniques.microct.simulate import imaging
from napari_sciml.techniques.microct.simulate.packing import Fibers, place_fibers
from napari_sciml.techniques.microct.simulate.rasterise import make_backdrop, paint_slice
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec


@dataclass(frozen=True)
class Phantom:
    """A reconstructed specimen and what is truly in it.

    Attributes
    ----------
    volume
        Grey values ``(z, y, x)``, uint8.
    truth
        One row for each fibre cross-section whose centre lies in the field: ``z, y, x`` (px, centres),
        ``diameter_px`` (with coating), ``tilt_deg``, ``fiber`` (number of the fibre).
    solid
        Share of each pixel that is not pore or air, ``(z, y, x)``.
    tow
        Whether a pixel lies in a tow, ``(z, y, x)``.
    spec, seed
        What was asked for.
    """

    volume: npt.NDArray[np.uint8]
    truth: pd.DataFrame
    solid: npt.NDArray[np.float32]
    tow: npt.NDArray[np.bool_]
    spec: PhantomSpec
    seed: int

    @property
    def pixel_size_um(self) -> float:
        """Edge of a voxel in micrometres."""
        return self.spec.pixel_size_um


def simulate_volume(spec: PhantomSpec, seed: int) -> Phantom:
    """Make a specimen and its scan; the same spec and seed give the same bytes."""
    return drive(simulate(spec, seed))


def simulate(spec: PhantomSpec, seed: int) -> Generator[Progress, None, Phantom]:
    """Make a specimen slice by slice, yielding progress; returns the `Phantom`."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    fibers = place_fibers(spec, rng)
    backdrop = make_backdrop(spec, rng)
    offsets = (np.arange(spec.slices) - (spec.slices - 1) / 2) * spec.slice_step_px
    painted = [paint_slice(spec, fibers, backdrop, float(z)) for z in offsets]

    angles = np.linspace(0, 180 - spec.missing_wedge_deg, spec.angles, endpoint=False)
    angles = (angles + rng.uniform(0, 180)) % 180
    both = np.concatenate([[s.mu_per_um for s in painted], [s.delta for s in painted]])
    paths = imaging.project(both, angles) * spec.pixel_size_um
    lines = imaging.detect(paths[: spec.slices], paths[spec.slices :], spec, rng)
    volume = np.empty((spec.slices, spec.size_px, spec.size_px), np.float32)
    for number, sinogram in enumerate(lines):
        image = imaging.reconstruct(sinogram, angles, spec.axis_error_px)
        volume[number] = gaussian_filter(image, spec.denoise_px) if spec.denoise_px else image
        yield Progress(number + 1, spec.slices, "slices")
    return Phantom(
        volume=imaging.grey_levels(volume, rng),
        truth=tabulate(spec, fibers, offsets),
        solid=np.stack([s.solid for s in painted]),
        tow=np.stack([s.tow for s in painted]),
        spec=spec,
        seed=seed,
    )


def tabulate(spec: PhantomSpec, fibers: Fibers, offsets: npt.NDArray[np.floating]) -> pd.DataFrame:
    """List every cross-section whose centre lies in the field."""
    rows: list[tuple[float, ...]] = []
    tilts = fibers.tilts_deg()
    diameters = 2 * (fibers.radii_px + fibers.coating_px)
    for z, offset in enumerate(offsets):
        centers = fibers.centers_at(float(offset))
        inside = ((centers >= 0) & (centers <= spec.size_px - 1)).all(axis=1)
        rows.extend((z, *centers[n], diameters[n], tilts[n], int(n)) for n in np.flatnonzero(inside))
    return pd.DataFrame(rows, columns=["z", "y", "x", "diameter_px", "tilt_deg", "fiber"])
