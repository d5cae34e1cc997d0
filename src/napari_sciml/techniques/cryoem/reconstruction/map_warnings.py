"""What to doubt in a 3-D map: directions that nobody saw, and controls that look as good as the map."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.reconstruction.resolution import HALF_SETS_LEVEL, crossing
from napari_sciml.techniques.cryoem.views.directions import STEP_DEG, directions, view_angles

MISSING_SHARE = 0.02
"""Share of all directions without any view above which a map is said to lack them; a choice."""
CROWDED_VIEWS, CROWDED_SHARE = 10, 0.5
"""Preferred orientation is told where this many views hold more than this share of the particles; if all 84
are equal they hold 0.12."""
FEW = 10
"""Particles of a view below which its average is mostly noise."""
AS_GOOD = 1.25
"""A control that reaches this times the map's resolution says as much as the map."""
NAMES = {"noise": "images without a particle", "phase_randomised": "scrambled references"}


def missing_directions(kept: Collection[int]) -> float:
    """Return the share of the map's Fourier directions that no view in `kept` comes near, 0 to 1.

    A view fills the plane at right angles to it, and what lies within half a step of the views.
    """
    towards = directions(view_angles()[sorted(kept)])
    count = 2000
    height = (np.arange(count) + 0.5) / count
    turn = np.pi * (1 + np.sqrt(5)) * np.arange(count)
    flat = np.sqrt(1 - height**2)
    sphere = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)
    off_plane = np.abs(sphere @ towards.T).min(axis=1)
    return float((off_plane > np.sin(np.radians(STEP_DEG / 2))).mean())


def map_warnings(
    counts: npt.NDArray[np.integer],
    kept: Collection[int],
    curves: Mapping[str, npt.NDArray[np.float64]],
    box_px: int,
    pixel_size_A: float,
    controls: bool,
) -> tuple[str, ...]:
    """List what to doubt, one sentence each.

    Parameters
    ----------
    counts
        Particles of each view.
    curves
        Fourier shell correlations ``half_sets``, ``noise`` and ``phase_randomised``; NaN where not measured.
    controls
        Whether they were asked for.
    """
    return (
        *about_views(counts, kept),
        *about_controls(curves, box_px, pixel_size_A, controls),
    )


def about_views(counts: npt.NDArray[np.integer], kept: Collection[int]) -> list[str]:
    """Return which views are empty, thin or crowded, and what share of directions is missing."""
    said = []
    total, used = len(counts), counts[sorted(kept)]
    empty = int((counts == 0).sum())
    if empty:
        said.append(f"{empty} of {total} views have no particle.")
    left_out = total - empty - len(used)
    if left_out:
        said.append(f"{left_out} views with particles were left out.")
    thin = int((used < FEW).sum())
    if thin:
        said.append(f"{thin} of the {len(used)} views used have fewer than {FEW} particles.")
    missing = missing_directions(kept)
    if missing > MISSING_SHARE:
        said.append(f"{missing:.0%} of all directions are missing, so the map is smeared along them.")
    largest = np.sort(used)[::-1][:CROWDED_VIEWS].sum() / used.sum()
    if len(used) > CROWDED_VIEWS and largest > CROWDED_SHARE:
        said.append(f"Preferred orientation: {CROWDED_VIEWS} views hold {largest:.0%} of the particles.")
    return said


def about_controls(
    curves: Mapping[str, npt.NDArray[np.float64]], box_px: int, pixel_size_A: float, asked: bool
) -> list[str]:
    """Compare the controls with the map's own half-set curve."""
    own = crossing(curves["half_sets"], HALF_SETS_LEVEL, box_px, pixel_size_A)
    said = []
    if np.isnan(own):
        said.append("The two halves of the particles share nothing: there is no map to speak of.")
    measured = [name for name in NAMES if not np.isnan(curves[name]).any()]
    for name in measured:
        reached = crossing(curves[name], HALF_SETS_LEVEL, box_px, pixel_size_A)
        if reached <= AS_GOOD * own:
            said.append(
                f"The half-set curve proves little: {NAMES[name]} reach {reached:.0f} Å by the same way, "
                f"the particles {own:.0f} Å."
            )
    if asked and not measured:
        said.append("No controls were run, so what the half-set curve is worth is not known.")
    elif not asked:
        said.append(
            "The half-set curve was not checked by controls: one set of references sorts both halves."
        )
    return said
