"""The files of a run over frames: tables, peak lists, record and picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.findings import Findings
from napari_sciml.core.no_pixel import only_measured
from napari_sciml.techniques.diffraction.decide import SPOTS
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.techniques.diffraction.usable_frames import read_frame

SHOWN_PERCENT = (1.0, 99.99)
"""Percentiles of a frame between which the picture shows it: spots are a few pixels in ten thousand."""


def write(findings: Findings, folder: Path) -> list[Path]:
    """Write the tables, peaks and event lists and, as long as the frames are there, ``overlay.png``."""
    from napari_sciml.io.events import event_names, scattered
    from napari_sciml.io.peak_lists import write_cxi, write_event_list, write_peak_table
    from napari_sciml.io.saving.tables import write_csv, write_points_csv

    source, frames, spots = findings.source, findings.table, findings.tables[SPOTS]
    event = event_names(source)
    lost = frames.loc[frames["score"].isna(), "frame"]
    # A dataset can be linked; several files cannot.
    where = (source.path or "") if scattered(source) is None else ""
    written = [
        write_csv(written_frames(frames), folder / "findings.csv"),
        write_points_csv(spots, findings.overlays[0].columns, folder / "points.csv"),
        write_peak_table(spots, folder / "peaks.csv"),
        write_cxi(spots, findings.provenance.units_total, folder / "peaks.cxi", verdicts(findings), where),
        write_event_list(map(event, frames.loc[frames["hit"], "frame"]), folder / "hits.lst"),
    ]
    if len(lost):
        written.append(write_event_list(map(event, lost), folder / "left_out.lst"))
    if len(lost) < len(frames) and not source.absent:
        written.append(write_overlay(findings, folder / "overlay.png"))
    return written


def written_frames(frames: pd.DataFrame) -> pd.DataFrame:
    """Return the table of frames as it is written: of a frame that was left out nothing is known.

    Its cells stay empty, so that it does not look like a miss.
    """
    kinds = {"b": "boolean", "i": "Int64"}
    known = {name: kinds[kind.kind] for name, kind in frames.dtypes.items() if kind.kind in kinds}
    table = frames.astype(known)
    table.loc[table["score"].isna(), [name for name in known if name != "frame"]] = pd.NA
    return table


def verdicts(findings: Findings) -> npt.NDArray[np.int8]:
    """Return hit, miss or left out for each frame of the source, those after a stop too."""
    from napari_sciml.io.peak_lists import HIT, LEFT_OUT, MISS

    frames = findings.table
    seen = frames[frames["score"].notna()]
    result = np.full(findings.provenance.units_total, LEFT_OUT, np.int8)
    result[seen["frame"].to_numpy()] = np.where(seen["hit"], HIT, MISS)
    return result


def write_overlay(findings: Findings, path: Path) -> Path:
    """Draw the frame with the most Bragg tiles, its tiles outlined and its spots circled, dark on light."""
    from napari_sciml.figures.tiles import save_tiles_overlay

    record, source, settings = findings.provenance, findings.source, findings.settings
    assert isinstance(settings, DiffractionSettings)
    table = findings.table[findings.table["score"].notna()]
    lost = len(findings.table) - len(table)
    number = int(table["frame"].to_numpy()[table["bragg_tiles"].to_numpy().argmax()])
    threshold = settings.threshold
    overlay = findings.tiles[0]
    scores = np.asarray(findings.maps[overlay.map][number])
    spots = findings.tables[SPOTS]
    here = spots.loc[spots["frame"] == number, ["y", "x"]].to_numpy(float)
    row = table[table["frame"] == number]
    verdict = "hit" if len(row) and bool(row["hit"].iloc[0]) else "miss"
    hits, least = int(table["hit"].sum()), settings.min_tiles
    return save_tiles_overlay(
        only_measured(read_frame(source, number)),
        scores >= max(threshold, np.finfo(np.float32).tiny),
        here,
        path,
        tile_px=round(findings.maps[overlay.map].scale[-1]),
        percent=SHOWN_PERCENT,
        title=f"Frame {number}: {verdict}, {int((scores >= threshold).sum())} tiles with Bragg spots",
        caption=[
            f"{source.name} · model {record.model} · threshold {threshold:g} · at least {least} tiles",
            f"{hits} hits in {record.units_done} of {record.units_total} {record.what}"
            + (f", {lost} left out" if lost else ""),
        ],
    )
