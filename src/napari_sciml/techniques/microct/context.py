"""What a fibre run keeps beside candidates and settings."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.context import Context


@dataclass(frozen=True, eq=False)
class MicroCTContext(Context):
    """Facts of one run.

    Attributes
    ----------
    diameter_px
        Diameter of a fibre in pixels of the image.
    """

    diameter_px: float
