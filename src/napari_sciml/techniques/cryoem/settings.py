"""What a person can tell the particle picker and the sorting into views."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_sciml.core.settings import RunSettings


class CryoEMSettings(RunSettings):
    """Settings of a run over micrographs."""

    particle_diameter_px: float | None = Field(
        None, gt=0, le=5000, description="Longest diameter of a particle in pixels of the micrograph."
    )
    particle_diameter_A: float | None = Field(
        None, gt=0, le=10000, description="The same in Angstrom; needs the pixel size."
    )
    pixel_size_A: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Edge of a pixel in Angstrom, where the file does not say or is wrong.",
    )
    picker: Literal["network", "log"] = Field(
        "network",
        description="The trained network, or the Laplacian of Gaussian: it finds blobs without training.",
    )
    contrast: Literal["auto", "dark", "light"] = Field(
        "auto", description="Whether particles are darker or lighter than the ice around them."
    )
    mask_junk: bool = Field(True, description="Leave out carbon, dead borders and contaminants.")
    views: Literal["none", "network", "correlation"] = Field(
        "none",
        description="Sort the picked particles into 84 views, average them and build a first 3-D map: by the "
        "trained network, or by correlation with projections of the map, which needs no training.",
    )
    both_sides: bool = Field(
        True,
        description="Particles may be seen from the opposite side too, where they show the mirror image. "
        "Turn it off only for data that are known to show one half of the sphere.",
    )
    map: str | None = Field(
        None,
        description="The density map (MRC) whose projections name the views, for correlation; empty takes "
        "the map of the orientation model.",
    )
    orientation_model: str | None = Field(
        None, description="Name or folder of the model that sorts into views; empty takes the shipped one."
    )
    map_pixel_size_A: float | None = Field(
        None, gt=0, le=100, description="Edge of the map's voxels in Angstrom, where its file does not say."
    )
    truth: str | None = Field(
        None,
        description="The true map (MRC) of simulated particles, or built-in, to compare the 3-D map with.",
    )
    ctf: str | None = Field(
        None, description="A STAR file with the defocus of each micrograph; empty corrects no CTF."
    )
