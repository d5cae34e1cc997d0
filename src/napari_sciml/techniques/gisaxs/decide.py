"""The tables of a run over GISAXS images, and the decision which of them are unknown. Pure and instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.techniques.gisaxs.context import GisaxsContext
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES

MAIN, SPOTS, EXPLAINED, FEATURES, FEATURE_LINES = "frames", "spots", "explained", "features", "feature_lines"
FAILED = "failed"
"""Label of a frame that could not be used."""
SPOT_COLUMNS = ("frame", "y", "x", "q_y", "q_z", "mirrored", "found", "contrast", "score", "label")
EXPLAINED_COLUMNS = (
    *("frame", "label", "spacing_nm", "spacing_low", "spacing_high", "horizon", "incidence_deg"),
    *("found", "predicted", "agreement"),
)
FEATURE_COLUMNS = (
    *("frame", "kind", "q_y", "q_z", "q", "width", "extent", "angle_deg", "strength", "y", "x"),
)
FEATURE_LINE_COLUMNS = ("frame", "feature", "y", "x")
UNSUPPORTED = 0.05
"""Agreement of the predicted spots with the image below which nothing but the network speaks for a
lattice: the frame is unknown unless its probability reaches `SURE`. Chosen on simulated lattices alone."""
SURE = 0.95
"""Probability from which a name stands although its spots agree less than `UNSUPPORTED`. Chosen on simulated
lattices alone; what it costs is in the model card (right names doubted for want of spots)."""
PROBABILITIES = tuple(f"p_{name}" for name in CLASSES)


def candidates(
    frames: Sequence[int], probabilities: Mapping[int, Any], explained: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return one row for each frame: ``frame``, a probability for each class, outlier score and agreement.

    The agreement is that of the predicted spots with the image, NaN where nothing was predicted. Frames
    without probabilities could not be used; they have NaN.
    """
    rows = np.full((len(frames), len(CLASSES)), np.nan)
    for row, frame in enumerate(frames):
        if frame in probabilities:
            rows[row] = probabilities[frame]
    table = pd.DataFrame(rows, columns=list(PROBABILITIES))
    table.insert(0, "frame", np.asarray(frames, np.int64))
    outlier = np.full(len(frames), np.nan)
    usable = ~np.isnan(rows).any(axis=1)
    outlier[usable] = outlier_score(rows[usable])
    table["outlier"] = outlier
    agreement = pd.Series(dtype=float) if explained is None else explained.set_index("frame")["agreement"]
    table["agreement"] = agreement.reindex(table["frame"]).to_numpy(float)
    return table


def joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Join the tables of all frames; an empty one has the columns too."""
    rows = [part for part in parts if len(part)]
    if not rows:
        return pd.DataFrame({name: np.empty(0) for name in columns})
    return pd.concat(rows, ignore_index=True)[list(columns)]


def decide(table: pd.DataFrame, threshold: float, context: GisaxsContext) -> dict[str, pd.DataFrame]:
    """Name the lattice of each frame, or call it unknown.

    Parameters
    ----------
    table
        What `candidates` gave.
    threshold
        Lowest probability of a name. Zero asks for every candidate, unsure ones included.

    Returns
    -------
    dict
        ``frames`` with a row for each frame, ``spots`` and ``explained`` of the known ones, and what was
        looked for besides.
    """
    probabilities = table[list(PROBABILITIES)].to_numpy()
    failed = np.isnan(probabilities).any(axis=1)
    best = np.where(failed, 0, np.nan_to_num(probabilities).argmax(axis=1))
    probability = np.where(failed, np.nan, probabilities[np.arange(len(probabilities)), best])
    outlying = table["outlier"].to_numpy() > context.outlier_limit
    unsupported = (table["agreement"].to_numpy() < UNSUPPORTED) & (probability < SURE)
    unsure = (probability < threshold) | (outlying | unsupported) & (threshold > 0)
    frames = table.copy()
    frames.insert(1, "label", np.where(failed, FAILED, np.array(CLASSES, dtype=object)[best]))
    frames.insert(2, "probability", probability)
    frames.insert(3, "unknown", failed | unsure)
    known = frames.loc[~frames["unknown"], "frame"]
    tables = {
        MAIN: frames,
        SPOTS: of_frames(context.spots, known),
        EXPLAINED: of_frames(context.explained, known),
    }
    if context.features is not None and context.feature_lines is not None:
        tables |= {FEATURES: context.features, FEATURE_LINES: context.feature_lines}
    return tables


def of_frames(table: pd.DataFrame, frames: pd.Series) -> pd.DataFrame:
    """Return the rows of these frames."""
    return table[table["frame"].isin(frames)].reset_index(drop=True)
