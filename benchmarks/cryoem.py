"""Cryo-EM: picking in a 4096 x 4096 micrograph, naming views, projecting a map; each against another way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np

from benchmarks.memory import private_bytes
from benchmarks.timing import in_turns, ratio

EDGE_PX = 4096
DIAMETER_PX = 108.0
PARTICLES = 64
PROJECTIONS = 84


def measure(rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Return the tables ``picking``, ``views`` and ``projecting``."""
    return {"picking": picking(), "views": views(rounds), "projecting": projecting(rounds)}


def picking() -> list[dict[str, Any]]:
    """Time a run over one micrograph, each way in a process of its own that has everything loaded."""
    rows = []
    for way, settings in (
        ("network", {"picker": "network"}),
        ("Laplacian of Gaussian, with the network's mask", {"picker": "log"}),
        ("Laplacian of Gaussian alone", {"picker": "log", "mask_junk": False}),
    ):
        command = [sys.executable, "-m", "benchmarks.cryoem", json.dumps(settings)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"way": way, **json.loads(done.stdout)})
    return rows


def child(settings: dict[str, Any]) -> dict[str, float]:
    """Run on a simulated micrograph; give seconds, seconds of processor, and the largest memory."""
    from napari_sciml import api
    from napari_sciml.core.source import ImageSource

    rng = np.random.default_rng(0)
    small = rng.normal(120, 20, (EDGE_PX // 8, EDGE_PX // 8))
    image = np.kron(small, np.ones((8, 8))).clip(0, 255).astype(np.uint8)
    given = {"particle_diameter_px": DIAMETER_PX, "contrast": "dark", **settings}
    # The libraries' own memory is not the micrograph's: everything is loaded by a small run first.
    api.run("cryoem", image[:512, :512], **given)
    before = private_bytes()
    peak = [before]
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(0.002):
            peak.append(private_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, processor = time.perf_counter(), time.process_time()
    try:
        found = api.run("cryoem", ImageSource.from_array(image), **given)
    finally:
        spent, cpu = time.perf_counter() - begun, time.process_time() - processor
        finished.set()
        watcher.join()
    return {
        "seconds": spent,
        "cpu_seconds": cpu,
        "peak_mb_above_program": (max(peak) - before) / 1e6,
        "process_mb": max(peak) / 1e6,
        "candidates": len(found.candidates),
    }


def views(rounds: int) -> list[dict[str, Any]]:
    """Time naming the views of particles: the network against full correlation, on the same particles."""
    import pandas as pd

    from napari_sciml.core.progress import drive
    from napari_sciml.networks.registry import get_model
    from napari_sciml.techniques.cryoem.density.density_map import built_in_map
    from napari_sciml.techniques.cryoem.orientation.classify import classify_views
    from napari_sciml.techniques.cryoem.orientation.correlate import correlate_views
    from napari_sciml.techniques.cryoem.results import Particles

    particle = built_in_map()
    images = np.random.default_rng(0).standard_normal((PARTICLES, 64, 64)).astype(np.float32)
    table = pd.DataFrame({"frame": 0, "y": 0.0, "x": 0.0, "score": 1.0}, index=range(PARTICLES))
    particles = Particles(images, table, particle.pixel_size_A)
    model = get_model("cryoem-orientation-realistic")
    seconds = in_turns(
        {
            "network": lambda: drive(classify_views(particles, model)),
            "correlation, all angles and shifts": lambda: drive(correlate_views(particles, particle)),
        },
        rounds,
    )
    slow = seconds["correlation, all angles and shifts"]
    return [
        {"way": name, "particles_per_s": PARTICLES / min(spent), "times_faster": ratio(slow, spent)}
        for name, spent in seconds.items()
    ]


def projecting(rounds: int) -> list[dict[str, Any]]:
    """Time projections of a 64-voxel map: slices of its transform against turning it in real space."""
    from napari_sciml.techniques.cryoem.density.density_map import built_in_map
    from napari_sciml.techniques.cryoem.simulate.project import project
    from napari_sciml.techniques.cryoem.views.directions import view_angles

    particle = built_in_map()
    angles = np.c_[view_angles(), np.zeros(PROJECTIONS)]
    seconds = in_turns(
        {
            "slices of the transform (torch-fourier-slice)": lambda: project(particle, angles),
            "turned in real space (scipy, linear)": lambda: [
                turned(particle.density, row) for row in angles[:: PROJECTIONS // 6]
            ],
        },
        rounds,
    )
    counts = dict(zip(seconds, (PROJECTIONS, len(angles[:: PROJECTIONS // 6])), strict=True))
    each = {name: [value / counts[name] for value in spent] for name, spent in seconds.items()}
    slow = each["turned in real space (scipy, linear)"]
    return [
        {"way": name, "projections_per_s": 1 / min(spent), "times_faster": ratio(slow, spent)}
        for name, spent in each.items()
    ]


def turned(density: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turn a map by linear interpolation and sum it along z."""
    from scipy.ndimage import affine_transform

    from napari_sciml.techniques.cryoem.views.directions import rotation_matrices

    # Rows of the matrix are x, y, z of the image in the map; the arrays count z, y, x.
    matrix = rotation_matrices(angles)[0].T[::-1, ::-1]
    middle = np.full(3, density.shape[0] // 2)
    return np.asarray(affine_transform(density, matrix, middle - matrix @ middle, order=1).sum(axis=0))


if __name__ == "__main__":
    print(json.dumps(child(json.loads(sys.argv[1]))))
