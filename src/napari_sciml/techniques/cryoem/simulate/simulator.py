"""What ``simulate cryoem`` calls."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec
from napari_sciml.techniques.simulate_and_train import Simulated


class MicrographSimulator:
    """Simulate cryo-EM micrographs of one particle: images, true picks and views, CTFs, the map."""

    settings_type: ClassVar[type[MicrographSpec]] = MicrographSpec

    def simulate(self, spec: MicrographSpec, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write the micrographs, and beside them what is true of them."""
        from napari_sciml.techniques.cryoem.simulate.micrograph import particle_of
        from napari_sciml.techniques.cryoem.simulate.store import IMAGES, store_micrographs

        # Before any work: a map that cannot be used is told at once.
        particle = particle_of(spec.map, spec.map_pixel_size_A, spec.pixel_size_A)
        files = yield from store_micrographs(spec, seed, folder)
        return Simulated(
            files[spec.micrographs :],
            f"Simulated {spec.micrographs} micrographs of {spec.size_px} x {spec.size_px} px.",
            f"Pick with: napari-sciml run cryoem {folder / IMAGES} "
            f"--particle-diameter-A {particle.diameter_A:.0f} --out DIR",
        )
