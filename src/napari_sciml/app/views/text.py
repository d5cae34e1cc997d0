"""What the page Views says, as pure functions of views and maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.app.views.state import MapChoice
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.views.directions import MIRROR_PAIR

FEW_SHARE = 0.2
"""Half of the particles in fewer than this share of the views is a preferred orientation. With particles seen
evenly from everywhere half of them need about 40 % of the views."""
ENOUGH_PARTICLES = 100
"""With fewer the counts say nothing about orientations."""

ORDERS = ("count", "view", "correlation")
"""By what the averages can be ordered: most particles first, number of the view, likest to the map first."""


def whose_projections(choice: MapChoice, method: str, map_name: str) -> str:
    """Return whose projections name the views, and what that means for another protein."""
    how = "a network that was trained on them" if method == "network" else "correlation with them, untrained"
    if choice.kind == "built-in":
        return (
            f"The views are named by projections of the built-in sample map, through {how}. "
            "They mean nothing for another protein: choose a map of yours."
        )
    said = f"The views are named by projections of {map_name}, through {how}."
    if choice.kind == "map" and method == "network" and not choice.model:
        return (
            f"The shipped model does not apply to {map_name}: train one for this map (some minutes), "
            "or take correlation."
        )
    return said


def map_title(choice: MapChoice) -> str:
    """Call a map by the name of its file or folder."""
    return "the built-in sample map" if choice.kind == "built-in" else Path(choice.path).name


def views_line(result: ViewsResult) -> str:
    """Return how the particles fell, for example ``412 particles in 61 of 84 views, 12 are none of them``."""
    counts = result.views["count"].to_numpy()
    outside = int((result.table["view"].to_numpy() == NO_VIEW).sum())
    line = f"{int(counts.sum())} particles in {int((counts > 0).sum())} of {len(counts)} views"
    return f"{line}, {outside} {'is' if outside == 1 else 'are'} none of them"


def preferred(result: ViewsResult) -> str:
    """Warn where the particles are seen from few sides only, else say nothing."""
    counts = np.sort(result.views["count"].to_numpy())[::-1]
    total = int(counts.sum())
    if total < ENOUGH_PARTICLES:
        return ""
    half = int(np.searchsorted(np.cumsum(counts), total / 2) + 1)
    if half > FEW_SHARE * len(counts):
        return ""
    return (
        f"Preferred orientation: half of the particles lie in {half} of {len(counts)} views. "
        "A map from them is smeared along the directions that are missing."
    )


def view_line(result: ViewsResult, view: int) -> str:
    """Describe one view, for example ``View 12: tilt 30°, rot 48°, 34 particles (8.3 %)``."""
    row = result.views.iloc[view]
    count = int(row["count"])
    head = f"View {view}: tilt {row['tilt_deg']:.0f}°, rot {row['rot_deg']:.0f}°"
    return f"{head}, {count} particle{'' if count == 1 else 's'} ({share_text(float(row['share']))})"


def likeness_line(result: ViewsResult, view: int) -> str:
    """Return how alike the average of a view and its reference are, and which view it is easily taken for."""
    likeness = float(result.views.iloc[view]["correlation"])
    parts = [] if np.isnan(likeness) else [f"Average and reference correlate by {likeness:.2f}."]
    mirror = int(result.table.loc[result.table["view"] == view, "mirrored"].sum())
    if mirror:
        parts.append(
            f"{mirror} of its particles {'is' if mirror == 1 else 'are'} seen from the opposite side."
        )
    if view in MIRROR_PAIR:
        other = next(one for one in MIRROR_PAIR if one != view)
        parts.append(f"View {other} is its mirror image: the same axis from the other end.")
    return " ".join(parts)


def share_text(share: float) -> str:
    """Write a share of all particles.

    Examples
    --------
    >>> share_text(0.0834), share_text(0.0), share_text(0.0001)
    ('8.3 %', '0 %', '< 0.1 %')
    """
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share else "0 %"


def ordered(views: pd.DataFrame, by: str) -> list[int]:
    """Return the views that hold particles, in one of the `ORDERS`."""
    filled = views[views["count"] > 0]
    if by == "view":
        return [int(view) for view in filled["view"]]
    values = filled[by].to_numpy(float)
    # A view whose likeness is unknown comes last; equal ones stay in the order of views.
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    return [int(view) for view in filled["view"].to_numpy()[order]]


def resolution_line(made: Reconstruction) -> str:
    """Return how fine the map is, and by which measure."""
    parts = []
    for name, words in (
        ("half_sets", "{} between half sets (FSC 0.143)"),
        ("truth", "{} against the true map (FSC 0.5)"),
    ):
        value = made.resolution_A.get(name, float("nan"))
        if not np.isnan(value):
            parts.append(words.format(f"{value:.0f} Å"))
    if not parts:
        return "No resolution: the curves never fall below their thresholds, or were not measured."
    return f"{'; '.join(parts)}."


def controls_line(made: Reconstruction) -> str:
    """Return what the curves of the controls are for."""
    measured = [name for name in ("noise", "phase_randomised") if made.fsc[name].notna().any()]
    if not measured:
        return "No control was run: one set of references sorted both halves, so they agree in part by that."
    return (
        "One set of references sorts both halves, so they agree in part by that alone: the controls show how "
        "much. Trust the map only where its curve lies clearly above theirs."
    )


def missing_line(kept: Sequence[int], result: ViewsResult) -> str:
    """Return how many views go into the map."""
    counts = result.views["count"].to_numpy()
    used = [view for view in kept if counts[view] > 0]
    particles = int(sum(counts[view] for view in used))
    return f"{len(used)} views with {particles} particles go into the map."
