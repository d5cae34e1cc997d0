"""What an evaluation leaves behind: its tables, replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from napari_sciml.io.saving.file_sets import new_set

EVALUATION = ("evaluation.json", "evaluation-data")
"""The pointer, and the folder for the sets."""
FORMERLY = ("evaluation.csv", "roc.csv", "false_hits.csv", "orientation.csv", "*-reliability.csv")


def save_evaluation(folder: Path, technique: str, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write the tables of an evaluation in place of those of an earlier one; returns where they lie.

    Parameters
    ----------
    tables
        By the names of their files; ``evaluation.csv`` has all figures.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    pointer, data = EVALUATION
    with new_set(folder, pointer, data, FORMERLY) as draft:
        for name, table in tables.items():
            draft.outer(name).write_bytes(as_csv(table))
        draft.record = {"technique": technique, "tables": list(tables)}
    return [draft.saved.outer(name) for name in tables]


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table as the content of a CSV file; numbers keep every digit."""
    return table.to_csv(index=False, lineterminator="\n").encode()
