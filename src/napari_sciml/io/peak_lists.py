"""Peak lists that crystallographers' programs read: CXI, event lists and tables.

Positions are array indices: an integer is the centre of a pixel, x is the column and y the row. CrystFEL
counts from a pixel's corner and adds the half pixel itself, unless it is told ``--no-half-pixel-shift``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.io.saving.atomic import replacing, write_text
from napari_sciml.io.saving.tables import write_csv

RESULT = "/entry_1/result_1"
HIT, MISS, LEFT_OUT = 1, 0, -1
"""What `hit` says about a frame; the last one: it could not be used, or was not looked at."""
CXI_COLUMNS = {
    "peakXPosRaw": "x",
    "peakYPosRaw": "y",
    "peakTotalIntensity": "intensity",
    "peakMaximumValue": "maximum",
    "peakNPixels": "pixels",
    "peakSNR": "snr",
}
"""Name in the file -> column of the table of spots."""
PEAK_COLUMNS = {
    "event_id": "frame",
    "num_peaks": "num_peaks",
    "fs": "x",
    "ss": "y",
    "intensity": "intensity",
    "num_pixels": "pixels",
    "max_pixel_intensity": "maximum",
    "snr": "snr",
}


def write_cxi(
    spots: pd.DataFrame,
    frames: int,
    path: str | os.PathLike[str],
    hits: npt.NDArray[np.int8],
    data_path: str,
) -> Path:
    """Write peaks in the layout that Cheetah and CrystFEL share, one row for each frame of the data.

    Parameters
    ----------
    spots
        Columns ``frame, x, y, intensity, maximum, pixels, snr``.
    frames
        Frames of the data, so that a row's number is the frame's.
    hits
        `HIT`, `MISS` or `LEFT_OUT` for each frame of the data.
    data_path
        Where the frames are: ``file::/part`` if they are one dataset of an HDF5 file, which is then linked,
        not copied.
    """
    import h5py

    counts = np.bincount(spots["frame"].to_numpy(np.int64), minlength=frames)[:frames]
    order = spots.sort_values(["frame", "snr"], ascending=[True, False], kind="stable")
    numbers = order["frame"].to_numpy(np.int64)
    place = np.arange(len(order)) - np.searchsorted(numbers, numbers)
    widest = max(1, int(counts.max(initial=0)))
    file_name, _, part = data_path.partition("::")
    with replacing(path) as draft, h5py.File(draft, "w") as file:
        file["cxi_version"] = 150
        result = file.create_group(RESULT)
        result["nPeaks"] = counts.astype(np.int32)
        for name, column in CXI_COLUMNS.items():
            values = np.zeros((frames, widest), np.float32)
            values[numbers, place] = order[column].to_numpy(np.float32)
            result[name] = values
        result["hit"] = np.asarray(hits, np.int8)
        if part:
            file["/entry_1/data_1/data"] = h5py.ExternalLink(file_name, part)
    return Path(path)


def write_event_list(events: Iterable[str], path: str | os.PathLike[str]) -> Path:
    """Write an event list as CrystFEL reads it: ``file //number``, one for each line."""
    return write_text(path, "".join(f"{event}\n" for event in events))


def write_peak_table(spots: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write one row for each peak, with the names that online monitors use."""
    counts = spots.groupby("frame")["frame"].transform("size") if len(spots) else spots["frame"]
    table = spots.assign(num_peaks=counts)
    return write_csv(pd.DataFrame({name: table[source] for name, source in PEAK_COLUMNS.items()}), path)
