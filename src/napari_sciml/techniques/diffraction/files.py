"""The files of a run over frames: tables, peak lists, record and picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_sciml.core.findings import Findings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.frames import read_frame
from napari_sciml.techniques.diffraction.tables import SPOTS

SHOWN_PERCENT = (1.0, 99.99)


def make_writer(source: ImageSource) -> Callable[[Findings, Path], list[Path]]:
    """Give the function that writes the findings of this source into a folder."""

    def write(findings: Findings, folder: Path) -> list[Path]:
        from napari_sciml.io.peaks import write_cxi, write_event_list, write_peak_table
        from napari_sciml.io.record import write_record
        from napari_sciml.io.tables import write_csv, write_points_csv

        frames, spots = findings.table, findings.tables[SPOTS]
        where = source.path or source.name
        return [
            write_csv(frames, folder / "findings.csv"),
            write_points_csv(spots, findings.overlays[0].columns, folder / "points.csv"),
            write_peak_table(spots, folder / "peaks.csv"),
            write_cxi(
                spots, findings.provenance.units_total, folder / "peaks.cxi", frames["hit"].to_numpy(), where
            ),
            write_event_list(frames, folder / "hits.lst", where, single=source.ndim == 2),
            write_record(findings.provenance, folder / "run.json"),
            write_overlay(findings, source, folder / "overlay.png"),
        ]

    return write


def write_overlay(findings: Findings, source: ImageSource, path: Path) -> Path:
    """Draw the frame with the most Bragg tiles, its tiles outlined and its spots circled, dark on light."""
    from napari_sciml.io.picture_tiles import save_tiles_overlay

    table, record = findings.table, findings.provenance
    number = int(table["frame"].to_numpy()[table["bragg_tiles"].to_numpy().argmax()]) if len(table) else 0
    threshold = float(record.settings["threshold"])
    overlay = findings.tiles[0]
    scores = np.asarray(findings.maps[overlay.map][number])
    spots = findings.tables[SPOTS]
    here = spots.loc[spots["frame"] == number, ["y", "x"]].to_numpy(float)
    row = table[table["frame"] == number]
    verdict = "hit" if len(row) and bool(row["hit"].iloc[0]) else "miss"
    hits, least = int(table["hit"].sum()), record.settings["min_tiles"]
    return save_tiles_overlay(
        read_frame(source, number),
        scores >= max(threshold, np.finfo(np.float32).tiny),
        here,
        path,
        tile_px=round(findings.maps[overlay.map].scale[-1]),
        percent=SHOWN_PERCENT,
        title=f"Frame {number}: {verdict}, {int((scores >= threshold).sum())} tiles with Bragg spots",
        caption=[
            f"{source.name} · model {record.model} · threshold {threshold:g} · at least {least} tiles",
            f"{hits} hits in {record.units_done} of {record.units_total} {record.what}",
        ],
    )
