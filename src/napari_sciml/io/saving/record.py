"""`run.json`: the run record as a file, and back."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import ValidationError

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import Provenance
from napari_sciml.io.paths import unreadable
from napari_sciml.io.saving.atomic import write_text


def write_record(provenance: Provenance, path: str | os.PathLike[str]) -> Path:
    """Write the record as JSON; ``partial`` is written out for those who read it by eye."""
    content = {**provenance.model_dump(mode="json"), "partial": provenance.partial}
    return write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_record(path: str | os.PathLike[str]) -> Provenance:
    """Read a record back.

    Raises
    ------
    SciMLError
        If the file is absent, is no JSON, or is no run record.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise unreadable(file, error) from error
    except UnicodeDecodeError as error:
        raise SciMLError(f"{file} is not a run record", "choose a run.json file") from error
    try:
        return Provenance.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SciMLError(
            f"{file} is not a run record ({where}: {first['msg'].lower()})", "choose a run.json file"
        ) from error
