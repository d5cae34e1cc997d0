"""`RunGeometry`: what a fibre run will do with a given image, decided before a pixel is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.formats.units import micrometres
from napari_sciml.networks.receptive_window import WINDOW_PX
from napari_sciml.techniques.microct.settings import RING_DIAMETER_PX, MicroCTSettings
from napari_sciml.techniques.microct.slices import Slicing, cut_slices

SAME_SCALE = 0.02
"""Rescaling by less than this share is left out; the network was trained on a wider spread."""
MIN_DISTANCE_DIAMETERS = 0.6
"""Least distance of two centres in fibre diameters: fibres that touch are one apart."""
COARSE_DIAMETER_PX = 6.0
"""Below this a dark ring is under a pixel wide; the person is told."""


@dataclass(frozen=True)
class RunGeometry:
    """A fibre run in numbers.

    Attributes
    ----------
    slices
        How the image is cut.
    diameter_px
        Diameter of a fibre along rows and columns of a plane, in pixels of the image.
    shape
        Rows and columns of a plane after rescaling.
    min_distance
        Least distance of two fibres in pixels after rescaling.
    """

    slicing: Slicing
    diameter_px: tuple[float, float]
    shape: tuple[int, int]
    min_distance: float

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels after rescaling for each pixel of the image, along rows and columns; exact."""
        rows, columns = self.slicing.shape
        return self.shape[0] / rows, self.shape[1] / columns

    @property
    def mean_diameter_px(self) -> float:
        """One diameter for both directions, in pixels of the image."""
        return math.sqrt(self.diameter_px[0] * self.diameter_px[1])

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts worth showing."""
        notes = [f"a fibre is taken to be {self.mean_diameter_px:.3g} px across"]
        if self.shape != self.slicing.shape:
            rows, columns = self.shape
            notes.append(
                f"slices are rescaled by {math.sqrt(math.prod(self.scale)):.3g} to {rows} x {columns} px, "
                f"so that a fibre is {RING_DIAMETER_PX:g} px across"
            )
        if min(self.diameter_px) < COARSE_DIAMETER_PX:
            notes.append("fibres this small hardly show their dark ring; look at the result with care")
        return tuple(notes)


def resolve(source: ImageSource, settings: MicroCTSettings) -> RunGeometry:
    """Decide how `source` is cut and rescaled. Reads no pixels.

    Raises
    ------
    SciMLError
        If image and settings do not fit together.
    """
    slicing = cut_slices(source, settings.axis)
    diameter = diameters(source, settings, slicing)
    scale = [RING_DIAMETER_PX / edge for edge in diameter]
    if all(abs(factor - 1) < SAME_SCALE for factor in scale):
        scale = [1.0, 1.0]
    rows, columns = (max(1, round(n * s)) for n, s in zip(slicing.shape, scale, strict=True))
    if min(rows, columns) < WINDOW_PX:
        raise SciMLError(
            f"The slices of {source.name} are {slicing.shape[0]} x {slicing.shape[1]} px, "
            f"hardly larger than one fibre of {max(diameter):.3g} px",
            "give a smaller fibre diameter, another axis or a larger image",
        )
    if settings.min_distance_px is None:
        distance = MIN_DISTANCE_DIAMETERS * RING_DIAMETER_PX
    else:
        distance = settings.min_distance_px * math.sqrt(scale[0] * scale[1])
    return RunGeometry(slicing, diameter, (rows, columns), distance)


def diameters(source: ImageSource, settings: MicroCTSettings, slicing: Slicing) -> tuple[float, float]:
    """Return the diameter of a fibre in pixels along rows and columns of a plane."""
    if settings.fiber_diameter_um is None:
        diameter = settings.fiber_diameter_px or RING_DIAMETER_PX
        return diameter, diameter
    if settings.fiber_diameter_px is not None:
        raise SciMLError(
            "The fibre diameter is given twice, in pixels and in micrometres", "give one of the two"
        )
    if settings.pixel_size_nm is not None:
        edges: list[float | None] = [settings.pixel_size_nm / 1000] * 2
    elif source.pixel_size is not None:
        edges = [micrometres(source.pixel_size[axis], source.unit) for axis in slicing.plane_axes]
    else:
        edges = [None, None]
    if edges[0] is None or edges[1] is None:
        raise SciMLError(
            f"The fibre diameter is in micrometres, but {source.name} does not say how large a pixel is",
            "set the pixel size, or give the diameter in pixels",
        )
    return settings.fiber_diameter_um / edges[0], settings.fiber_diameter_um / edges[1]
