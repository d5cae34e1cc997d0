"""The tables of a run over frames, and the decision which frames are hits. Pure and instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.findings import Findings

MAIN = "frames"
SPOTS = "spots"
NO_HIT = "no frame is a hit"
"""How the note of a run begins that says what to do then; the window reads it there."""
SPOT_COLUMNS = (
    *("frame", "y", "x", "score", "tile_row", "tile_column"),
    *("intensity", "snr", "pixels", "maximum", "saturated", "suspect"),
)
WHOLE = {"frame", "tile_row", "tile_column", "pixels"}


def gather(found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join the spots of all frames into the table of candidates.

    Each row is a spot in a tile that may hold Bragg spots: frame, centre in px, the tile's score, row and
    column of the tile, summed grey levels above the background, signal over noise, pixels that stand out,
    largest grey level, whether that is the detector's ceiling, and what it is suspected to be (`suspects`).
    """
    rows = [table for table in found if len(table)]
    if not rows:
        table = pd.DataFrame({name: np.empty(0) for name in SPOT_COLUMNS})
    else:
        table = pd.concat(rows, ignore_index=True)
    types: dict[str, Any] = {**dict.fromkeys(WHOLE, np.int64), "saturated": bool, "suspect": object}
    return table[list(SPOT_COLUMNS)].astype(types)


def decide(
    candidates: pd.DataFrame,
    threshold: float,
    min_tiles: int,
    *,
    frames: Sequence[int],
    failed: Sequence[int] = (),
) -> dict[str, pd.DataFrame]:
    """Decide which frames are hits.

    Parameters
    ----------
    candidates
        What `gather` gave.
    threshold
        Lowest score of a tile that counts.
    min_tiles
        Lowest number of such tiles in a hit.
    frames
        Every frame that was looked at, and among them the `failed` ones.

    Returns
    -------
    dict
        ``frames``: ``frame, hit, bragg_tiles, score, suspect_tiles``. The score is that of the tile that
        decides, the `min_tiles`-th best (NaN for a failed frame); suspect tiles hold suspects only and count
        as none. ``spots``: the candidates in tiles that count.
    """
    place = ["frame", "tile_row", "tile_column"]
    clear = candidates[candidates["suspect"] == ""]
    tiles = clear.drop_duplicates(place)
    ranked = tiles.sort_values("score", ascending=False).groupby("frame")["score"]
    deciding = ranked.nth(min_tiles - 1)
    deciding.index = tiles.loc[deciding.index, "frame"]
    numbers = np.asarray(frames, np.int64)

    def count(some: pd.DataFrame) -> pd.Series:
        seen = some[some["score"] >= threshold].drop_duplicates(place)
        return seen.groupby("frame").size().reindex(numbers, fill_value=0)

    found = count(clear).to_numpy()
    score = deciding.reindex(numbers, fill_value=0.0).to_numpy(float, copy=True)
    score[np.isin(numbers, np.asarray(failed, np.int64))] = np.nan
    table = pd.DataFrame(
        {
            "frame": numbers,
            "hit": found >= min_tiles,
            "bragg_tiles": found,
            "score": score,
            "suspect_tiles": count(candidates).to_numpy() - found,
        }
    )
    return {MAIN: table, SPOTS: clear[clear["score"] >= threshold].reset_index(drop=True)}


def advice_of(findings: Findings) -> str:
    """Return what the run noted where it had no hit; nothing otherwise."""
    return next((note for note in findings.provenance.notes if note.startswith(NO_HIT)), "")
