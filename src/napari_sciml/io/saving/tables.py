"""Tables as CSV, plain and in napari's form for Points layers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.paths import unreadable
from napari_sciml.io.saving.atomic import replacing


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a table without its index; numbers keep every digit they need to be read back the same."""
    with replacing(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")
    return Path(path)


def write_points_csv(
    table: pd.DataFrame, columns: Sequence[str], path: str | os.PathLike[str], *, drop: Sequence[str] = ()
) -> Path:
    """Write points so that napari opens them as a Points layer.

    Parameters
    ----------
    table
        One row for each point.
    columns
        Columns that give the position, in the order of the image's axes; written as ``axis-0, axis-1, ...``.
    path
        Where to write.
    drop
        Columns that are neither position nor feature, for example a constant ``z`` of a 2-D image.
    """
    points = pd.DataFrame({"index": np.arange(len(table))})
    for axis, column in enumerate(columns):
        points[f"axis-{axis}"] = table[column].to_numpy(dtype=float)
    for name in table.columns:
        if name not in columns and name not in drop:
            points[str(name)] = table[name].to_numpy()
    return write_csv(points, path)


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table that `write_csv` wrote.

    Raises
    ------
    SciMLError
        If the file is absent or no table.
    """
    file = Path(path)
    try:
        return pd.read_csv(file)
    except OSError as error:
        raise unreadable(file, error) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise SciMLError(f"{file} could not be read as a table ({error})", "choose a CSV file") from error


def read_points_csv(path: str | os.PathLike[str]) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Read points in napari's form.

    Returns
    -------
    points, features
        Positions of shape (n, axes), and the remaining columns of the same n rows.

    Raises
    ------
    SciMLError
        If the file is absent or not in that form.
    """
    file = Path(path)
    hint = "choose a CSV file with the columns index, axis-0, axis-1"
    try:
        table = pd.read_csv(file)
    except OSError as error:
        raise unreadable(file, error) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise SciMLError(f"{file} could not be read as a table ({error})", hint) from error
    axes = [f"axis-{n}" for n in range(len(table.columns)) if f"axis-{n}" in table.columns]
    if len(axes) < 2 or axes != [f"axis-{n}" for n in range(len(axes))]:
        raise SciMLError(f"{file} is not a table of points", hint)
    if not all(pd.api.types.is_numeric_dtype(table[axis]) for axis in axes):
        raise SciMLError(f"{file} has positions that are not numbers", "correct or remove these rows")
    features = table.drop(columns=[*axes, "index"], errors="ignore")
    return table[axes].to_numpy(dtype=np.float64), features
