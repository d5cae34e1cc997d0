"""Whether a picture of a film stands on its head, told by the sample's horizon.

Below the horizon the film hides what it scatters: the picture is dark there, and brightest just above. Seen
upwards it turns bright in a step and dim slowly; upside down it is the other way round.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.network_square import MISSING

BAND_PX = 8
"""Rows of the square on either side of a step whose means are compared; set by hand, 4 and 12 find fewer."""
LEAST_MEASURED_PX = 20
"""A row of the square with fewer measured pixels says nothing."""
SURE_STEP = -0.6
"""A picture whose `horizon_step` is lower stands on its head: 0 of 1,671 simulated training squares (95 %
interval up to 0.2 %) and 0 of 200 pictures of HipGISAXS do, and 49 % and 94 % of the same turned over."""
DOUBTED_STEP = -0.2
"""From there on the network decides: it does where it is surer of the lattice of the picture turned over. Of
the squares that are named this calls 0.5 % wrong, and of those turned over that would be named, 62 % are told
(of HipGISAXS 0 and 94 %)."""


def horizon_step(square: npt.NDArray[np.float32]) -> float:
    """Return by how much a network's square ``(100, 100)`` turns bright in a step, seen upwards.

    Returns
    -------
    float
        The largest step to the bright less the largest to the dark, in standard deviations of the picture's
        logarithm: negative if it stands on its head, 0 where nothing can be told.
    """
    measured = square != MISSING
    logs = np.where(measured, np.log1p(np.clip(square, 0, None, dtype=np.float64)), 0.0)
    counts = measured.sum(axis=1)
    rows = logs.sum(axis=1)[counts >= LEAST_MEASURED_PX] / counts[counts >= LEAST_MEASURED_PX]
    spread = float(logs[measured].std()) if measured.any() else 0.0
    if len(rows) < 4 * BAND_PX or spread <= 0:
        return 0.0
    sums = np.concatenate([[0.0], np.cumsum(rows)])
    at = np.arange(BAND_PX, len(rows) - BAND_PX + 1)
    # Row 0 is the largest q_z.
    steps = (2 * sums[at] - sums[at - BAND_PX] - sums[at + BAND_PX]) / BAND_PX
    return float((steps.max() + steps.min()) / spread)
