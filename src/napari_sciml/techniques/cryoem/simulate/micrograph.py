"""Whole micrographs of one particle with all truth, each from its own seed and made when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.cryoem.density.density_map import (
    DensityMap,
    built_in_map,
    crop_or_pad,
    fourier_resize,
    load_map,
)
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.simulate.compose import compose
from napari_sciml.techniques.cryoem.simulate.imaging import Exposure, Parts, expose, ice_gradient
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.simulate.scene import (
    FloatImage,
    Junk,
    carbon,
    contaminants,
    no_junk,
    place_particles,
    together,
)
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.mirror_views import mirror_directions

ROOM = 1.5
"""The box of a projection in particle diameters."""
LARGEST_BOX_PX = 256
"""Largest box of a simulated particle in pixels: bounds memory."""


@dataclass(frozen=True, eq=False)
class Micrograph:
    """One simulated micrograph.

    Attributes
    ----------
    image
        ``(h, w)`` float32 electrons; particles are dark.
    truth
        One row for each particle whose centre lies in the field: ``y, x, view, mirrored, rot_deg, tilt_deg,
        psi_deg``.
    ctf
        The CTF.
    junk
        ``(h, w)``, True on carbon and contaminants.
    parts
        Signal, ice and counts before the detector's blur.
    """

    image: FloatImage
    truth: pd.DataFrame
    ctf: Ctf
    junk: npt.NDArray[np.bool_]
    parts: Parts = field(repr=False)


def simulate_micrograph(spec: MicrographSpec, seed: int, number: int) -> Micrograph:
    """Simulate micrograph `number` of a set; the others need not exist."""
    rng = np.random.default_rng((5, seed, number))
    particle = particle_of(spec.map, spec.map_pixel_size_A, spec.pixel_size_A)
    diameter = particle.diameter_A / spec.pixel_size_A
    margin = particle.box_px // 2
    shape = (spec.size_px + 2 * margin, spec.size_px + 2 * margin)
    parts: list[Junk] = [no_junk(shape)]
    if rng.random() < spec.carbon:
        parts.append(carbon(rng, shape, diameter))
    if spec.contaminants:
        count = int(rng.integers(0, spec.contaminants + 1))
        parts.append(contaminants(rng, shape, diameter, count))
    junk = together(*parts)
    wanted = round(spec.particles * shape[0] * shape[1] / spec.size_px**2)
    places = place_particles(rng, shape, wanted, 0.95 * diameter, spec.clustering, junk.mask, 0)
    table = draw_angles(rng, len(places), spec)
    projections = project(particle, table[["rot_deg", "tilt_deg", "psi_deg"]].to_numpy())
    density, outlines = compose(projections, places, shape)
    ctf = ctf_of(spec, seed, number)
    exposure = Exposure(ctf, spec.pixel_size_A, spec.snr, spec.ice_share, spec.dose_e_per_A2)
    image, made = expose(rng, density, outlines, junk, ice_gradient(rng, shape, spec.gradient), exposure)
    inner = (slice(margin, -margin), slice(margin, -margin))
    table.insert(0, "y", places[:, 0] - margin)
    table.insert(1, "x", places[:, 1] - margin)
    within = table[["y", "x"]].ge(0).all(axis=1) & table[["y", "x"]].le(spec.size_px - 1).all(axis=1)
    return Micrograph(
        np.ascontiguousarray(image[inner]),
        table[within].reset_index(drop=True),
        ctf,
        junk.mask[inner],
        Parts(made.signal[inner], made.ice[inner], made.counts[inner]),
    )


def draw_angles(rng: np.random.Generator, count: int, spec: MicrographSpec) -> pd.DataFrame:
    """Draw views and angles: ``view, mirrored, rot_deg, tilt_deg, psi_deg``.

    A mirrored particle is seen from the opposite side and shows the mirror image of its view.
    """
    angles = view_angles()
    # The same few views in all micrographs of a set: how particles lie is a property of the sample.
    favour = np.random.default_rng(84).dirichlet(np.full(len(angles), 0.15))
    weights = (1 - spec.preferred) / len(angles) + spec.preferred * favour
    views = rng.choice(len(angles), count, p=weights / weights.sum())
    jitter = rng.uniform(-spec.jitter_deg, spec.jitter_deg, (count, 3))
    psi = rng.uniform(0, 360, count) if spec.in_plane == "any" else np.zeros(count)
    seen = np.c_[angles[views] + jitter[:, :2], psi + jitter[:, 2]]
    mirror = rng.random(count) < 0.5 if spec.sides == "both" else np.zeros(count, bool)
    if mirror.any():
        seen[mirror] = mirror_directions(seen[mirror])
    table = pd.DataFrame(seen, columns=["rot_deg", "tilt_deg", "psi_deg"])
    table.insert(0, "view", views)
    table.insert(1, "mirrored", mirror)
    return table


def ctf_of(spec: MicrographSpec, seed: int, number: int) -> Ctf:
    """Return the CTF of micrograph `number`, without making the micrograph.

    Raises
    ------
    SciMLError
        If the least defocus exceeds the greatest.
    """
    if spec.min_defocus_um > spec.max_defocus_um:
        raise SciMLError(
            f"The least defocus is {spec.min_defocus_um:g} um, the greatest {spec.max_defocus_um:g} um",
            "exchange them",
        )
    rng = np.random.default_rng((6, seed, number))
    defocus = 1e4 * float(rng.uniform(spec.min_defocus_um, spec.max_defocus_um))
    return Ctf(
        defocus,
        max(defocus - float(rng.uniform(0, spec.astigmatism_A)), 0.0),
        float(rng.uniform(0, 180)),
        spec.voltage_kV,
        spec.cs_mm,
        spec.amplitude_contrast,
        0.0,
        spec.b_factor_A2,
    )


@lru_cache(maxsize=2)
def particle_of(path: str | None, map_pixel_size_A: float | None, pixel_size_A: float) -> DensityMap:
    """Return the particle sampled with the micrograph's pixels, in a box with room around it.

    Raises
    ------
    SciMLError
        If the map cannot be used, or would be too large or too small in such pixels.
    """
    particle = load_map(path, map_pixel_size_A) if path else built_in_map()
    edge = 2 * round(ROOM * particle.diameter_A / particle.pixel_size_A / 2)
    box = 2 * round(edge * particle.pixel_size_A / pixel_size_A / 2)
    if not 12 <= box <= LARGEST_BOX_PX:
        raise SciMLError(
            f"{particle.name} is {particle.diameter_A:.0f} Å long, which is "
            f"{particle.diameter_A / pixel_size_A:.0f} px of {pixel_size_A:g} Å",
            "choose a pixel size that makes it 8 to 170 px long",
        )
    density = fourier_resize(crop_or_pad(particle.density, edge), box)
    return DensityMap(density, edge * particle.pixel_size_A / box, particle.name)
