"""``napari-sciml evaluate cryoem``: the picker and the orientation models beside their baselines."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_sciml.core.progress import Progress
from napari_sciml.networks.registry import get_model
from napari_sciml.networks.saving import update_card
from napari_sciml.training.evaluated import save_evaluation

if TYPE_CHECKING:
    import pandas as pd

    from napari_sciml.networks.card import Metric

PICKER = "cryoem-picker"
MICROGRAPHS, MAP = "micrographs", "map70s/clean70SRibosome_vol_65p.mrc"
"""Where real data lie in a folder given as `data`: pictures with tables of picks, and a map of others."""


def evaluate(
    out: Path, data: Path | None = None, models: Path | None = None
) -> Generator[Progress, None, pd.DataFrame]:
    """Measure the shipped models, or those in the folder `models`, whose cards then get the figures.

    Parameters
    ----------
    out
        Gets ``evaluation.csv``, and ``orientation.csv`` with the orientation models alone.
    data
        A folder with ``micrographs/`` (pictures beside tables of picks) or a map of another particle; either
        may be absent.
    """
    import pandas as pd

    from napari_sciml.techniques.cryoem.evaluate.orientation import evaluate_orientation
    from napari_sciml.techniques.cryoem.evaluate.picker import evaluate_picker

    pictures = data / MICROGRAPHS if data is not None and (data / MICROGRAPHS).is_dir() else data
    labelled = pictures if pictures is not None and any(pictures.glob("*.csv")) else None
    other = data / MAP if data is not None and (data / MAP).is_file() else None
    picker = get_model(models / PICKER if models is not None and (models / PICKER).is_dir() else PICKER)
    parts = [(yield from evaluate_picker(picker, labelled))]
    parts.append((yield from evaluate_orientation(models, other)))
    table = pd.concat(parts, ignore_index=True)
    save_evaluation(out, "cryoem", {"evaluation.csv": table, "orientation.csv": parts[1]})
    if models is not None:
        for name, rows in table.groupby("model"):
            if (models / str(name)).is_dir():
                update_card(models / str(name), metrics_of(rows))
    return table


def metrics_of(rows: pd.DataFrame) -> list[Metric]:
    """Turn rows of the evaluation into figures of a card."""
    from napari_sciml.networks.card import Metric

    return [
        Metric(
            name=str(row["name"]),
            value=float(row["value"]),
            low=float(row["low"] if np.isfinite(row["low"]) else row["value"]),
            high=float(row["high"] if np.isfinite(row["high"]) else row["value"]),
            n=max(1, int(row["n"])),
            split=str(row["split"]),
            baseline=None if not np.isfinite(row["baseline"]) else float(row["baseline"]),
            note=str(row["note"]),
        )
        for _, row in rows.iterrows()
    ]
