"""Peak memory of a run against the size of the volume, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.images import texture
from napari_sciml.core.progress import drive
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings

EDGE_PX = 1024
SLICES = (1, 4, 16, 64)


def measure(model: Model) -> dict[str, Any]:
    """Run on memory-mapped volumes of growing depth."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "volume.npy"
        volume = np.lib.format.open_memmap(path, "w+", np.uint8, (max(SLICES), EDGE_PX, EDGE_PX))
        volume[:] = texture(EDGE_PX, EDGE_PX)
        volume.flush()
        del volume
        rows = []
        for slices in SLICES:
            command = [sys.executable, "-m", "benchmarks.memory", str(path), str(model.folder), str(slices)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append({"slices": slices, **json.loads(done.stdout)})
    return {"edge_px": EDGE_PX, "rows": rows}


def child(path: str, folder: str, slices: int) -> dict[str, float]:
    """Run on the first slices of a volume; give the largest private memory above that before the run."""
    source = ImageSource.from_array(np.load(path, mmap_mode="r")[:slices])
    recipe, settings = MicroCT(), MicroCTSettings(model=folder)
    plan = recipe.plan(source, settings)
    # The libraries' own memory is not the volume's: load them first.
    get_model(folder).build()
    import scipy.ndimage
    import scipy.spatial

    assert scipy.ndimage
    assert scipy.spatial
    before = private_bytes()
    peak = [before]
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(0.002):
            peak.append(private_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        drive(recipe.run(source, settings))
    finally:
        finished.set()
        watcher.join()
    return {
        "volume_mb": source.nbytes / 1e6,
        "peak_mb": (max(peak) - before) / 1e6,
        "planned_mb": plan.memory_gb * 1e3,
    }


def private_bytes() -> int:
    """Memory of this process alone: pages of the mapped file belong to the system and do not count."""
    info = psutil.Process().memory_info()
    return int(info.rss - getattr(info, "shared", 0))


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
