"""Write simulated micrographs as files: images, truth, and the STAR file of their CTFs."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pandas as pd

from napari_sciml.core.progress import Progress
from napari_sciml.io.formats.mrc import write_mrc
from napari_sciml.io.saving.atomic import replacing
from napari_sciml.io.saving.simulation import new_simulation
from napari_sciml.io.saving.tables import write_csv
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.simulate.micrograph import particle_of
from napari_sciml.techniques.cryoem.simulate.run import SimulatedMicrographs
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec

IMAGES = "micrographs"


def store_micrographs(spec: MicrographSpec, seed: int, folder: Path) -> Generator[Progress, None, list[Path]]:
    """Make a set micrograph by micrograph and write it; returns the files.

    ``micrographs/*.mrc``, ``truth.csv`` (centres, views and angles of all particles),
    ``micrographs_ctf.star`` (the CTF of each), ``map.mrc`` (the particle) and ``simulation.json``.
    """
    record: dict[str, object] = {"technique": "cryoem", "seed": seed, "spec": spec.model_dump(mode="json")}
    with new_simulation(folder, record) as draft:
        files = yield from write_micrographs(spec, seed, draft.publish)
    return [*map(draft.placed, files), draft.saved.pointer]


def write_micrographs(spec: MicrographSpec, seed: int, folder: Path) -> Generator[Progress, None, list[Path]]:
    """Make a set micrograph by micrograph and write images and tables; returns the files."""
    run = SimulatedMicrographs(spec, seed)
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    truth, ctfs, files = [], [], []
    for number in range(len(run)):
        made = run.micrograph(number)
        name = f"micrograph_{number:04d}.mrc"
        write_mrc(folder / IMAGES / name, made.image, spec.pixel_size_A)
        truth.append(made.truth.assign(frame=number, micrograph=name))
        ctfs.append((f"{IMAGES}/{name}", made.ctf))
        files.append(folder / IMAGES / name)
        yield Progress(number + 1, len(run), "micrographs")
    every = pd.concat(truth, ignore_index=True)
    ahead = ["frame", "micrograph"]
    particle = particle_of(spec.map, spec.map_pixel_size_A, spec.pixel_size_A)
    write_mrc(folder / "map.mrc", particle.density, particle.pixel_size_A)
    return [
        *files,
        write_csv(every[[*ahead, *(c for c in every.columns if c not in ahead)]], folder / "truth.csv"),
        write_ctfs(ctfs, spec.pixel_size_A, folder / "micrographs_ctf.star"),
        folder / "map.mrc",
    ]


def write_ctfs(ctfs: list[tuple[str, Ctf]], pixel_size_A: float, path: Path) -> Path:
    """Write the CTFs of micrographs as RELION 3.1 does: an optics table and one row for each."""
    import starfile

    first = ctfs[0][1]
    optics = pd.DataFrame(
        {
            "rlnOpticsGroup": [1],
            "rlnOpticsGroupName": ["opticsGroup1"],
            "rlnVoltage": [first.voltage_kV],
            "rlnSphericalAberration": [first.cs_mm],
            "rlnAmplitudeContrast": [first.amplitude_contrast],
            "rlnMicrographPixelSize": [pixel_size_A],
        }
    )
    rows = pd.DataFrame(
        {
            "rlnMicrographName": [name for name, _ in ctfs],
            "rlnOpticsGroup": 1,
            "rlnDefocusU": [ctf.defocus_u_A for _, ctf in ctfs],
            "rlnDefocusV": [ctf.defocus_v_A for _, ctf in ctfs],
            "rlnDefocusAngle": [ctf.astigmatism_deg for _, ctf in ctfs],
        }
    )
    with replacing(path) as draft:
        starfile.write({"optics": optics, "micrographs": rows}, draft, overwrite=True)
    return path
