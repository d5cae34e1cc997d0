"""The tables of a run over micrographs, and the decision which picks count. Pure and instant."""

from __future__ import annotations

import pandas as pd

from napari_sciml.core.findings import Findings
from napari_sciml.techniques.cryoem.context import CryoEMContext

MAIN = "particles"
VIEWS = "views"
FSC = "fsc"
DARKER, LIGHTER = "particles darker", "particles lighter"
"""How the note of a run begins that says what its particles were taken for; the window reads it there."""
VIEW_COLUMNS = ("view", "view_probability", "psi_deg", "shift_y", "shift_x", "mirrored")


def decide(candidates: pd.DataFrame, threshold: float, context: CryoEMContext) -> dict[str, pd.DataFrame]:
    """Keep the candidates with at least this score.

    Returns
    -------
    dict
        ``particles``: ``frame, y, x, score`` in pixels of the micrograph, best first within each; after
        sorting also the columns of `VIEW_COLUMNS`, and the tables ``views`` and ``fsc``.
    """
    tables = {MAIN: candidates[candidates["score"] >= threshold].reset_index(drop=True)}
    made = {VIEWS: context.views, FSC: context.fsc}
    return {**tables, **{name: table for name, table in made.items() if table is not None}}


def contrast_of(findings: Findings) -> str:
    """Return what particles were taken for and why, as the run noted it; nothing in old records."""
    return next((note for note in findings.provenance.notes if note.startswith((DARKER, LIGHTER))), "")


def particles_in(findings: Findings, frame: int) -> str:
    """Return how many particles a micrograph holds, for the canvas."""
    count = int((findings.table["frame"] == frame).sum())
    return f"{count} particle{'' if count == 1 else 's'}"
