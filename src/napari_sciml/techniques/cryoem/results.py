"""What comes out of sorting picked particles into views, and out of the 3-D map made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles

if TYPE_CHECKING:
    from napari_sciml.techniques.cryoem.views.sorter import Sorter


@dataclass(frozen=True, eq=False)
class ViewsResult:
    """Particles sorted into the 84 views, and the average of each view.

    Attributes
    ----------
    particles
        What was sorted; None for views of a saved run, which holds no images of particles.
    table
        One row for each particle, in the order of `particles.table` and with its columns, and
        ``view`` (0 to 83, or -1 for none of them), ``view_probability``, ``psi_deg`` (in-plane angle),
        ``shift_y, shift_x`` (pixels of the box: where the particle's centre lies off the box's),
        ``mirrored`` (seen from the opposite side: angle and shift are those of the mirror image),
        ``half`` (0 or 1: the random half of the data that it belongs to).
    views
        One row for each view: ``view, rot_deg, tilt_deg, count, share`` and ``correlation`` of its average
        with the projection of the reference map.
    averages
        ``(84, box, box)``: the mean of the aligned particles of each view, zeros where there are none.
    references
        ``(84, box, box)``: the projections of the reference map.
    pixel_size_A
        Edge of a pixel of both.
    map_name
        Whose projections named the views.
    method
        ``network`` or ``correlation``.
    notes
        Facts worth showing, for example how many particles are none of the 84.
    sorter
        How it was sorted, so that controls can go the same way; None if nobody knows.
    cautions
        What the network could not do as the settings ask.
    """

    particles: Particles | None
    table: pd.DataFrame
    views: pd.DataFrame
    averages: Images
    references: Images
    pixel_size_A: float
    map_name: str
    method: str
    notes: tuple[str, ...] = ()
    sorter: Sorter | None = field(default=None, repr=False)
    cautions: tuple[str, ...] = ()

    @property
    def cut_out(self) -> Particles:
        """The images of the particles.

        Raises
        ------
        SciMLError
            If they were not saved.
        """
        if self.particles is None:
            raise SciMLError("A saved run holds no images of its particles", "sort them again first")
        return self.particles


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A 3-D map from class averages.

    Attributes
    ----------
    volume
        ``(n, n, n)`` indexed z, y, x.
    pixel_size_A
        Edge of a voxel.
    fsc
        One row for each shell: ``resolution_A, half_sets, truth, noise, phase_randomised``; a column that
        was not measured is NaN. `noise` and `phase_randomised` are half-set curves of the same pipeline on
        images without a particle, and with references whose phases were scrambled: what the half-set curve
        would show if nothing were there.
    resolution_A
        Where `half_sets` falls below 0.143, `truth` below 0.5: ``{"half_sets": ..., "truth": ...}``; NaN
        where unknown.
    cautions
        What to doubt: views without particles, directions that are missing, a control as good as the map.
    kept
        The views that went into it.
    """

    volume: Images
    pixel_size_A: float
    fsc: pd.DataFrame
    resolution_A: dict[str, float]
    kept: tuple[int, ...]
    cautions: tuple[str, ...] = ()
