"""Spots that one tile cannot tell from Bragg spots, but a whole frame can: rings, and few but strong ones.

A ring: a crystal's spots lie at all radii, those of ice or powder at a few. More spots within a narrow ring
around the beam than their neighbourhood explains (Poisson) are suspects.

Salt: the intensities of one crystal spread over decades (Wilson 1949: exponential), so that most of the
spots that can be seen are weak. A frame whose spots are few and all very strong holds no protein crystal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

RING, SALT, NO_SUSPECT = "ring", "salt", ""
JUDGED_SCORE = 0.5
"""Tiles from this score on are looked at together."""
HALF_WIDTH_PX = 2.0
AROUND_PX = 40.0
FEWEST_ON_RING = 4
LEAST_LIKELY = 1e-4
STRONG_SNR = 60.0
MOST_STRONG = 12

FloatArray = npt.NDArray[np.float64]


def suspects(spots: pd.DataFrame, beam: tuple[float, float] | None) -> npt.NDArray[np.object_]:
    """Name what each spot of one frame is suspected to be.

    Parameters
    ----------
    spots
        Columns ``y, x, snr, score, tile_row, tile_column``, one frame only.
    beam
        Direct beam (row, column) in pixels; None leaves rings out.

    Returns
    -------
    ndarray
        ``(n,)`` of `RING`, `SALT` or `NO_SUSPECT`.
    """
    named = np.full(len(spots), NO_SUSPECT, object)
    judged = np.flatnonzero(spots["score"].to_numpy() >= JUDGED_SCORE)
    if not len(judged):
        return named
    chosen = spots.iloc[judged]
    rings = np.zeros(len(judged), bool)
    if beam is not None:
        radii = np.hypot(chosen["y"].to_numpy() - beam[0], chosen["x"].to_numpy() - beam[1])
        rings = on_rings(radii)
        named[judged[rings]] = RING
    rest = chosen[~rings]
    # A strong spot has several maxima; the brightest of a tile stands for it.
    tops = rest.groupby(["tile_row", "tile_column"])["snr"].max()
    if 0 < len(tops) <= MOST_STRONG and float(tops.min()) > STRONG_SNR:
        named[judged[~rings]] = SALT
    return named


def no_suspects(spots: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Suspect nothing."""
    return np.full(len(spots), NO_SUSPECT, object)


def on_rings(radii: FloatArray) -> npt.NDArray[np.bool_]:
    """Say which of the spots at `radii` ``(n,)`` in pixels share a narrow ring with too many others."""
    from scipy.stats import poisson

    ordered = np.sort(radii)

    def within(reach: float) -> npt.NDArray[np.int64]:
        high = np.searchsorted(ordered, radii + reach, "right")
        return np.asarray(high - np.searchsorted(ordered, radii - reach, "left"), np.int64)

    here, near, wide = (within(reach) for reach in (HALF_WIDTH_PX, 2 * HALF_WIDTH_PX, AROUND_PX))
    # The spot itself says nothing; where the neighbourhood is empty, the whole frame's density holds.
    everywhere = len(radii) / max(float(np.ptp(radii)), 4 * AROUND_PX)
    density = np.maximum((wide - near) / (2 * (AROUND_PX - 2 * HALF_WIDTH_PX)), everywhere / 2)
    chance = poisson.sf(here - 2, density * 2 * HALF_WIDTH_PX)
    crowded = (here >= FEWEST_ON_RING) & (chance < LEAST_LIKELY)
    # Spots at the rim of a crowded ring belong to it.
    return np.asarray([np.abs(radii[crowded] - r).min(initial=np.inf) <= HALF_WIDTH_PX for r in radii], bool)
