"""Write a simulated run as files: frames in HDF5, truth as tables."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.core.progress import Progress
from napari_sciml.io.saving.simulation import new_simulation
from napari_sciml.io.saving.tables import write_csv
from napari_sciml.techniques.diffraction.simulate.artefacts import ARTEFACTS
from napari_sciml.techniques.diffraction.simulate.run import SimulatedRun
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec

DATA = "/entry/data"


def store_run(spec: RunSpec, seed: int, folder: Path) -> Generator[Progress, None, list[Path]]:
    """Make a run frame by frame and write it; returns the files.

    ``frames.h5`` holds the frames (``/entry/data``) and the truth of every tile (``/truth/tiles``, and the
    bits of ``/truth/artefacts``); ``truth_frames.csv`` and ``truth_spots.csv`` say the rest.
    """
    record: dict[str, object] = {
        "technique": "diffraction",
        "seed": seed,
        "spec": spec.model_dump(mode="json"),
    }
    with new_simulation(folder, record) as draft:
        files = yield from write_run(SimulatedRun(spec, seed), draft.publish)
    return [*map(draft.placed, files), draft.saved.pointer]


def write_run(run: SimulatedRun, folder: Path) -> Generator[Progress, None, list[Path]]:
    """Make a run frame by frame and write its frames and tables; returns the files."""
    import h5py

    spec, frames, spots = run.spec, [], []
    with h5py.File(folder / "frames.h5", "w") as file:
        data = file.create_dataset(
            DATA,
            run.shape,
            np.int32,
            chunks=(1, *run.shape[1:]),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
        data.attrs["wavelength_A"] = spec.wavelength_A
        data.attrs["distance_mm"] = spec.distance_mm
        data.attrs["pixel_mm"] = spec.pixel_mm
        data.attrs["beam_center_px"] = run.geometry.center
        grid = run.frame(0).tiles.shape
        tiles = file.create_dataset("/truth/tiles", (len(run), *grid), np.int8)
        artefacts = file.create_dataset("/truth/artefacts", (len(run), *grid), np.uint16)
        artefacts.attrs["bits"] = list(ARTEFACTS)
        for number in range(len(run)):
            frame = run.frame(number)
            data[number], tiles[number], artefacts[number] = frame.image, frame.tiles, frame.artefacts
            frames.append((number, frame.truth, frame.kind, frame.counted))
            spots.append(frame.spots.assign(frame=number))
            yield Progress(number + 1, len(run), "frames")
    truth = pd.DataFrame(frames, columns=["frame", "truth", "kind", "bragg_tiles"])
    every = pd.concat(spots, ignore_index=True)
    return [
        folder / "frames.h5",
        write_csv(truth, folder / "truth_frames.csv"),
        write_csv(
            every[["frame", *(name for name in every.columns if name != "frame")]], folder / "truth_spots.csv"
        ),
    ]
