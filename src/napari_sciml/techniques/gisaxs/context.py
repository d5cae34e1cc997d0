"""What a run over GISAXS images keeps beside candidates and settings."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from napari_sciml.core.context import Context


@dataclass(frozen=True, eq=False)
class GisaxsContext(Context):
    """Facts of one run.

    Attributes
    ----------
    spots
        Predicted spots of all frames; those of unknown frames are not shown.
    explained
        How well the spots of each frame's lattice explain it.
    features, feature_lines
        Peaks, rings, arcs and lines, and their corners; None if nobody asked for them.
    outlier_limit
        Outlier score above which a frame is unknown whatever its probability; of the model.
    """

    spots: pd.DataFrame
    explained: pd.DataFrame
    features: pd.DataFrame | None
    feature_lines: pd.DataFrame | None
    outlier_limit: float
