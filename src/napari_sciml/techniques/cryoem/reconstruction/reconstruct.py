"""Build a 3-D map from class averages, and say how far it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.particles.particles import Images
from napari_sciml.techniques.cryoem.reconstruction.controls import control_curves
from napari_sciml.techniques.cryoem.reconstruction.halves import build
from napari_sciml.techniques.cryoem.reconstruction.map_warnings import map_warnings
from napari_sciml.techniques.cryoem.reconstruction.resolution import (
    HALF_SETS_LEVEL,
    TRUTH_LEVEL,
    crossing,
    shell_correlation,
    shell_resolutions,
)
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.views.averages import add_up

SAME_SCALE = 0.02
"""Relative difference of voxel sizes up to which a known map is compared with ours: a voxel across a box of
64."""
CURVES = ("half_sets", "truth", "noise", "phase_randomised")


def rebuild(
    result: ViewsResult,
    *,
    keep: Collection[int] | None = None,
    truth: DensityMap | None = None,
    controls: bool = True,
    on_map: Callable[[Images], None] | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Reconstruction]:
    """Build the 3-D map from the averages of predicted views.

    Parameters
    ----------
    keep
        Views that are used; all that have particles if None.
    truth
        The map that the particles were simulated from, in the frame of the references.
    controls
        Whether to send noise, and scrambled references, through the same sorting and averaging. Needs a
        result that knows how it was sorted.
    on_map
        Is shown the map ``(n, n, n)`` as it grows, every 12 views.

    Returns
    -------
    Reconstruction
        Stopped early, of the views so far and without controls.

    Raises
    ------
    SciMLError
        If no view that is kept has a particle, `truth` has another box, or the particles were not saved.
    """
    box, size = result.averages.shape[-1], result.pixel_size_A
    if truth is not None and (truth.box_px != box or abs(truth.pixel_size_A / size - 1) > SAME_SCALE):
        raise SciMLError(
            f"The true map has {truth.box_px} voxels of {truth.pixel_size_A:.3g} Å along an edge and the "
            f"averages {box} pixels of {size:.3g} Å",
            "bring it to the same box first",
        )
    counts = result.views["count"].to_numpy(np.int64)
    kept = tuple(v for v in range(len(counts)) if counts[v] > 0 and (keep is None or v in keep))
    if not kept:
        raise SciMLError("No view that is kept has a particle", "keep more views, or sort more particles")
    sums = yield from add_up(result.cut_out, result.table, cancel)
    halves = yield from build(sums, kept, on_map, cancel)
    edge_curve = halves.correlation
    curves = {name: np.full(box // 2, np.nan) for name in CURVES}
    curves["half_sets"] = edge_curve
    if truth is not None:
        curves["truth"] = shell_correlation(halves.compared, truth.density)
    if controls and not (cancel is not None and cancel.cancelled):
        curves |= yield from control_curves(result, kept, cancel)
    fsc = pd.DataFrame({"resolution_A": shell_resolutions(box, size), **curves})
    levels = {"half_sets": HALF_SETS_LEVEL, "truth": TRUTH_LEVEL}
    resolution = {name: crossing(curves[name], level, box, size) for name, level in levels.items()}
    return Reconstruction(
        halves.whole, size, fsc, resolution, kept, map_warnings(counts, kept, curves, box, size, controls)
    )
