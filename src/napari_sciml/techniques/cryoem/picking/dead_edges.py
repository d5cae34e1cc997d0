"""Dead rims: rows and columns at the edge of a micrograph that repeat each other or hold one value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

QUIET = 0.2
"""A dead edge's pixels differ from the next row's by less than this share of what they do inside."""
LARGEST_SHARE = 0.25
"""Share of the rows or columns that may be dead on one side: where there are more it is the picture that is
flat."""


def dead_edges(frame: npt.NDArray[Any]) -> tuple[int, int, int, int]:
    """Return the widths of the dead edges in pixels: top, bottom, left, right.

    Motion correction fills what it cannot know with copies of the last good row. Compression leaves them
    nearly, not exactly, alike.
    """
    pixels = np.asarray(frame, np.float32)
    down = np.nanmedian(np.abs(np.diff(pixels[:, :: max(1, pixels.shape[1] // 512)], axis=0)), axis=1)
    across = np.nanmedian(np.abs(np.diff(pixels[:: max(1, pixels.shape[0] // 512)], axis=1)), axis=0)
    top, bottom = quiet_ends(down)
    left, right = quiet_ends(across)
    return top, bottom, left, right


def quiet_ends(steps: npt.NDArray[np.floating]) -> tuple[int, int]:
    """Count the quiet steps at both ends, one more each for the row that they repeat; 0 if there are none."""
    limit = QUIET * float(np.median(steps))
    loud = np.flatnonzero(steps > limit)
    if not len(loud):
        return 0, 0
    ends = [int(loud[0]), int(len(steps) - 1 - loud[-1])]
    most = LARGEST_SHARE * len(steps)
    first, last = (end + 1 if 0 < end <= most else 0 for end in ends)
    return first, last
