"""What a simulated run is, and the ranges that training draws from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.techniques.diffraction.simulate.crystals import FORMS
from napari_sciml.techniques.diffraction.simulate.detectors import FAMILIES, KINDS, Family


class RunSpec(BaseModel):
    """One run: a crystal form, a detector at a distance, and how often what happens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: int = Field(200, ge=1, le=100_000, description="Number of frames.")
    size_px: int = Field(1920, ge=256, le=4096, description="Edge of a frame in pixels.")
    crystal: str = Field("photosystem-ii", description=f"Crystal form: {', '.join(FORMS)}.")
    detector: Literal["rayonix", "pilatus", "eiger", "jungfrau", "cspad"] = Field(
        "rayonix", description="Family of the detector."
    )
    pixel_mm: float = Field(0.1770833, gt=0, description="Edge of a pixel in millimetres.")
    distance_mm: float = Field(123.5, gt=10, description="From the crystal to the detector, millimetres.")
    wavelength_A: float = Field(1.300, gt=0.1, description="Wavelength in Angstrom.")
    hit_share: float = Field(0.1, ge=0, le=1, description="Share of frames in which a crystal is hit.")
    artefact_share: float = Field(
        0.25, ge=0, le=1, description="Share of frames with ice, salt and the like."
    )
    bad_share: float = Field(0.04, ge=0, le=1, description="Share of dark, half-read or over-bright frames.")
    multiple_share: float = Field(0.12, ge=0, le=1, description="Share of hits with two crystals.")
    strength: float = Field(
        25.0, gt=0, description="Typical signal over noise of a mean reflection at low resolution."
    )
    level: float | None = Field(
        None, gt=0, description="Photons in a pixel of the water ring; drawn if empty."
    )
    mosaicity: float = Field(8e-4, ge=0, description="Rms mosaic spread, radians.")
    bandwidth: float = Field(1.3e-3, ge=0, description="Rms relative bandwidth.")
    b_factor_A2: float = Field(50.0, ge=0, description="Fall-off of the intensities with resolution.")
    hot_pixels: int = Field(60, ge=0, description="Number of hot and warm pixels, about.")


def random_spec(
    rng: np.random.Generator,
    frames: int,
    families: Sequence[Family],
    forms: Sequence[str],
    size_px: int = 1920,
) -> RunSpec:
    """Draw a run for training or testing; half of its frames are hits."""
    family = families[int(rng.integers(len(families)))]
    pixel = float(rng.choice(KINDS[family].pixels_mm))
    return RunSpec(
        frames=frames,
        size_px=size_px,
        crystal=forms[int(rng.integers(len(forms)))],
        detector=family,
        pixel_mm=pixel,
        # The edge of the frame lies between about 1.6 and 6 Angstrom.
        distance_mm=float(np.clip(rng.uniform(0.65, 2.4) * pixel * 960, 60, 500)),
        wavelength_A=float(rng.uniform(0.95, 1.6)),
        hit_share=0.55,
        artefact_share=0.55,
        bad_share=0.05,
        strength=float(np.exp(rng.uniform(np.log(4), np.log(40)))),
        mosaicity=float(np.exp(rng.uniform(np.log(1e-4), np.log(2e-3)))),
        bandwidth=float(rng.choice([1e-4, 1.3e-3, 1.3e-3])),
        b_factor_A2=float(rng.uniform(30, 80)),
        hot_pixels=int(rng.integers(0, 250)),
        multiple_share=0.12,
        level=None,
    )


__all__ = ["FAMILIES", "RunSpec", "random_spec"]
