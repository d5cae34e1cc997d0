"""Small inputs and the tables that every technique gave for them: what the program answers must not move.

``python tests/frozen/freeze.py inputs`` cuts the inputs out of the samples, ``... tables`` writes the tables
of today. Both are run when an answer is meant to change, and then only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import napari_sciml as sciml
from napari_sciml.core.findings import Findings
from napari_sciml.core.source import ImageSource

HERE = Path(__file__).parent
BACKENDS = {
    "float32": {"runtime": "torch"},
    "codebook": {"runtime": "torch"},
    "int8": {"runtime": "onnxruntime"},
}
"""Each with a fixed runtime: the fastest one of a machine is not that of another."""
SETTINGS: dict[str, dict[str, Any]] = {
    "cryoem": {"particle_diameter_A": 200.0},
    "diffraction": {"min_tiles": 2},
    "gisaxs": {"qy_range": (-0.8, 0.8), "qz_range": (0.0, 0.8), "explore": True},
    "microct": {"fiber_diameter_px": 13.5},
}
CUTS = {
    "cryoem": (slice(0, 2), slice(0, 512), slice(0, 512)),
    "diffraction": (slice(7, 17, 9), slice(704, 1216), slice(704, 1216)),
    "gisaxs": (slice(1, 22, 6), slice(None), slice(None)),
    "microct": (slice(0, 2), slice(0, 160), slice(0, 160)),
}
CANDIDATES = "candidates"


def source_of(technique: str) -> ImageSource:
    """Open the frozen input of a technique."""
    with np.load(HERE / f"{technique}.npz") as file:
        pixels, size = file["pixels"], tuple(float(edge) for edge in file["pixel_size"])
    return ImageSource.from_array(pixels, pixel_size=size or None, unit="um", name=technique)


def run(technique: str, backend: str) -> Findings:
    """Run a technique on its frozen input."""
    return sciml.run(technique, source_of(technique), backend, **BACKENDS[backend], **SETTINGS[technique])


def tables_of(found: Findings) -> dict[str, pd.DataFrame]:
    """Return all that was found, by name."""
    return {**found.tables, CANDIDATES: found.candidates}


def file_of(technique: str, backend: str, table: str) -> Path:
    """Return the file of a frozen table."""
    return HERE / technique / f"{backend}-{table}.csv"


def freeze_inputs() -> None:
    """Cut small inputs out of the samples."""
    from contextlib import closing

    from napari_sciml.techniques.registry import sample_of

    for technique, cut in CUTS.items():
        with closing(sample_of(technique).open()) as source:
            pixels = np.asarray(source.read(cut))
            if pixels.dtype.kind == "f":
                pixels = pixels.astype(np.float16).astype(np.float32)
            np.savez_compressed(
                HERE / f"{technique}.npz", pixels=pixels, pixel_size=np.array(source.pixel_size or ())
            )


def freeze_tables() -> None:
    """Write the tables of today."""
    for technique in CUTS:
        (HERE / technique).mkdir(exist_ok=True)
        for old in (HERE / technique).glob("*.csv"):
            old.unlink()
        for backend in BACKENDS:
            for name, table in tables_of(run(technique, backend)).items():
                table.to_csv(file_of(technique, backend, name), index=False, float_format="%.6g")


if __name__ == "__main__":
    {"inputs": freeze_inputs, "tables": freeze_tables}[sys.argv[1]]()
