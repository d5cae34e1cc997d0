"""Where two results of one image differ: things that one of them has alone, and things they call otherwise.

Works on overlays and tables, so it knows no technique: points, tiles, frames and views.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.findings import Findings, PointsOverlay, TilesOverlay
from napari_sciml.core.source import SPATIAL_AXES
from napari_sciml.layers.points import overlay_positions
from napari_sciml.layers.styles import style_for
from napari_sciml.layers.tiles import grid_of, tile_flags
from napari_sciml.training.matching import match_points

Kind = Literal["first", "second", "other"]
FIRST: Kind = "first"
SECOND: Kind = "second"
OTHER: Kind = "other"
"""Only one of the two has it, or both have it and call it otherwise."""
KIND, WHAT = "kind", "what"
UNKNOWN = "unknown"
SERIES_COLUMNS = ("frame", "t")
FRAME_SHARE = 1 / 12
"""Size of the mark in the middle of a frame that is called otherwise, as a share of the frame."""


@dataclass(frozen=True)
class Count:
    """How many things of a kind the two have together, alone, or call otherwise."""

    things: str
    agreed: int
    first: int = 0
    second: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """Number of things that at least one of the two has."""
        return self.agreed + self.first + self.second + self.other


@dataclass(frozen=True)
class Comparison:
    """What became of two results of one image.

    Attributes
    ----------
    names
        What the first and the second are called, for example ``("float32", "int8")``.
    columns
        Columns of `table` that give the position, one for each axis of the image.
    table
        One row for each difference: position in pixels of the image, ``kind``, ``what`` in words, the score
        that each gave (NaN where it gave none) and ``size``, the diameter of the thing in pixels.
    counts
        The things that were compared.
    side_px
        Shorter side of a slice or frame.
    """

    names: tuple[str, str]
    columns: tuple[str, ...]
    table: pd.DataFrame
    counts: tuple[Count, ...]
    side_px: int = 1

    @property
    def scores(self) -> tuple[str, str]:
        """Names of the two columns of scores."""
        return score_columns(self.names)

    def for_file(self) -> pd.DataFrame:
        """Return the table without what only a layer needs."""
        return self.table.drop(columns=[KIND, "size"])


def compare(first: Findings, second: Findings, names: tuple[str, str]) -> Comparison:
    """Find where two results of the same image and technique differ, as they are decided now."""
    columns = first.overlays[0].columns
    parts: list[pd.DataFrame] = []
    counts: list[Count] = []
    pair = (first, second)
    for tiles in first.tiles:
        parts.append(_tiles(pair, tiles, names, columns, counts))
    for overlay in first.overlays:
        # Predicted points follow the label of their frame, and spots lie in tiles: both are compared there.
        if not overlay.found and not first.tiles:
            parts.append(_points(pair, overlay, names, counts))
    if {"frame"} <= set(first.table) and {"hit", "label"} & set(first.table):
        parts.append(_frames(pair, names, columns, counts))
    rows = [part for part in parts if len(part)]
    empty = _rows(columns, names, np.empty((0, len(columns))), OTHER, [], np.empty(0), np.empty(0), 1.0)
    table = pd.concat(rows, ignore_index=True) if rows else empty
    shape = np.array(first.provenance.source.shape)
    side_px = int(shape[~slices_apart(first, columns)].min())
    ordered = table.sort_values(list(columns), ignore_index=True)
    return Comparison(names, columns, ordered, tuple(counts), side_px)


def score_columns(names: tuple[str, str]) -> tuple[str, str]:
    """Make two column names of what the results are called."""
    plain = [re.sub(r"\W+", "_", name).strip("_") for name in names]
    return f"score_{plain[0]}", f"score_{plain[1]}"


def alone(name: str) -> str:
    """Return the sentence that only one of the two has something."""
    return f"only {name}"


def left_out(name: str, by: str) -> str:
    """Return the sentence that the other saw it as surely but left it out by another rule."""
    return f"{alone(name)}; {by} left it out, not for its score"


def slices_apart(findings: Findings, columns: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return for each position column whether things at different values have nothing to do with each other.

    These are frames, and the slices of a volume that is looked through slice by slice.
    """
    axes = findings.provenance.source.axes
    spatial = [i for i, axis in enumerate(axes) if axis in SPATIAL_AXES]
    apart = np.array([name in SERIES_COLUMNS for name in columns])
    if len(spatial) == 3 and not apart[spatial].any():
        apart[spatial[int(findings.provenance.settings.get("axis") or 0)]] = True
    return apart


def _points(
    pair: tuple[Findings, Findings], overlay: PointsOverlay, names: tuple[str, str], counts: list[Count]
) -> pd.DataFrame:
    radius = max(overlay.diameter_px / 2, 1.0)
    # A step from slice to slice counts as farther than any match.
    steps = np.where(slices_apart(pair[0], overlay.columns), 4 * radius, 1.0)
    places = [overlay_positions(findings, overlay) for findings in pair]
    matching = match_points(places[0] * steps, places[1] * steps, radius)
    tables = [findings.tables[overlay.table] for findings in pair]
    parts = []
    numbers = []
    for side, kind in enumerate((FIRST, SECOND)):
        lone = np.setdiff1d(np.arange(len(places[side])), matching.pairs[:, side])
        own = tables[side]["score"].to_numpy(float)[lone]
        other = _candidate_scores(pair[1 - side], overlay, places[side][lone], steps, radius)
        one, two = (own, other) if side == 0 else (other, own)
        # A fibre of the wrong contrast, for example.
        sure = other >= pair[1 - side].provenance.settings["threshold"]
        words = [left_out(names[side], names[1 - side]) if one else alone(names[side]) for one in sure]
        parts.append(
            _rows(overlay.columns, names, places[side][lone], kind, words, one, two, overlay.diameter_px)
        )
        numbers.append(len(lone))
    differ = np.zeros(len(matching.pairs), bool)
    if all("view" in table for table in tables):
        views = [table["view"].to_numpy()[matching.pairs[:, i]] for i, table in enumerate(tables)]
        differ = (views[0] != views[1]) & (views[0] >= 0) & (views[1] >= 0)
        words = [f"view{a:02d} / view{b:02d}" for a, b in zip(*(v[differ] for v in views), strict=True)]
        name = "view_probability" if all("view_probability" in t for t in tables) else "score"
        one, two = (t[name].to_numpy(float)[matching.pairs[differ, i]] for i, t in enumerate(tables))
        where = places[0][matching.pairs[differ, 0]]
        parts.append(_rows(overlay.columns, names, where, OTHER, words, one, two, overlay.diameter_px))
    style = style_for(overlay.label)
    many = style.in_slices if style.in_slices and len(overlay.columns) > 2 else style.many
    agreed = len(matching.pairs) - int(differ.sum())
    counts.append(Count(many, agreed, numbers[0], numbers[1], int(differ.sum())))
    return pd.concat(parts, ignore_index=True)


def _candidate_scores(
    findings: Findings,
    overlay: PointsOverlay,
    places: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    radius: float,
) -> npt.NDArray[np.float64]:
    """Return the score of the nearest candidate that does not count, NaN where there is none."""
    scores = np.full(len(places), np.nan)
    candidates, columns = findings.candidates, list(overlay.columns)
    if not {*columns, "score"} <= set(candidates):
        return scores
    counted = pd.MultiIndex.from_frame(findings.tables[overlay.table][columns])
    candidates = candidates[~pd.MultiIndex.from_frame(candidates[columns]).isin(counted)]
    if not len(places) or not len(candidates):
        return scores
    from scipy.spatial import cKDTree

    tree = cKDTree(candidates[columns].to_numpy(float) * steps)
    distance, nearest = tree.query(places * steps, distance_upper_bound=radius)
    near = np.isfinite(distance)
    scores[near] = candidates["score"].to_numpy(float)[nearest[near]]
    return scores


def _tiles(
    pair: tuple[Findings, Findings],
    overlay: TilesOverlay,
    names: tuple[str, str],
    columns: tuple[str, ...],
    counts: list[Count],
) -> pd.DataFrame:
    flags = [tile_flags(findings, overlay)[0] for findings in pair]
    grids = [grid_of(findings, overlay) for findings in pair]
    arrays = [np.asarray(grid.array, float) for grid in grids]
    scale, translate = np.asarray(grids[0].scale), np.asarray(grids[0].translate)
    parts, numbers = [], []
    for side, kind in enumerate((FIRST, SECOND)):
        index = np.argwhere(flags[side] & ~flags[1 - side])
        scores = [array[tuple(index.T)] for array in arrays]
        where = index * scale + translate
        words = [alone(names[side])] * len(index)
        parts.append(_rows(columns, names, where, kind, words, scores[0], scores[1], float(scale[-1])))
        numbers.append(len(index))
    both = int((flags[0] & flags[1]).sum())
    counts.append(Count(style_for(overlay.label).tiles, both, numbers[0], numbers[1]))
    return pd.concat(parts, ignore_index=True)


def _frames(
    pair: tuple[Findings, Findings], names: tuple[str, str], columns: tuple[str, ...], counts: list[Count]
) -> pd.DataFrame:
    tables = [findings.table.set_index("frame") for findings in pair]
    frames = tables[0].index.intersection(tables[1].index)
    words = [_frame_text(table.loc[frames]) for table in tables]
    differ = words[0] != words[1]
    name = "score" if "score" in tables[0] else "probability"
    scores = [table.loc[frames, name].to_numpy(float)[differ] for table in tables]
    height, width = pair[0].provenance.source.shape[-2:]
    where = np.tile([(height - 1) / 2, (width - 1) / 2], (int(differ.sum()), 1))
    if len(columns) > 2:
        where = np.column_stack([frames.to_numpy(float)[differ], where])
    said = [f"{a} / {b}" for a, b in zip(words[0][differ], words[1][differ], strict=True)]
    counts.append(Count("frames", int((~differ).sum()), other=int(differ.sum())))
    return _rows(columns, names, where, OTHER, said, scores[0], scores[1], min(height, width) * FRAME_SHARE)


def _frame_text(table: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return what each frame is called: its label, or that it is unknown, or whether it is a hit."""
    if "label" not in table:
        return np.where(table["hit"].to_numpy(bool), "hit", "no hit").astype(object)
    unknown = table["unknown"].to_numpy(bool) if "unknown" in table else np.zeros(len(table), bool)
    return np.where(unknown, UNKNOWN, table["label"].to_numpy(object)).astype(object)


def _rows(
    columns: tuple[str, ...],
    names: tuple[str, str],
    where: npt.NDArray[np.float64],
    kind: Kind,
    words: list[str],
    first: npt.NDArray[Any],
    second: npt.NDArray[Any],
    size: float,
) -> pd.DataFrame:
    table = pd.DataFrame(np.asarray(where, float).reshape(-1, len(columns)), columns=list(columns))
    table[KIND] = np.full(len(table), kind, object)
    table[WHAT] = np.array(words, object)
    for name, scores in zip(score_columns(names), (first, second), strict=True):
        table[name] = np.asarray(scores, float)
    table["size"] = float(size)
    return table
