"""The files of a run over GISAXS images: tables, record and picture."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.core.findings import Findings
from napari_sciml.core.frames import raw_frame
from napari_sciml.techniques.gisaxs.decide import EXPLAINED, FEATURES, PROBABILITIES, SPOTS
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.prepare import Reader
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings


def write(findings: Findings, folder: Path) -> list[Path]:
    """Write the tables and, as long as the images are there, ``overlay.png``."""
    from napari_sciml.io.saving.tables import write_csv, write_points_csv

    spots = findings.tables[SPOTS]
    written = [
        write_csv(findings.table, folder / "findings.csv"),
        write_points_csv(spots, findings.overlays[0].columns, folder / "points.csv"),
        write_csv(findings.tables[EXPLAINED], folder / "explained.csv"),
    ]
    if FEATURES in findings.tables:
        written.append(write_csv(findings.tables[FEATURES], folder / "features.csv"))
    if findings.table["probability"].notna().any() and not findings.source.absent:
        written.append(write_picture(findings, folder / "overlay.png"))
    return written


def shown_frame(frames: pd.DataFrame) -> pd.Series:
    """Choose the frame for the picture: the surest known one, else the surest of all."""
    usable = frames[frames["probability"].notna()]
    known = usable[~usable["unknown"]]
    best = known if len(known) else usable
    # Among sure ones the one whose spots are seen best.
    worth = best["probability"].to_numpy() * (0.5 + best["agreement"].fillna(0).to_numpy())
    row: pd.Series = best.iloc[int(worth.argmax())]
    return row


def write_picture(findings: Findings, path: Path) -> Path:
    """Draw the surest frame in q with its predicted spots and the chances of all classes."""
    from napari_sciml.figures.lattice import save_lattice_picture

    source, settings = findings.source, findings.settings
    assert isinstance(settings, GisaxsSettings)
    reader = Reader.of(source, settings)
    row = shown_frame(findings.table)
    number = int(row["frame"])
    image, _ = reader.look(raw_frame(source, number))
    spots = findings.tables[SPOTS]
    here = spots[spots["frame"] == number]
    explained = findings.tables[EXPLAINED]
    why = explained[explained["frame"] == number]
    relative = reader.axes.relative
    unit = "relative" if relative else "1/nm"
    parts = ["unknown" if row["unknown"] else f"{row['label']}, probability {row['probability']:.0%}"]
    if len(why) and not row["unknown"]:
        distance = float(why["spacing_nm"].iloc[0])
        parts.append(
            f"{'' if relative else f'nearest neighbours {distance:.3g} nm, '}"
            f"{int(here['found'].sum())} of {len(here)} predicted spots found"
        )
    record = findings.provenance
    return save_lattice_picture(
        image.values,
        image.qy,
        image.qz,
        [
            (float(y), float(z), bool(found))
            for y, z, found in zip(here["q_y"], here["q_z"], here["found"], strict=True)
        ],
        {
            name: float(np.nan_to_num(row[column]))
            for name, column in zip(CLASSES, PROBABILITIES, strict=True)
        },
        path,
        title=f"Frame {number}: {'; '.join(parts)}",
        caption=[
            f"{source.name} · model {record.model} · threshold {settings.threshold:g}",
            *textwrap.wrap("; ".join(reader.notes), 150)[:2],
        ],
        unit=unit,
    )
