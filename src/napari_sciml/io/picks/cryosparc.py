"""Locations of particles in cryoSPARC's ``.cs`` files, which are numpy's tables of named columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import unreadable
from napari_sciml.io.picks.tables import RawPicks, numbers, records

X, Y = "location/center_x_frac", "location/center_y_frac"
NAME, SHAPE, PIXEL = "location/micrograph_path", "location/micrograph_shape", "location/micrograph_psize_A"
SCORES = ("pick_stats/ncc_score",)
USED = {X, Y, NAME, SHAPE, PIXEL, *SCORES}
OTHER_FORM = b"\x94CSDAT"
"""First bytes of the packed form that cryosparc-tools writes too."""
DIRECTION = (
    "cryoSPARC does not say from which side y counts; it was taken from the first row of the file of the "
    "micrograph, and programs disagree: where the picks lie upside down, flip y"
)


def read_cs(path: Path) -> RawPicks:
    """Read centres, which a ``.cs`` file has as fractions of the micrograph's edges.

    Raises
    ------
    SciMLError
        If it is no such file, or one without locations.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(len(OTHER_FORM)) == OTHER_FORM:
                raise SciMLError(f"{path} is a packed cryoSPARC file", "save it as a numpy table (format 1)")
        table = np.load(path, allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, EOFError) as error:
        raise SciMLError(f"{path} is not a .cs file of cryoSPARC ({error})", "export it again") from error
    fields = getattr(table, "dtype", np.dtype(float)).names or ()
    if missing := [name for name in (X, Y) if name not in fields]:
        raise SciMLError(
            f"{path} has no {' and no '.join(missing)}",
            "choose the file of picked or extracted particles, or the passthrough file beside it",
        )
    x, y = (numbers(pd.Series(table[name]), name, path) for name in (X, Y))
    sizes = np.asarray(table[SHAPE], float) if SHAPE in fields else np.ones((len(table), 2))
    # Zeros mean that the size is not known, as no size does.
    sizes = np.where((sizes > 0).all(axis=1, keepdims=True), sizes, 1.0)
    names = [_name(name) for name in table[NAME]] if NAME in fields else []
    score = next((numbers(pd.Series(table[n]), n, path, missing=True) for n in SCORES if n in fields), None)
    unused = [name for name in fields if name not in USED]
    notes = [DIRECTION]
    if unused:
        notes.append(
            f"{len(unused)} columns of {path.name} were not used: {', '.join(unused[:3])}"
            + (", ..." if len(unused) > 3 else "")
        )
    return RawPicks(
        x * sizes[:, 1],
        y * sizes[:, 0],
        np.full(len(table), np.nan) if score is None else score,
        names if any(names) else None,
        optics=_optics(table) if PIXEL in fields else [],
        sizes=sizes,
        notes=tuple(notes),
    )


def _name(name: object) -> str:
    return name.decode("utf-8", errors="replace") if isinstance(name, bytes) else str(name)


def _optics(table: np.ndarray) -> list[dict[str, object]]:
    """Return the pixel size as a row of RELION's optics table, if there is one for all."""
    sizes = np.unique(np.asarray(table[PIXEL], float))
    if len(sizes) != 1 or not sizes[0] > 0:
        return []
    size = float(f"{sizes[0]:.7g}")
    row = {"rlnOpticsGroup": 1, "rlnOpticsGroupName": "opticsGroup1", "rlnMicrographPixelSize": size}
    return records(pd.DataFrame([row]))
