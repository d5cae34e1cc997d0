"""Frames, hits and hit rate: what the page of hits shows, made from findings. Pure and instant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.findings import Findings

POINTS_IN_CURVE = 10
"""The curve has about so many independent points, so that it shows drifts and not single frames."""
LARGEST_WINDOW = 1001
"""Frames over which the hit rate is averaged at the most, so that a change within a long run stays
visible."""


def hit_table(findings: Findings) -> pd.DataFrame:
    """Return one row for each frame.

    Returns
    -------
    DataFrame
        ``frame``, ``hit``, ``tiles`` (that count), ``score`` (of the tile that decides; NaN for a frame that
        could not be used), ``suspects`` (tiles left out as ice or powder) and ``spots``.
    """
    frames = findings.table
    spots = findings.tables["spots"]["frame"].value_counts()
    return pd.DataFrame(
        {
            "frame": frames["frame"].to_numpy(),
            "hit": frames["hit"].to_numpy(bool),
            "tiles": frames["bragg_tiles"].to_numpy(),
            "score": frames["score"].to_numpy(float),
            "suspects": frames["suspect_tiles"].to_numpy(),
            "spots": spots.reindex(frames["frame"], fill_value=0).to_numpy(),
        }
    )


def rate_window(frames: int) -> int:
    """Choose over how many frames the running hit rate is taken; odd, so that it has a middle."""
    return min(LARGEST_WINDOW, max(1, frames // POINTS_IN_CURVE)) | 1


def running_rate(
    hits: npt.NDArray[np.bool_], used: npt.NDArray[np.bool_], window: int
) -> npt.NDArray[np.float64]:
    """Return the share of hits among the usable frames of a window around each frame.

    Parameters
    ----------
    hits, used
        For each frame ``(n,)`` whether it is a hit, and whether it could be used at all.
    window
        Frames in the window; fewer at both ends.

    Returns
    -------
    ndarray
        ``(n,)``, 0 to 1; NaN where no frame of the window could be used.
    """
    half = window // 2
    positions = np.arange(len(hits))
    first, last = np.maximum(positions - half, 0), np.minimum(positions + half + 1, len(hits))
    found, counted = (np.concatenate([[0], np.cumsum(flags)]) for flags in (hits & used, used))
    found, counted = found[last] - found[first], counted[last] - counted[first]
    rate = np.full(len(hits), np.nan)
    np.divide(found, counted, out=rate, where=counted > 0)
    return rate
