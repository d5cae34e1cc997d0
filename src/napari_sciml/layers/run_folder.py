"""Whether a folder is a saved run. Reads its record and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

from napari_sciml.layers.keys import RECORD_NAME

NEEDED = {"technique", "model", "source", "settings"}
"""A record of a run says these; other programs write a ``run.json`` too."""


def is_run_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder with the record of a run in it."""
    try:
        record = json.loads((Path(path) / RECORD_NAME).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and set(record) >= NEEDED
