"""Why an image got its label: the Bragg spots of the lattice, fitted to the image, each found or missing.

The fit needs no geometry beyond q: a reflection lies at its own height and, mirrored by the substrate, twice
the horizon higher, where the horizon is the vertical wavenumber of the incoming beam. `spot_fit` finds the
distance of neighbours and the horizon; here every spot is looked at by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.lattices.spot_fit import (
    FARTHEST,
    SIZE,
    Fit,
    Scales,
    fit_lattice,
    horizons_to_try,
    make_local_contrast,
    make_scales,
    spacing_limits,
    weights,
)
from napari_sciml.techniques.gisaxs.lattices.spots import reflections
from napari_sciml.techniques.gisaxs.local_contrast import Bools, Floats, LogImage, fold, log_image

FALSE_ALARM = 0.05
"""Share of places away from all predicted spots that would be called found: the rate of false alarms by
definition."""
LEAST_CONTRAST = 3.0
"""Contrast of a spot below which it is never called found, in standard deviations of the local contrast."""
STRONG = 0.3
"""Spots of less than this share of the largest weight do not count in the agreement: weak ones are often not
seen."""
FAINT = 0.05
"""Spots of less than this share are not even listed: nobody would see them."""
ROD = 0.12
"""Spots closer to the specular rod than this, in ``2 pi / d``, do not count either: it is bright anyhow."""
FEWEST_PLACES = 40
"""Places without a spot from which the limit of a found one can be read; among fewer all must lie below."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """A lattice fitted to an image.

    Attributes
    ----------
    lattice
        Name of the class.
    spacing_nm, spacing_low, spacing_high
        Distance of nearest neighbours and its 95 % interval, nm (see `spot_fit.Fit`).
    horizon
        Vertical wavenumber of the incoming beam ``k0 sin(incidence)``, 1/nm.
    spots
        Predicted spots that lie on measured pixels: ``q_y, q_z`` (1/nm), ``mirrored`` (the upper of a pair),
        ``strength``, ``contrast`` (of the brightest place nearby over its surroundings, in robust standard
        deviations), ``found`` (see `FALSE_ALARM`), ``counted`` (whether it counts in the agreement),
        ``weight``.
    agreement
        Weighted share of the counted spots that were found, 0 to 1; 0 if none counts.
    fit
        How well the pattern as a whole fits, in standard deviations of the local contrast; too many
        and too few predicted spots both lower it.
    """

    lattice: str
    spacing_nm: float
    spacing_low: float
    spacing_high: float
    horizon: float
    spots: pd.DataFrame
    agreement: float
    fit: float


def fit_spots(
    image: QImage,
    lattice: str,
    horizon: float | None = None,
) -> Explanation:
    """Fit the spots of a lattice to an image, with the distance of neighbours and the horizon free.

    Parameters
    ----------
    image
        Linear intensities or counts of any scale, NaN where nothing was measured.
    lattice
        One of the seven classes.
    horizon
        Vertical wavenumber of the incoming beam, 1/nm, if it is known: it is looked for near it (2 %).
        Otherwise between 0.03 and 0.35 1/nm.

    Raises
    ------
    SciMLError
        If nothing was measured, the lattice is unknown, or no spot of the lattice lies within the image.
    """
    log = log_image(image)
    folded = fold(log)
    scales = make_scales(folded, spacing_limits(folded))
    return explain(log, scales, lattice, horizons_to_try(folded, horizon), horizon)


def explain(
    log: LogImage, scales: Scales, lattice: str, horizons: Array, expected: float | None = None
) -> Explanation:
    """Fit one lattice and look at each of its spots."""
    fit = fit_lattice(scales, lattice, horizons, expected)
    spots = predict(log, lattice, fit)
    spots = mark_found(log, spots, 2 * math.pi / fit.spacing_nm)
    counted = spots["weight"].where(spots["counted"], 0.0)
    total = float(counted.sum())
    agreement = float(counted[spots["found"]].sum()) / total if total > 0 else 0.0
    return Explanation(
        lattice, fit.spacing_nm, fit.low, fit.high, fit.horizon, spots, agreement, fit.score
    )  # fmt: skip


def predict(log: LogImage, lattice: str, fit: Fit) -> pd.DataFrame:
    """List the spots of a fitted lattice that lie on measured pixels, each reflection up to four times."""
    unit = 2 * math.pi / fit.spacing_nm
    found = reflections(lattice, FARTHEST)
    weight = weights(found)
    beside = found.q_par > 1e-6
    weight = weight / weight[beside].max()
    parts = []
    for mirrored in (False, True):
        height = found.q_z * unit + (2 * fit.horizon if mirrored else 0.0)
        for side in (-1, 1):
            kept = (height > fit.horizon) & (height <= log.qz) & (weight >= FAINT) & (beside | (side > 0))
            parts.append(
                pd.DataFrame(
                    {
                        "q_y": side * found.q_par[kept] * unit,
                        "q_z": height[kept],
                        "mirrored": mirrored,
                        "strength": found.strength[kept] * np.where(beside[kept], 0.5, 1.0),
                        "weight": weight[kept],
                        "counted": (found.q_par[kept] > ROD) & (weight[kept] >= STRONG),
                    }
                )
            )
    spots = pd.concat(parts, ignore_index=True)
    row, column = pixels(log, spots)
    rows, columns = log.values.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    inside[inside] = log.measured[row[inside], column[inside]]
    within: pd.DataFrame = spots[inside].reset_index(drop=True)
    return within


def pixels(log: LogImage, spots: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return row and column of spots, also outside of the image."""
    row = np.rint((log.qz - spots["q_z"].to_numpy(float)) / log.step_z).astype(np.int64)
    column = np.rint((spots["q_y"].to_numpy(float) - log.qy) / log.step_y).astype(np.int64)
    return row, column


def mark_found(log: LogImage, spots: pd.DataFrame, unit: float) -> pd.DataFrame:
    """Add to each spot its contrast and whether it was found.

    A spot is found if the brightest place around it stands out more than around 95 % of all places that are
    near no predicted spot, and by three standard deviations. Those on the specular rod are compared with
    places on the rod.
    """
    from scipy.ndimage import maximum_filter

    out, valid = make_local_contrast(log, 2 * math.pi / unit, 0.0)
    row, column = pixels(log, spots)
    down, right = (
        max(1, round(size * unit / step)) for size, step in zip(SIZE, (log.step_z, log.step_y), strict=True)
    )
    seen = out[valid]
    spread = 1.4826 * float(np.median(np.abs(seen - np.median(seen)))) if seen.size else 0.0
    if spread <= 0:
        spread = float(seen.std()) if seen.size and seen.std() > 0 else 1.0
    # The local contrast of a place is 0 where nothing was measured, which is no maximum of anything bright.
    contrast = maximum_filter(out, (2 * down + 1, 2 * right + 1), mode="nearest") / spread
    beside_rod = np.abs(log.q_y) > ROD * unit
    # Spots of thin films are streaks along q_z.
    free = valid & far_from(log.values.shape, row, column, 5 * down, 3 * right)
    beside, on_rod = (limit(contrast, free & columns) for columns in (beside_rod, ~beside_rod))
    here = contrast[row, column].astype(np.float64)
    return spots.assign(contrast=here, found=here > np.where(beside_rod[column], beside, on_rod))


def far_from(
    shape: tuple[int, ...], row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], down: int, right: int
) -> Bools:
    """Return which pixels are more than `down` rows or `right` columns away from all places."""
    from scipy.ndimage import maximum_filter

    marks = np.zeros(shape, bool)
    marks[row, column] = True
    return np.asarray(~maximum_filter(marks, (2 * down + 1, 2 * right + 1), mode="constant"), bool)


def limit(contrast: Floats, places: Bools) -> float:
    """Return the contrast that only a share `FALSE_ALARM` of the places reaches, or all if there are few."""
    if not places.any():
        return LEAST_CONTRAST
    share = FALSE_ALARM if places.sum() >= FEWEST_PLACES else 0.0
    return max(LEAST_CONTRAST, float(np.quantile(contrast[places], 1 - share)))
