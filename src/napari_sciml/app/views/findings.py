"""Findings with the views of their picks and the 3-D map, so that all of it is saved together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.app.views.picks import COLUMNS, keys
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import with_values
from napari_sciml.techniques.cryoem.decide import MAIN, VIEW_COLUMNS
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.particles_to_map import merged
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult


def with_picks(findings: Findings, picks: pd.DataFrame) -> Findings:
    """Return `findings` with the picks as a person left them; unchanged if nobody changed any.

    Picks go on to other programs, which shall not meet those that a person took away. What the model found is
    among the candidates still.
    """
    if keys(picks) == keys(findings.table):
        return findings
    return replace(findings, tables={**findings.tables, MAIN: picks[list(COLUMNS)].reset_index(drop=True)})


def with_views(
    findings: Findings,
    picks: pd.DataFrame,
    result: ViewsResult,
    made: Reconstruction | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Findings:
    """Return `findings` with the views of their particles, the averages and the map.

    Parameters
    ----------
    findings
        As they are decided now.
    picks
        As they are on screen now.
    result
        The sorted particles, a person's own picks among them.
    made
        The 3-D map, if one was built.
    settings
        What the sorting was told, for the run record.
    """
    settings_then = with_values(findings.settings, dict(settings or {}))
    record = findings.provenance.model_copy(update={"settings": settings_then.model_dump(mode="json")})
    found = merged(replace(findings, provenance=record, settings=settings_then), result, made)
    return replace(found, tables={**found.tables, MAIN: all_particles(picks, result)})


def all_particles(picks: pd.DataFrame, result: ViewsResult) -> pd.DataFrame:
    """Return every sorted particle, and behind them the picks that are there now and were not sorted.

    The latter have view -1 as those that are none of the 84, but no probability: nobody looked.
    """
    looked_at = set(keys(result.table))
    columns = [*COLUMNS, *VIEW_COLUMNS]
    missing = picks[[key not in looked_at for key in keys(picks)]][list(COLUMNS)]
    if not len(missing):
        return result.table[columns].reset_index(drop=True)
    later = missing.reindex(columns=columns)
    for name in VIEW_COLUMNS:
        later[name] = {"view": NO_VIEW, "mirrored": False}.get(name, np.nan)
    return pd.concat([result.table[columns], later], ignore_index=True).astype({"view": np.int64})
