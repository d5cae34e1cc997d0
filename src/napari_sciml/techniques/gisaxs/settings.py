"""What a person can tell the lattice classifier."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from napari_sciml.core.mask_setting import MaskSetting
from napari_sciml.core.settings import RunSettings


def two_numbers(value: Any) -> Any:
    """Take two numbers, also as text ``-1,1`` as a command line gives it."""
    if isinstance(value, str):
        value = tuple(float(part) for part in value.replace(",", " ").split())
    if value is not None and (len(value) != 2 or not value[0] < value[1]):
        raise ValueError("give two numbers, the smaller one first")
    return value


def two_ends(value: Any) -> Any:
    """Take two numbers in either order: the larger one first where rows count from the bottom."""
    if isinstance(value, str):
        value = tuple(float(part) for part in value.replace(",", " ").split())
    if value is not None and (len(value) != 2 or value[0] == value[1]):
        raise ValueError("give two numbers that differ")
    return value


QRange = Annotated[tuple[float, float] | None, BeforeValidator(two_numbers)]
QEnds = Annotated[tuple[float, float] | None, BeforeValidator(two_ends)]


class GisaxsSettings(RunSettings):
    """Settings of a run over GISAXS images.

    An image that is in q already needs its ranges; a detector's image needs a PONI file, or energy,
    distance, pixel, beam centre and incidence angle, and takes the ranges as the part to look at.
    """

    qy_range: QRange = Field(
        None,
        description="q_y of first and last column in 1/nm; for a detector image, the part to look at.",
    )
    qz_range: QEnds = Field(
        None,
        description="q_z of last and first row in 1/nm, falling if row 0 is the lowest; "
        "for a detector image, the part to look at.",
    )
    half_plane: bool = Field(False, description="Only q_y >= 0 is shown, q_y = 0 at the left edge.")
    intensity: Literal["linear", "log"] = Field(
        "linear", description="Grey scale of the image: counts or intensity, or already their logarithm."
    )
    poni: str | None = Field(
        None, description="Geometry file of pyFAI (PONI) for a detector image that is not in q yet."
    )
    # What is far off is refused by `axes.input_checks`, which can say which unit it looks like.
    energy_kev: float | None = Field(None, gt=0, description="X-ray energy in keV.")
    incidence_deg: float | None = Field(None, gt=0, description="Angle between beam and surface in degrees.")
    distance_mm: float | None = Field(None, gt=0, description="Distance from sample to detector in mm.")
    pixel_um: float | None = Field(None, gt=0, description="Edge of a detector pixel in um.")
    beam_row: float | None = Field(None, description="Row of the direct beam, in pixels from the top.")
    beam_column: float | None = Field(None, description="Column of the direct beam, in pixels from the left.")
    mask: MaskSetting = Field(
        None,
        description="Pixels to ignore: an image file of the frames' size, not zero where to ignore; "
        "'none' ignores no more than what the detector marks itself.",
    )
    explore: bool = Field(
        False, description="Also list peaks, rings, arcs and lines of every image, with place and width in q."
    )
