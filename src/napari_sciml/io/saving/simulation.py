"""Simulated data with known truth as a set of files: ``simulation.json`` says what was asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from napari_sciml.io.saving.file_sets import Draft, new_set

SIMULATION = ("simulation.json", "simulation-data")
"""The pointer, and the folder for the sets."""
FORMERLY = (
    *("simulation.json", "volume.tif", "truth.csv", "images.tif", "spots.csv", "map.mrc"),
    *("frames.h5", "truth_frames.csv", "truth_spots.csv", "micrographs/*.mrc", "micrographs_ctf.star"),
)
LONG_S = 7 * 24 * 3600.0
"""A simulation may take days, and earlier versions wrote its files one by one meanwhile."""


@contextmanager
def new_simulation(folder: str | os.PathLike[str], record: dict[str, object]) -> Iterator[Draft]:
    """Yield a draft for simulated data, which takes the place of what was simulated into `folder` before.

    A simulation that is stopped leaves the folder as it was.

    Parameters
    ----------
    folder
        Made if absent.
    record
        What was asked for, as JSON has it.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    pointer, data = SIMULATION
    with new_set(folder, pointer, data, FORMERLY, span_s=LONG_S) as draft:
        draft.record = record
        yield draft
