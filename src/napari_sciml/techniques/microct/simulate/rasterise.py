"""Paint one slice of a specimen: attenuation and refraction of every pixel, with partial volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.microct.simulate.materials import phase
from napari_sciml.techniques.microct.simulate.packing import Fibers
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec
from napari_sciml.techniques.microct.simulate.tows import in_tow, lying_fibers

Field = npt.NDArray[np.float32]
SUPERSAMPLE = 2
"""Points along each edge of a pixel at which materials are read, for partial volumes."""


@dataclass(frozen=True)
class Slice:
    """One painted slice.

    Attributes
    ----------
    mu_per_um, delta
        Attenuation (1/um) and refractive decrement of each pixel ``(size, size)``.
    solid
        Share of each pixel that is not pore or air.
    tow
        Whether a pixel lies inside a tow.
    """

    mu_per_um: Field
    delta: Field
    solid: Field
    tow: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Backdrop:
    """What is the same in all slices of a specimen: smooth random fields and inclusions."""

    growth: Field
    void: Field
    mottle: Field
    inclusions: npt.NDArray[np.float64]
    band_seeds: npt.NDArray[np.int64]


def make_backdrop(spec: PhantomSpec, rng: np.random.Generator) -> Backdrop:
    """Draw the random fields of a specimen."""
    inclusions = np.column_stack(
        [rng.uniform(0.1, 0.9, (spec.inclusions, 2)) * spec.size_px, rng.uniform(0.8, 3.5, spec.inclusions)]
    )
    return Backdrop(
        growth=smooth_noise(spec.size_px, 30, rng),
        void=smooth_noise(spec.size_px, 14, rng),
        mottle=smooth_noise(spec.size_px, 1.6, rng),
        inclusions=inclusions,
        band_seeds=rng.integers(2**31, size=spec.bands),
    )


def smooth_noise(size: int, scale_px: float, rng: np.random.Generator) -> Field:
    """Return a standardised Gaussian random field that varies over about `scale_px`."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.normal(size=(size, size)), scale_px, mode="wrap")
    result: Field = (field / field.std()).astype(np.float32)
    return result


def paint_slice(spec: PhantomSpec, fibers: Fibers, backdrop: Backdrop, z_px: float) -> Slice:
    """Paint the slice at `z_px` pixels from the middle.

    Each phase covers a pixel by the signed distance to its border (a linear ramp one sub-pixel wide), and
    2x2 sub-pixels are averaged, so that rings thinner than a pixel keep their area.
    """
    from scipy.ndimage import distance_transform_edt

    fine = SUPERSAMPLE
    size = spec.size_px
    rows = (np.arange(size * fine) + 0.5) / fine - 0.5
    core, coated = paint_fibers(fibers, fibers.centers_at(z_px), rows, fine)

    def up(field: Field) -> Field:
        return np.repeat(np.repeat(field, fine, axis=0), fine, axis=1)

    grid = np.stack(np.meshgrid(rows, rows, indexing="ij"), axis=-1).astype(np.float32)
    for band, seed in zip(fibers.bands, backdrop.band_seeds, strict=True):
        inside, lying_core, lying_coated = lying_fibers(spec, band, grid, z_px, int(seed))
        core = np.where(inside, lying_core, core)
        coated = np.where(inside, lying_coated, coated)
    gap = (distance_transform_edt(coated < 0.5) / fine).astype(np.float32)
    tow_radius2 = np.min([in_tow(tow, grid) for tow in fibers.tows], axis=0)
    growth_px = spec.growth_um / spec.pixel_size_um * np.exp(0.25 * up(backdrop.growth))
    matrix = cover(gap - growth_px, fine)
    if spec.infill:
        between = np.clip((tow_radius2 - 1.05) / 0.1, 0, 1) * cover(up(backdrop.void) * 3 - 5.5, fine)
        matrix = np.maximum(matrix, between)
    radius = np.hypot(grid[..., 0] - (size - 1) / 2, grid[..., 1] - (size - 1) / 2)
    sample = cover(radius - 0.47 * size, fine)

    sic = phase("matrix", spec.energy_kev)
    fiber = phase("fiber", spec.energy_kev)
    coat = phase(spec.coating, spec.energy_kev)
    # The drawn ratio scales the fibre, so that 0.78 leaves the tabulated physics as it is.
    contrast = spec.fiber_matrix_ratio / (fiber.mu_per_um / sic.mu_per_um)
    rims = 1 + spec.rim_contrast * np.cos(2 * np.pi * gap / 4.5) * np.exp(-gap / 12)
    solid = matrix * (1 - coated)
    grain = 1 + spec.mottle * up(backdrop.mottle) * np.clip(1.5 - tow_radius2, 0.2, 1.0)
    mu = sic.mu_per_um * solid * rims + coat.mu_per_um * (coated - core) + fiber.mu_per_um * contrast * core
    delta = sic.delta * solid * rims + coat.delta * (coated - core) + fiber.delta * contrast * core
    mu, delta = mu * grain, delta * grain
    for row, column, size_px in backdrop.inclusions:
        spot = cover(np.hypot(grid[..., 0] - row, grid[..., 1] - column) - size_px, fine) * (1 - coated)
        mu, delta = mu + spot * sic.mu_per_um * 0.5, delta + spot * sic.delta * 0.5

    def down(field: npt.NDArray[np.floating]) -> Field:
        mean: Field = field.reshape(size, fine, size, fine).mean(axis=(1, 3)).astype(np.float32)
        return mean

    return Slice(
        mu_per_um=down(mu * sample),
        delta=down(delta * sample),
        solid=down(np.maximum(solid, coated) * sample),
        tow=down(tow_radius2) <= 1,
    )


def cover(distance_px: npt.NDArray[np.floating], fine: int) -> npt.NDArray[np.floating]:
    """Return the share of a sub-pixel inside a border at a signed distance (negative is inside)."""
    share: npt.NDArray[np.floating] = np.clip(0.5 - distance_px * fine, 0, 1)
    return share


def paint_fibers(
    fibers: Fibers, centers: npt.NDArray[np.float64], rows: npt.NDArray[np.float64], fine: int
) -> tuple[Field, Field]:
    """Return the share of each sub-pixel covered by fibre cores and by coated fibres."""
    count = len(rows)
    core = np.zeros((count, count), np.float32)
    coated = np.zeros((count, count), np.float32)
    for number, centre in enumerate(centers):
        reach = fibers.radii_px[number] * 1.2 + fibers.coating_px[number] * 2 + 1
        low = np.clip(np.floor((centre - reach + 0.5) * fine).astype(int), 0, count)
        high = np.clip(np.ceil((centre + reach + 0.5) * fine).astype(int), 0, count)
        if (high <= low).any():
            continue
        window = (slice(low[0], high[0]), slice(low[1], high[1]))
        inner, outer = borders(fibers, number, rows[window[0]] - centre[0], rows[window[1]] - centre[1])
        core[window] = np.maximum(core[window], cover(inner, fine))
        coated[window] = np.maximum(coated[window], cover(outer, fine))
    return np.minimum(core, coated), coated


def borders(
    fibers: Fibers, number: int, dy: npt.NDArray[np.float64], dx: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the signed distances (px, negative inside) to the core and to the coating of one fibre."""
    y, x = dy[:, None], dx[None, :]
    slope = fibers.slopes[number]
    norm2 = float(slope @ slope)
    if norm2 > 1e-12:
        # A tilted cylinder is cut as an ellipse, longer by 1/cos(tilt) along the tilt.
        along = (y * slope[0] + x * slope[1]) / norm2 * (1 / np.sqrt(1 + norm2) - 1)
        y, x = y + along * slope[0], x + along * slope[1]
    distance = np.hypot(y, x)
    angle = np.arctan2(y, x)
    a, b, c, d = fibers.outline[number]
    border = fibers.radii_px[number] * (
        1 + a * np.cos(2 * angle) + b * np.sin(2 * angle) + c * np.cos(3 * angle) + d * np.sin(3 * angle)
    )
    skew = 1 + fibers.coating_skew[number] @ np.array([np.cos(angle).ravel(), np.sin(angle).ravel()])
    coating = fibers.coating_px[number] * np.clip(skew.reshape(angle.shape), 0.1, 2.0)
    crescent = fibers.debond[number]
    opening = np.clip(crescent[0] * np.sin(angle) + crescent[1] * np.cos(angle), 0, None)
    return distance - border + opening, distance - border - coating
