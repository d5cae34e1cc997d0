"""The window, the command line and Python find the same fibres in the same file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from napari.components import ViewerModel

import napari_sciml as sciml
from napari_sciml.app.base.worker import Finished, Task
from napari_sciml.app.run.controller import RunController
from napari_sciml.core.progress import drive
from napari_sciml.io import open_image
from napari_sciml.io.saving.volumes import write_volume
from napari_sciml.layers.keys import SAMPLE_KEY


def start_here(task: Task) -> None:
    """Do the window's work at once instead of in a thread."""
    task.on_end(Finished(drive(task.work, task.on_step)))


def test_window_command_and_python_give_the_same_fibres(
    cli: Any, shipped_model: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    path = write_volume(
        rng.integers(0, 255, (3, 52, 60), dtype=np.uint8), tmp_path / "v.tif", pixel_size_um=0.65
    )
    viewer = ViewerModel()
    # As the sample does it: pixels in memory that know their file.
    pixels = np.asarray(open_image(path).data)
    image = viewer.add_image(pixels, name="v", metadata={SAMPLE_KEY: {"path": str(path)}})
    runs = RunController(viewer, start=start_here)
    runs.choose_image(image)
    runs.change_values({"fiber_diameter_px": 12.0})
    runs.set_threshold(0.45)
    runs.run()
    seen = viewer.layers[-1]
    assert len(seen.data) > 10

    words = shlex.split(runs.command_text())
    assert words[:3] == ["napari-sciml", "run", "microct"]
    words[words.index("--out") + 1] = str(tmp_path / "out")
    assert cli(*words[1:]).status == 0
    written = pd.read_csv(tmp_path / "out" / "findings.csv")

    python = sciml.run("microct", path, fiber_diameter_px=12.0, threshold=0.45).table
    pd.testing.assert_frame_equal(written, python, check_dtype=False, check_exact=True)
    np.testing.assert_array_equal(seen.data, python[["z", "y", "x"]])
    np.testing.assert_allclose(seen.features["score"].astype(float), python["score"], rtol=1e-6)
