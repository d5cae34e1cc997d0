"""Bright or dark: the grey of a candidate's core against its rim, and which of the two are fibres.

The networks see no absolute grey, so in tightly packed fibres without a dark ring the gap between three
bright fibres looks to them like one dark fibre. A scan has one kind or the other; its surest candidates
say which.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

CORE_PX = 2.0
"""Diameter in pixels of the network's patch over which a fibre's core is averaged."""
RIM_PX = 6.5
"""Radius in pixels of the network's patch at which a fibre's surroundings are read."""
SURE = 0.5
"""Candidates from this score on have a say."""
MAJORITY = 0.65
"""Share of the say that one kind needs for the other to be dropped."""
CLEARLY_OTHER = 0.5
"""Auto drops only what is this far on the other side, in typical contrasts of the majority: a fibre as
grey as its matrix stays."""


def core_contrast(
    field: npt.NDArray[np.floating], rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return mean core minus mean rim at positions in a field ``(h, w)`` where fibres are 13.5 px across.

    In standard deviations of the field, so that the grey scale does not matter.
    """
    from scipy.ndimage import map_coordinates

    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    means = []
    for radius in (CORE_PX / 2, RIM_PX):
        around = [
            rows[:, None] + radius * np.sin(angles),
            columns[:, None] + radius * np.cos(angles),
        ]
        means.append(map_coordinates(field, around, order=1, mode="nearest").mean(axis=1))
    spread = max(float(field.std(dtype=np.float64)), 1e-12)
    difference: npt.NDArray[np.float64] = np.asarray(means[0] - means[1], np.float64) / spread
    return difference


def of_one_kind(candidates: pd.DataFrame, kind: str) -> npt.NDArray[np.bool_]:
    """Return which candidates are bright, dark or any, by `kind`; ``auto`` follows a clear majority.

    Parameters
    ----------
    candidates
        With the columns ``score`` and ``contrast``.
    kind
        ``auto``, ``any``, ``bright`` or ``dark``.
    """
    contrast = candidates["contrast"].to_numpy()
    everything = np.ones(len(candidates), np.bool_)
    bright: npt.NDArray[np.bool_] = contrast > 0
    if kind in ("bright", "dark"):
        return bright if kind == "bright" else ~bright
    sure = candidates["score"].to_numpy() >= SURE
    if kind == "any" or not sure.any():
        return everything
    say = np.where(sure, candidates["score"], 0.0) ** 2
    share = float(say[bright].sum() / say.sum())
    if 1 - MAJORITY < share < MAJORITY:
        return everything
    towards = contrast if share >= MAJORITY else -contrast
    typical = float(np.median(towards[sure & (towards > 0)]))
    kept: npt.NDArray[np.bool_] = towards > -CLEARLY_OTHER * typical
    return kept
