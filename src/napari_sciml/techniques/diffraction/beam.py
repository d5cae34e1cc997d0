"""Where the direct beam meets the detector, found from the background of a few frames.

Air, water and windows scatter in rings around the beam. The beam is where the background changes least
along circles; shadows, gaps and the polarisation of the beam are left to a robust mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.local_noise import BLOCK_PX

FloatArray = npt.NDArray[np.float32]
REACH = 0.15
"""How far from the middle the beam is looked for, as a share of the frame's edge."""
TRIMMED = 0.4
"""Share of blocks that may disagree: shadows, gaps, edges."""
MOST_BLOCKS = 12_000
"""Blocks of the frame that the search for the beam looks at, at the most: bounds its time."""
STARTS = 8
"""Places from which the search is refined, the best first."""
ROUNDS = 3
"""Rounds in which the profile is made again without them."""
MOST_UNEVEN = 0.6
"""A beam is believed if the background varies so much less along circles than over the frame."""


@dataclass(frozen=True)
class BeamFinder:
    """The background of a run, `background` ``(h/8, w/8)``, and where it was measured, `known`."""

    background: FloatArray
    known: npt.NDArray[np.bool_]

    @classmethod
    def from_backgrounds(cls, backgrounds: Sequence[FloatArray], known: npt.NDArray[np.bool_]) -> BeamFinder:
        """Take the median of several frames, each brought to the same brightness."""
        scaled = [frame / max(float(np.median(frame[known])), 1e-6) for frame in backgrounds]
        return cls(np.median(scaled, axis=0).astype(np.float32), known)

    def find(self) -> tuple[float, float] | None:
        """Return the beam in pixels (row, column; pixel centres at integers), or None if nothing is round."""
        from scipy.optimize import minimize

        if self.known.sum() < 200:
            return None
        rows, columns = np.nonzero(self.known)
        some = slice(None, None, max(1, len(rows) // MOST_BLOCKS))
        rows, columns = rows[some], columns[some]
        values = np.log(np.maximum(self.background[rows, columns], 1e-3)).astype(np.float64)
        middle = (np.array(self.background.shape) - 1) / 2
        step = REACH * max(self.background.shape) / 3
        offsets = [np.array([y, x]) * step for y in range(-3, 4) for x in range(-3, 4)]

        def uneven(center: npt.NDArray[np.float64]) -> float:
            return unevenness(rows - center[0], columns - center[1], values)

        # Shadows and noise make hollows besides the true one, so the deepest of several is taken.
        starts = sorted((middle + offset for offset in offsets), key=uneven)[:STARTS]
        found = min(
            (
                minimize(
                    uneven, start, method="Nelder-Mead", options={"initial_simplex": simplex(start, step)}
                )
                for start in starts
            ),
            key=lambda result: float(result.fun),
        )
        if np.abs(found.x - middle).max() > 1.5 * REACH * max(self.background.shape):
            return None
        if found.fun > MOST_UNEVEN * trimmed_mean(np.abs(values - np.median(values))):
            return None
        y, x = found.x * BLOCK_PX + (BLOCK_PX - 1) / 2
        return float(y), float(x)


def simplex(start: npt.NDArray[np.float64], size: float) -> npt.NDArray[np.float64]:
    """Return the three corners that the search begins with."""
    return start + size / 2 * np.array([[0.0, 0.0], [1.0, 0.3], [-0.3, 1.0]])


def unevenness(
    y: npt.NDArray[np.float64], x: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> float:
    """Return the trimmed mean distance of `values` from the smooth profile over the radius.

    Opposite halves see the polarisation alike, which is why it does not move the minimum.
    """
    radius = np.hypot(y, x)
    whole = radius.astype(np.int64)
    part = radius - whole
    count = int(whole.max()) + 2
    trust = np.ones_like(values)
    for _ in range(ROUNDS):
        inner, outer = trust * (1 - part), trust * part
        weight = np.bincount(whole, inner, count) + np.bincount(whole + 1, outer, count)
        total = np.bincount(whole, inner * values, count) + np.bincount(whole + 1, outer * values, count)
        profile = total / np.maximum(weight, 1e-9)
        away = np.abs(values - profile[whole] * (1 - part) - profile[whole + 1] * part)
        kept = int((1 - TRIMMED) * len(away))
        trust = np.where(away <= np.partition(away, kept - 1)[kept - 1], 1.0, 1e-3)
    return trimmed_mean(away)


def trimmed_mean(away: npt.NDArray[np.float64]) -> float:
    """Return the mean of the smaller distances `away` ``(n,)``, without the share `TRIMMED`."""
    kept = int((1 - TRIMMED) * len(away))
    return float(np.partition(away, kept - 1)[:kept].mean())
