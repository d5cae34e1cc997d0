"""What a person can tell the fibre finder, and what follows from it for a given image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource

RING_DIAMETER_PX = 13.5
"""Outer diameter of a fibre with its dark ring in the images the networks were trained on."""


class MicroCTSettings(RunSettings):
    """Settings of a fibre run."""

    fiber_diameter_px: float | None = Field(
        None,
        ge=2.0,
        le=400.0,
        description="Outer diameter of a fibre with its dark ring, in pixels. The image is rescaled by it; "
        "too small a value finds fragments, too large a value merges neighbours. Empty means 13.5.",
    )
    fiber_diameter_um: float | None = Field(
        None, gt=0.0, description="The same diameter in micrometres; needs a pixel size."
    )
    pixel_size_nm: float | None = Field(
        None, gt=0.0, description="Edge of a pixel in nanometres, if the file does not say or is wrong."
    )
    axis: int = Field(
        0, ge=0, le=2, description="Spatial axis along which the fibres run; slices are cut across it."
    )
    fiber_contrast: Literal["auto", "any", "bright", "dark"] = Field(
        "auto",
        description="Keep fibres whose core is brighter than their rim, darker, or any. Auto follows the "
        "clear majority in the image, which removes the gaps between packed fibres.",
    )
    min_distance_px: float | None = Field(
        None,
        gt=0.0,
        description="Two fibres are never closer than this, in pixels. Empty means 0.6 fibre diameters.",
    )


def recorded_diameter_px(settings: Mapping[str, Any], source: ImageSource) -> float:
    """Return the outer diameter of a fibre in pixels, as the recorded settings of a run say it."""
    if settings.get("fiber_diameter_px"):
        return float(settings["fiber_diameter_px"])
    if settings.get("fiber_diameter_um") and source.pixel_size is not None:
        return float(settings["fiber_diameter_um"]) / source.pixel_size[-1]
    return RING_DIAMETER_PX
