"""The tables of a fibre run, and the decision which candidates count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.techniques.microct.polarity import of_one_kind
from napari_sciml.techniques.microct.slices import Slicing

MAIN = "fibers"
SPATIAL = ("z", "y", "x")


@dataclass(frozen=True)
class PlaneFinds:
    """Candidates of one plane.

    Attributes
    ----------
    coordinates
        One array ``(n,)`` for each axis of the source.
    scores
        From 0 to 1, ``(n,)``.
    contrasts
        Core minus rim in normalised grey, ``(n,)``.
    """

    coordinates: tuple[npt.NDArray[np.float64], ...]
    scores: npt.NDArray[np.float64]
    contrasts: npt.NDArray[np.float64]


def axis_columns(slicing: Slicing) -> tuple[str, ...]:
    """Name the column for each axis of the source: the last is x, the one before y, and so on."""
    others = slicing.plane_axes if slicing.slice_axis is None else (*slicing.plane_axes, slicing.slice_axis)
    spatial = sorted(others)
    names = dict(zip(spatial, SPATIAL[-len(spatial) :], strict=True))
    if slicing.time_axis is not None:
        names[slicing.time_axis] = "t"
    return tuple(names[axis] for axis in sorted(names))


def gather(found: Sequence[PlaneFinds], slicing: Slicing) -> pd.DataFrame:
    """Join the candidates of all slices into one table ``[t,] z, y, x, score, contrast``, sorted by place."""
    names = axis_columns(slicing)
    columns = {
        name: np.concatenate([np.empty(0), *(plane.coordinates[axis] for plane in found)])
        for axis, name in enumerate(names)
    }
    columns.setdefault("z", np.zeros(len(columns["y"])))
    columns["score"] = np.concatenate([np.empty(0), *(plane.scores for plane in found)])
    columns["contrast"] = np.concatenate([np.empty(0), *(plane.contrasts for plane in found)])
    place = ["t", *SPATIAL] if "t" in names else list(SPATIAL)
    table = pd.DataFrame(columns)[[*place, "score", "contrast"]]
    if "t" in names:
        table["t"] = table["t"].astype(np.int64)
    return table.sort_values(place, ignore_index=True)


def decide(candidates: pd.DataFrame, threshold: float, contrast: str = "auto") -> dict[str, pd.DataFrame]:
    """Return the fibres among the candidates: of the right contrast and with at least this score.

    A threshold of 0 asks for every candidate; then only a contrast that was asked for is looked at.
    """
    if threshold == 0 and contrast == "auto":
        contrast = "any"
    chosen = of_one_kind(candidates, contrast) & (candidates["score"].to_numpy() >= threshold)
    return {MAIN: candidates[chosen].drop(columns="contrast").reset_index(drop=True)}
