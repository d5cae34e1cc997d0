"""Sort picked particles into the 84 views of a map, turn them back, and average each view."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Images, Particles
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.techniques.cryoem.views.averages import ViewSums, add_up, average_images, likeness
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.sorter import Method, Sorter

if TYPE_CHECKING:
    from napari_sciml.core.settings import RunSettings
    from napari_sciml.networks.model import Model

SAME_SCALE = 0.02
"""Particles and map may differ by this share in the size of a pixel."""


def sort_into_views(
    particles: Particles,
    particle_map: DensityMap,
    *,
    method: Method,
    model: Model | None = None,
    both_sides: bool = True,
    seed: int = 0,
    settings: RunSettings | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, ViewsResult]:
    """Name the view of each particle and average each view.

    Parameters
    ----------
    particle_map
        Whose projections name the views, in the box and at the pixel size of the particles (`fit_box`).
    method
        By a trained network, or by correlation with the projections, which needs no training.
    model
        The orientation model, for ``network``.
    both_sides
        Whether particles may be seen from the opposite side, as in ice they are.
    seed
        Decides which half of the data a particle belongs to.
    settings
        What computes the network's scores; None takes its float32 weights.

    Raises
    ------
    SciMLError
        If there are no particles, or their boxes and the map's do not fit.
    """
    check_fit(particles, particle_map)
    sorter = Sorter.of(particle_map, method, model, both_sides, settings)
    table = yield from sorter.sort(particles, cancel=cancel)
    table = table.assign(half=random_halves(table["view"].to_numpy(), seed))
    sums = yield from add_up(particles, table, cancel)
    averages = average_images(sums)
    return ViewsResult(
        particles=particles,
        table=table,
        views=view_table(sums, averages, sorter.references),
        averages=averages,
        references=sorter.references,
        pixel_size_A=particle_map.pixel_size_A,
        map_name=particle_map.name,
        method=method,
        notes=notes(table),
        cautions=sorter.cautions(),
        sorter=sorter,
    )


def check_fit(particles: Particles, particle_map: DensityMap) -> None:
    """Raise `SciMLError` unless particles can be compared with projections of the map."""
    count, box = particles.images.shape[:2]
    if not count:
        raise SciMLError("There are no particles to sort", "pick some, or lower the threshold")
    if box != particle_map.box_px:
        raise SciMLError(
            f"The particles have boxes of {box} px and the map {particle_map.name} one of "
            f"{particle_map.box_px}",
            "cut the particles out again with the map's box",
        )
    if abs(particles.pixel_size_A / particle_map.pixel_size_A - 1) > SAME_SCALE:
        raise SciMLError(
            f"The particles have pixels of {particles.pixel_size_A:.3g} Å and the map "
            f"{particle_map.name} of {particle_map.pixel_size_A:.3g} Å",
            "cut the particles out again at the map's scale",
        )


def random_halves(view: npt.NDArray[np.integer], seed: int) -> npt.NDArray[np.int64]:
    """Return each particle half 0 or 1 at random, so that every view is shared evenly."""
    rng = np.random.default_rng([8, seed])
    half = np.zeros(len(view), np.int64)
    for number in np.unique(view):
        members = rng.permutation(np.flatnonzero(view == number))
        # An odd one goes to either side.
        half[members] = (np.arange(len(members)) + rng.integers(2)) % 2
    return half


def view_table(sums: ViewSums, averages: Images, references: Images) -> pd.DataFrame:
    """Return the row of each view: angles, count, share of the particles, likeness to the reference."""
    counts = sums.counts.sum(axis=0)
    angles = view_angles()
    return pd.DataFrame(
        {
            "view": np.arange(len(angles)),
            "rot_deg": angles[:, 0],
            "tilt_deg": angles[:, 1],
            "count": counts,
            "share": counts / max(int(counts.sum()), 1),
            "correlation": likeness(averages, references, counts),
        }
    )


def notes(table: pd.DataFrame) -> tuple[str, ...]:
    """Return how many particles are none of the views."""
    left, total = int((table["view"] == NO_VIEW).sum()), len(table)
    return (f"{left} of {total} particles ({left / total:.0%}) are none of the 84 views.",)
