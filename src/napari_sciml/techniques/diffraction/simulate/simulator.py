"""What ``simulate diffraction`` calls."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec
from napari_sciml.techniques.simulate_and_train import Simulated


class RunSimulator:
    """Simulate a run of serial crystallography: frames, true tiles and spots, and what was asked for."""

    settings_type: ClassVar[type[RunSpec]] = RunSpec

    def simulate(self, spec: RunSpec, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write the frames and the tables of their truth."""
        from napari_sciml.techniques.diffraction.simulate.store import store_run

        files = yield from store_run(spec, seed, folder)
        return Simulated(files, f"Simulated {spec.frames} frames of {spec.size_px} x {spec.size_px} px.")
