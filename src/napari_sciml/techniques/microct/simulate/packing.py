"""Where fibres lie: tows filled at random, pushed apart where they overlap and together where they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.microct.simulate.spec import PhantomSpec
from napari_sciml.techniques.microct.simulate.tows import in_band, in_tow, place_bands, place_tows


@dataclass(frozen=True)
class Fibers:
    """Fibres of a specimen at its middle slice; every array has one row for each fibre.

    Attributes
    ----------
    centers_px
        ``(n, 2)`` rows and columns, pixel centres at integers.
    radii_px
        Radius without the coating.
    coating_px
        Mean thickness of the coating.
    slopes
        ``(n, 2)`` shift of the centre for each pixel along z (tangent of the tilt).
    wander_px, wander_phase
        Amplitude ``(n, 2)`` and phase ``(n, 2)`` of the slow departure from a straight line.
    outline
        ``(n, 4)`` relative amplitudes (cos 2a, sin 2a, cos 3a, sin 3a) of the outline.
    coating_skew
        ``(n, 2)`` relative unevenness of the coating (cos a, sin a).
    debond
        ``(n, 2)`` direction times thickness in pixels of an open crescent; zero where bonded.
    tows
        ``(m, 5)`` ellipses: row, column, two half axes, angle.
    bands
        ``(k, 4)`` plies whose fibres lie in the slice: row, column, half width, angle.
    """

    centers_px: npt.NDArray[np.float64]
    radii_px: npt.NDArray[np.float64]
    coating_px: npt.NDArray[np.float64]
    slopes: npt.NDArray[np.float64]
    wander_px: npt.NDArray[np.float64]
    wander_phase: npt.NDArray[np.float64]
    outline: npt.NDArray[np.float64]
    coating_skew: npt.NDArray[np.float64]
    debond: npt.NDArray[np.float64]
    tows: npt.NDArray[np.float64]
    bands: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.radii_px)

    def centers_at(self, z_px: float) -> npt.NDArray[np.float64]:
        """Return the centres ``(n, 2)`` at `z_px` pixels from the middle slice."""
        wander = self.wander_px * (
            np.sin(self.wander_phase + 2 * np.pi * z_px / 800) - np.sin(self.wander_phase)
        )
        centers: npt.NDArray[np.float64] = self.centers_px + self.slopes * z_px + wander
        return centers

    def tilts_deg(self) -> npt.NDArray[np.float64]:
        """Return the angle of each fibre to the slicing axis."""
        tilts: npt.NDArray[np.float64] = np.degrees(np.arctan(np.hypot(*self.slopes.T)))
        return tilts


def place_fibers(spec: PhantomSpec, rng: np.random.Generator) -> Fibers:
    """Fill the tows of a specimen with fibres."""
    tows, bands = place_tows(spec, rng), place_bands(spec, rng)
    centers, radii, coatings, members = fill_tows(spec, tows, bands, rng)
    touch(centers, radii + coatings, spec.touching_fraction, rng)
    count = len(radii)

    tow_slopes = np.tan(np.radians(rng.normal(0, spec.tilt_deg / 1.5, (len(tows), 2))))
    slopes = tow_slopes[members] + np.tan(np.radians(rng.normal(0, 0.3, (count, 2))))
    misfits = rng.random(count) < spec.misfit_fraction
    angle = rng.uniform(0, 2 * np.pi, count)
    steep = np.tan(np.radians(rng.uniform(5, 10, count)))
    slopes[misfits] = np.stack([steep * np.cos(angle), steep * np.sin(angle)], axis=1)[misfits]

    debonded = rng.random(count) < spec.debonded_fraction
    direction = rng.uniform(0, 2 * np.pi, count)
    gap_px = np.where(debonded, rng.uniform(0.5, 1.8, count), 0.0)
    return Fibers(
        centers_px=centers,
        radii_px=radii,
        coating_px=coatings,
        slopes=slopes,
        wander_px=rng.uniform(0.5, 2.5, (count, 2)),
        wander_phase=rng.uniform(0, 2 * np.pi, (count, 2)),
        outline=rng.normal(0, spec.fiber_roughness, (count, 4)) * [1.0, 1.0, 0.5, 0.5],
        coating_skew=rng.normal(0, 0.25, (count, 2)),
        debond=np.stack([gap_px * np.cos(direction), gap_px * np.sin(direction)], axis=1),
        tows=tows,
        bands=bands,
    )


def fill_tows(
    spec: PhantomSpec,
    tows: npt.NDArray[np.float64],
    bands: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Throw fibres into each tow up to its area fraction, then push overlapping ones apart.

    Gives centres ``(n, 2)``, radii, coatings and the tow of each fibre.
    """
    size = spec.size_px
    mean_radius = spec.fiber_diameter_um / spec.pixel_size_um / 2
    coating = spec.coating_um / spec.pixel_size_um
    outer = mean_radius + coating
    centers, members = [], []
    for number, tow in enumerate(tows):
        count = round(spec.volume_fraction * tow[2] * tow[3] / outer**2)
        # Twice as many as needed in the tow's box, of which those inside it and in no earlier one stay.
        points = tow[:2] + rng.uniform(-1, 1, (8 * count, 2)) * tow[2]
        inside = in_tow(tow, points) <= 1
        for earlier in tows[:number]:
            inside &= in_tow(earlier, points) > 1
        centers.append(points[inside][:count])
        members.append(np.full(len(centers[-1]), number))
    center, member = np.concatenate(centers), np.concatenate(members)
    count = len(center)
    radii = mean_radius * np.clip(rng.normal(1, spec.fiber_diameter_spread, count), 0.8, 1.25)
    coatings = coating * rng.uniform(0.7, 1.3, count)
    crowded = push_apart(center, radii + coatings)
    keep = ~crowded & (np.hypot(*(center - size / 2).T) < 0.46 * size - outer)
    keep &= ~in_band(bands, center, margin_px=outer)
    return center[keep], radii[keep], coatings[keep], member[keep]


def push_apart(
    centers: npt.NDArray[np.float64], outer: npt.NDArray[np.float64], rounds: int = 120
) -> npt.NDArray[np.bool_]:
    """Move overlapping discs apart, in place, and say which of them still overlap a neighbour deeply."""
    from scipy.spatial import cKDTree

    reach = 2 * float(outer.max(initial=1.0))
    for _ in range(rounds):
        pairs = cKDTree(centers).query_pairs(reach, output_type="ndarray")
        delta = centers[pairs[:, 1]] - centers[pairs[:, 0]]
        distance = np.maximum(np.hypot(*delta.T), 1e-6)
        overlap = outer[pairs].sum(axis=1) - distance
        close = overlap > 0
        if not close.any():
            break
        step = delta[close] / distance[close, None] * (0.5 * overlap[close, None])
        np.add.at(centers, pairs[close, 0], -step)
        np.add.at(centers, pairs[close, 1], step)
    crowded = np.zeros(len(centers), np.bool_)
    pairs = cKDTree(centers).query_pairs(reach, output_type="ndarray")
    distance = np.hypot(*(centers[pairs[:, 1]] - centers[pairs[:, 0]]).T)
    deep = distance < 0.9 * outer[pairs].sum(axis=1)
    for first, second in pairs[deep]:
        if not crowded[first]:
            crowded[second] = True
    return crowded


def touch(
    centers: npt.NDArray[np.float64],
    outer: npt.NDArray[np.float64],
    fraction: float,
    rng: np.random.Generator,
) -> None:
    """Move some fibres, in place, along the line to their nearest neighbour until they touch it."""
    for mover in np.flatnonzero(rng.random(len(centers)) < fraction):
        delta = centers - centers[mover]
        distance = np.hypot(*delta.T)
        gaps = distance - outer - outer[mover]
        gaps[mover] = np.inf
        partner = int(np.argmin(gaps))
        target = centers[mover] + delta[partner] / distance[partner] * gaps[partner]
        others = np.hypot(*(centers - target).T) - outer - outer[mover]
        others[[mover, partner]] = np.inf
        if len(others) < 3 or others.min() > 0:
            centers[mover] = target
