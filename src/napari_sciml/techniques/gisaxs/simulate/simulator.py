"""What ``simulate gisaxs`` calls."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec
from napari_sciml.techniques.simulate_and_train import Simulated


class ImagesSpec(GisaxsSpec):
    """A film, and how many images of such films."""

    images: int = Field(1, ge=1, le=100_000, description="Images of the same film.")


class FilmSimulator:
    """Simulate GISAXS images of a film of grains: images, predicted spots, and what was asked for."""

    settings_type: ClassVar[type[ImagesSpec]] = ImagesSpec

    def simulate(self, spec: ImagesSpec, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write the images and the table of their spots."""
        from napari_sciml.techniques.gisaxs.simulate.store import store_images

        film = GisaxsSpec.model_validate(spec.model_dump(exclude={"images"}))
        files = yield from store_images(film, seed, spec.images, folder)
        (left, right), (low, high) = spec.qy_range, spec.qz_range
        return Simulated(
            files,
            f"Simulated {spec.images} images of {spec.lattice}, {spec.rows} x {spec.columns} px.",
            f"Label them with: napari-sciml run gisaxs {files[0]} --qy-range {left:g} {right:g} "
            f"--qz-range {low:g} {high:g} --out DIR",
        )
