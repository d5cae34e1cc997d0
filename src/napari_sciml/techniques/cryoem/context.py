"""What a run over micrographs keeps beside candidates and settings."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from napari_sciml.core.context import Context
from napari_sciml.techniques.cryoem.pick_scale import PickScale


@dataclass(frozen=True, eq=False)
class CryoEMContext(Context):
    """Facts of one run.

    Attributes
    ----------
    diameter_px
        Longest diameter of a particle in pixels of the micrograph.
    pixel_size_A
        Edge of a pixel, or None if nobody said.
    views, fsc
        The table of views after sorting, and the curves of the 3-D map; None where there are none.
    map_name, method
        Whose projections named the views, and how.
    view_notes, view_cautions
        What else was to say of the views, and what the network could not do as it was asked to.
    kept, cautions
        Views that went into the 3-D map, and what to doubt in it.
    said
        Notes and problems of the record that tell of views and map.
    """

    diameter_px: float
    pixel_size_A: float | None
    views: pd.DataFrame | None = None
    fsc: pd.DataFrame | None = None
    map_name: str = ""
    method: str = ""
    view_notes: tuple[str, ...] = ()
    view_cautions: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    cautions: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def scale(self) -> PickScale:
        """All lengths of the run."""
        return PickScale(self.diameter_px, self.pixel_size_A)
