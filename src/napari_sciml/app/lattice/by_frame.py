"""Lattices, probabilities and spots of every frame: what the page Lattice shows. Pure and instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.app.base.text import percent
from napari_sciml.core.findings import Findings

PREFIX = "p_"
"""Begins the columns of the classes in the main table."""
UNKNOWN = "unknown"
FAILED = "failed"


@dataclass(frozen=True)
class Bars:
    """What the bars show about one frame.

    Attributes
    ----------
    names, values
        Classes, and the probability of each; NaN for a frame that failed.
    threshold
        Lowest probability that gives the frame its name.
    named
        Whether the most probable class is the answer.
    """

    names: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    threshold: float = 0.0
    named: bool = False


def classes_of(frames: pd.DataFrame) -> tuple[str, ...]:
    """Name the classes that a main table has columns for, in their order."""
    names = [str(name) for name in frames]
    return tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))


def answers(frames: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the answer for each frame ``(n,)``: a class, ``unknown`` or ``failed``."""
    named = frames["label"].to_numpy(dtype=object)
    or_unknown = np.where(frames["unknown"].to_numpy(bool), UNKNOWN, named)
    return np.where(frames["probability"].isna().to_numpy(), FAILED, or_unknown)


def lattice_table(findings: Findings) -> pd.DataFrame:
    """Return one row for each frame.

    Returns
    -------
    DataFrame
        ``frame``, ``lattice`` (a class, ``unknown`` or ``failed``), ``probability`` of the best class,
        ``spacing_nm`` (NaN where no spots were fitted), ``spots`` (for example ``7/9``, found and predicted)
        and ``agreement`` (the share of them, to sort by).
    """
    frames = findings.table
    explained = findings.tables["explained"].set_index("frame").reindex(frames["frame"])
    counts = explained[["found", "predicted"]].to_numpy(float)
    return pd.DataFrame(
        {
            "frame": frames["frame"].to_numpy(),
            "lattice": answers(frames),
            "probability": frames["probability"].to_numpy(float),
            "spacing_nm": explained["spacing_nm"].to_numpy(float),
            "spots": [
                "–" if np.isnan(predicted) else f"{found:.0f}/{predicted:.0f}" for found, predicted in counts
            ],
            "agreement": np.divide(
                counts[:, 0], counts[:, 1], out=np.full(len(counts), np.nan), where=counts[:, 1] > 0
            ),
        }
    )


def bars(findings: Findings, frame: int | None) -> Bars:
    """Return the probabilities of one frame; no bars for a frame that was not looked at."""
    frames = findings.table
    rows = np.flatnonzero(frames["frame"].to_numpy() == frame)
    if not len(rows):
        return Bars()
    row = frames.iloc[int(rows[0])]
    names = classes_of(frames)
    return Bars(
        names,
        tuple(float(row[PREFIX + name]) for name in names),
        float(findings.provenance.settings["threshold"]),
        not bool(row["unknown"]),
    )


def rows_of(findings: Findings) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the rows of the strip and the row of each frame ``(n,)``: classes, then unknown, then failed."""
    names = (*classes_of(findings.table), UNKNOWN)
    said = answers(findings.table)
    if (said == FAILED).any():
        names = (*names, FAILED)
    number = {name: row for row, name in enumerate(names)}
    return names, np.array([number[name] for name in said], np.int64)


def caption(findings: Findings, frame: int) -> str:
    """Return what a frame shows in a few words, for the canvas: ``HCP 97 %``; nothing where nobody looked."""
    frames = findings.table
    rows = np.flatnonzero(frames["frame"].to_numpy() == frame)
    if not len(rows):
        return ""
    row = frames.iloc[int(rows[0])]
    if np.isnan(row["probability"]):
        return "no answer: the frame could not be used"
    share = f"{row['label']} {percent(float(row['probability']))}"
    if not row["unknown"]:
        return share
    if row["probability"] >= float(findings.provenance.settings["threshold"]):
        return "unknown: unlike all seven lattices"
    return f"unknown ({share})"


def features_in(findings: Findings, frame: int | None) -> pd.DataFrame | None:
    """Return what was found in one frame besides its lattice; None if the run did not explore."""
    if "features" not in findings.tables:
        return None
    found = findings.tables["features"]
    return found[found["frame"] == frame].reset_index(drop=True)
