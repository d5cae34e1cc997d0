"""The sample of microCT: a simulated slab of a ceramic-matrix composite, which ships as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_sciml.core.source import ImageSource

if TYPE_CHECKING:
    import pandas as pd

    from napari_sciml.core.findings import Findings

FOLDER = Path(__file__).parent
IMAGE, TRUTH = "cmc_phantom.tif", "cmc_phantom_truth.csv"
NAME = "CMC phantom"
MATCH_RADIUS_PX = 4.0
"""A find belongs to a known centre if it lies within this distance."""


def cmc_phantom() -> ImageSource:
    """Open the slab: 24 slices of 256 x 256 px."""
    from dataclasses import replace

    from napari_sciml.io import open_image

    return replace(open_image(FOLDER / IMAGE), name=NAME)


def truth() -> pd.DataFrame:
    """Return the true centres: ``z, y, x`` in pixels, and what else is known of each."""
    import pandas as pd

    return pd.read_csv(FOLDER / TRUTH)


def compare_truth(findings: Findings) -> str:
    """Compare the fibres with the true centres."""
    return truth_line(findings.table, truth())


def truth_line(found: pd.DataFrame, true: pd.DataFrame) -> str:
    """Return how well the known centres were found; both tables have the columns ``z, y, x`` in pixels."""
    from napari_sciml.training.matching import match_points

    # Slices are moved far apart, so that a pair always lies in one slice.
    spread = (1000 * MATCH_RADIUS_PX, 1.0, 1.0)
    places = [table[["z", "y", "x"]].to_numpy(float) * spread for table in (found, true)]
    result = match_points(places[0], places[1], MATCH_RADIUS_PX)
    return (
        f"Against the known truth ({result.true} centres, matched within {MATCH_RADIUS_PX:g} px): "
        f"precision {result.precision:.3f}, recall {result.recall:.3f}, F1 {result.f1:.3f}."
    )
