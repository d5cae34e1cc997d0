"""What the formats of volumes share: pixels that lie flat in a file, millimetres by custom, directions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

LETTERS = ("x", "y", "z", "t")
"""Axes of these formats, the one along which neighbours lie beside each other first."""


def mapped(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int = 0) -> npt.NDArray[Any]:
    """Map pixels that lie flat in a file; none of them is read.

    Raises
    ------
    SciMLError
        If the file is absent or too short.
    """
    if not path.is_file():
        raise SciMLError(f"The pixels should be in {path}, which is not there", "put it beside its header")
    needed = offset + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    size = path.stat().st_size
    if size < needed:
        raise SciMLError(f"{path} is truncated: {size} bytes are there, {needed} are needed", "copy it again")
    return np.memmap(path, dtype, mode="r", offset=offset, shape=shape)


def by_custom(name: str) -> str:
    """Return the caution that a length without a unit was taken for millimetres."""
    return f"{name} states no unit of its pixel size, which is taken in mm as its format has by custom"


def turned(directions: Any, name: str) -> tuple[str, ...]:
    """Return a caution if the axes of a volume are mirrored or turned in its space.

    Parameters
    ----------
    directions
        One row for each axis of the file.
    name
        What to call the file.
    """
    rows = np.nan_to_num(np.asarray(directions, dtype=float))
    straight = bool((np.diag(rows) > 0).all()) and np.allclose(rows, np.diag(np.diag(rows)), atol=1e-6)
    if straight:
        return ()
    return (f"{name} is mirrored or turned in its own space; its pixels are taken as they are stored",)


def named_axes(ndim: int) -> Sequence[str]:
    """Return the letters of a volume's axes, slowest first."""
    return LETTERS[:ndim][::-1] if ndim <= len(LETTERS) else ["?"] * ndim
