"""Spots that one tile cannot tell from Bragg spots, but a whole frame can: those on rings.

A crystal's spots lie at all radii, those of ice or powder at a few. More spots within a narrow ring around
the beam than their neighbourhood explains (Poisson) are suspects. Where they are by far the most, the few
others are their stragglers: grains of the same powder whose rings are too thin to be noticed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

RING, STRAGGLER, NO_SUSPECT = "ring", "beside rings", ""
JUDGED_SCORE = 0.5
"""Tiles from this score on are looked at together."""
HALF_WIDTH_PX = 2.0
"""Half width in pixels of a ring on which spots may lie."""
AROUND_PX = 40.0
"""Half width in pixels of the surroundings of a ring that it is compared with."""
FEWEST_ON_RING = 4
"""Spots that make a ring at least."""
LEAST_LIKELY = 1e-4
"""Chance of so many spots on a ring by accident, below which they are suspect."""
STRAGGLERS = 0.3
"""At most so many tiles without a ring, for each with one, are stragglers. More would cost hits in which a
crystal diffracts beside ice; set on runs of the kinds that are trained on."""

FloatArray = npt.NDArray[np.float64]


def suspects(spots: pd.DataFrame, beam: tuple[float, float] | None) -> npt.NDArray[np.object_]:
    """Name what each spot of one frame is suspected to be.

    Parameters
    ----------
    spots
        Columns ``y, x, score, tile_row, tile_column``, one frame only.
    beam
        Direct beam (row, column) in pixels; without it nothing is suspected.

    Returns
    -------
    ndarray
        ``(n,)`` of `RING`, `STRAGGLER` or `NO_SUSPECT`.
    """
    named = np.full(len(spots), NO_SUSPECT, object)
    judged = np.flatnonzero(spots["score"].to_numpy() >= JUDGED_SCORE)
    if beam is None or not len(judged):
        return named
    chosen = spots.iloc[judged]
    rings = on_rings(np.hypot(chosen["y"].to_numpy() - beam[0], chosen["x"].to_numpy() - beam[1]))
    named[judged[rings]] = RING
    if count_tiles(chosen[~rings]) < STRAGGLERS * count_tiles(chosen[rings]):
        named[judged[~rings]] = STRAGGLER
    return named


def count_tiles(spots: pd.DataFrame) -> int:
    """Count the tiles that spots lie in."""
    return len(spots.drop_duplicates(["tile_row", "tile_column"]))


def on_rings(radii: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which of the spots at `radii` ``(n,)`` in pixels share a narrow ring with too many others."""
    from scipy.special import pdtrc

    ordered = np.sort(radii)

    def within(reach: float) -> npt.NDArray[np.int64]:
        high = np.searchsorted(ordered, radii + reach, "right")
        return np.asarray(high - np.searchsorted(ordered, radii - reach, "left"), np.int64)

    here, near, wide = (within(reach) for reach in (HALF_WIDTH_PX, 2 * HALF_WIDTH_PX, AROUND_PX))
    # Where the neighbourhood is empty, the whole frame's density holds.
    everywhere = len(radii) / max(float(np.ptp(radii)), 4 * AROUND_PX)
    density = np.maximum((wide - near) / (2 * (AROUND_PX - 2 * HALF_WIDTH_PX)), everywhere / 2)
    # The spot itself says nothing: the chance that at least here - 1 others lie beside it.
    chance = pdtrc(np.maximum(here - 2, 0), density * 2 * HALF_WIDTH_PX)
    crowded = (here >= FEWEST_ON_RING) & (chance < LEAST_LIKELY)
    # Spots at the rim of a crowded ring belong to it.
    return np.asarray([np.abs(radii[crowded] - r).min(initial=np.inf) <= HALF_WIDTH_PX for r in radii], bool)
