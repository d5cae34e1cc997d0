"""What ``simulate microct`` calls."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec
from napari_sciml.techniques.simulate_and_train import Simulated


class PhantomSimulator:
    """Simulate a tomogram of a ceramic-matrix composite: volume, true centres and specimen."""

    settings_type: ClassVar[type[PhantomSpec]] = PhantomSpec

    def simulate(self, spec: PhantomSpec, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write ``volume.tif``, ``truth.csv`` and ``simulation.json``."""
        from napari_sciml.io.saving.simulation import new_simulation
        from napari_sciml.io.saving.tables import write_csv
        from napari_sciml.io.saving.volumes import write_volume
        from napari_sciml.techniques.microct.simulate.phantom import simulate

        phantom = yield from simulate(spec, seed)
        record: dict[str, object] = {"technique": "microct", "seed": seed}
        with new_simulation(folder, record | {"spec": spec.model_dump(mode="json")}) as draft:
            volume, size_um = draft.outer("volume.tif"), phantom.pixel_size_um
            files = [
                write_volume(phantom.volume, volume, pixel_size_um=size_um),
                write_csv(phantom.truth, draft.outer("truth.csv")),
            ]
        files = [*map(draft.placed, files), draft.saved.pointer]
        shape = " x ".join(str(n) for n in phantom.volume.shape)
        return Simulated(files, f"Simulated {shape} voxels with {phantom.truth['fiber'].nunique()} fibres.")
