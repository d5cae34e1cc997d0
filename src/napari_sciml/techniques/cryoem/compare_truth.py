"""Compare a run with known particles: what was found, and whether the views are right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_sciml.techniques.cryoem.views.directions import taken_for_mirror

MATCH_DIAMETERS = 0.5
"""A pick within half a diameter of a particle has found it."""
FRAMES_APART = 1000
"""Diameters between the frames of a series, so that no pick is matched across frames."""


def pairs(found: pd.DataFrame, true: pd.DataFrame, diameter_px: float) -> np.ndarray:
    """Match picks to particles one-to-one: rows ``(n, 2)`` of both tables, which have ``frame, y, x``."""
    from napari_sciml.training.matching import match_points

    radius = MATCH_DIAMETERS * diameter_px
    # Frames are moved far apart, so that a pair always lies in one of them.
    spread = (FRAMES_APART * diameter_px, 1.0, 1.0)
    places = [table[["frame", "y", "x"]].to_numpy(float) * spread for table in (found, true)]
    return match_points(places[0], places[1], radius).pairs


def compare(found: pd.DataFrame, true: pd.DataFrame, diameter_px: float) -> str:
    """Return in sentences how many of the true particles were found, and how many views are right.

    Both tables have ``frame, y, x`` in pixels; the true one has ``view``, the found one too once sorted.
    """
    matched = pairs(found, true, diameter_px)
    precision = len(matched) / len(found) if len(found) else 0.0
    recall = len(matched) / len(true) if len(true) else 0.0
    text = (
        f"Against the known truth ({len(true)} particles, matched within half a diameter): "
        f"precision {precision:.3f}, recall {recall:.3f}."
    )
    if "view" not in found.columns:
        return text
    views = found["view"].to_numpy()[matched[:, 0]]
    truth = true["view"].to_numpy()[matched[:, 1]]
    named = views >= 0
    right = views == truth
    mirrored = taken_for_mirror(views, truth)
    share = right[named].mean() if named.any() else float("nan")
    return (
        f"{text} Of {len(matched)} particles found, {int(named.sum())} were named one of the 84 views, "
        f"{share:.3f} of these rightly ({int(mirrored.sum())} took a view for its mirror image)."
    )
