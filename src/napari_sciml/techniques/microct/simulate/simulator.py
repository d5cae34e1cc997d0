"""What ``simulate microct`` calls."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec
from napari_sciml.techniques.work import Simulated


class PhantomSimulator:
    """Simulate a tomogram of a ceramic-matrix composite: volume, true centres and specimen."""

    settings_type: ClassVar[type[PhantomSpec]] = PhantomSpec

    def simulate(self, spec: PhantomSpec, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write ``volume.tif``, ``truth.csv`` and ``simulation.json``."""
        from napari_sciml.io.atomic import write_text
        from napari_sciml.io.tables import write_csv
        from napari_sciml.io.volumes import write_volume
        from napari_sciml.techniques.microct.simulate.phantom import simulate

        phantom = yield from simulate(spec, seed)
        record = {"technique": "microct", "seed": seed, "spec": spec.model_dump(mode="json")}
        files = [
            write_volume(phantom.volume, folder / "volume.tif", pixel_size_um=phantom.pixel_size_um),
            write_csv(phantom.truth, folder / "truth.csv"),
            write_text(folder / "simulation.json", json.dumps(record, indent=2) + "\n"),
        ]
        shape = " x ".join(str(n) for n in phantom.volume.shape)
        return Simulated(files, f"Simulated {shape} voxels with {phantom.truth['fiber'].nunique()} fibres.")
